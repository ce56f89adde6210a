"""Chat channels that administrators set up, and what was changed about them, for ever."""

from hashlib import sha256

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Key, Now


class ChatChannel(Base):
    """A way to people by chat. `sealed`: its address, encrypted (`portal.chat.sealing`), for it
    holds the service's token; `scheme` and `host` are what pages show of it."""

    __tablename__ = "chat_channels"
    __table_args__ = (Index("ix_chat_channels_on", "id", postgresql_where=text("is_on")),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    scheme: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    is_on: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[Now]


Index("uq_chat_channels_name_lower", func.lower(ChatChannel.name), unique=True)


class ChatChannelChange(Base):
    """One change to a channel, which may be gone by now; a trigger refuses to alter the rows.

    `kind`: a `portal.domain.chat.ChannelChange`; `data`: before and after, never an address.
    """

    __tablename__ = "chat_channel_changes"
    __table_args__ = (Index("ix_chat_channel_changes_channel_id", "channel_id", "id"),)

    id: Mapped[Id]
    channel_id: Mapped[Key]
    kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    data: Mapped[Json]
    at: Mapped[Now]


def mark_of(name: str, sealed: bytes) -> str:
    """What tells one state of a channel from another, and nothing of its address."""
    return sha256(name.encode() + b"\0" + bytes(sealed)).hexdigest()[:16]
