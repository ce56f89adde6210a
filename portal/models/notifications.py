"""What people are told: the list inside the portal, which is also the outbox of what is sent."""

from datetime import datetime, time

from sqlalchemy import DateTime, ForeignKey, Index, Text, Time, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Now, UserKey


class Notification(Base):
    """One message for one person about one event; (user, request, event, kind) once.

    `handed_at`: when it was handed over for sending outside the portal; None until then.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("user_id", "request_id", "seq", "kind"),
        Index("ix_notifications_user_id_created_at", "user_id", "created_at", "id"),
        Index("ix_notifications_unread", "user_id", postgresql_where=text("read_at IS NULL")),
        Index("ix_notifications_outbox", "created_at", postgresql_where=text("handed_at IS NULL")),
    )

    id: Mapped[Id]
    user_id: Mapped[UserKey]
    request_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    task_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    created_at: Mapped[Now]
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    handed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class NotificationPreference(Base):
    """What a person wants to be mailed of, and when not; without a row: everything, at any time."""

    __tablename__ = "notification_preferences"

    user_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id"), primary_key=True
    )
    muted: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_until: Mapped[time | None] = mapped_column(Time)
