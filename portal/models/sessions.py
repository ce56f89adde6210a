"""Who is signed in, and how often somebody tried."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Index, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Now, Time


class UserSession(Base):
    """A browser session. `token_hash` is the SHA-256 of the cookie's random id. `confirmed_at`:
    when the person last proved who they are; `is_strong`: also by a second factor."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_user_id", "user_id"),
        Index("ix_sessions_last_seen_at", "last_seen_at"),
    )

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    user_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    data: Mapped[Json]
    ip: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
    last_seen_at: Mapped[Time]
    confirmed_at: Mapped[Now]
    is_strong: Mapped[bool] = mapped_column(server_default="false")
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SignInAttempt(Base):
    """A failed sign-in, counted by account and by address over all web processes."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index("ix_sign_in_attempts_key_at", "key", "at"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(Text)
    at: Mapped[Now]
