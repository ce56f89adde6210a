"""What people are told: the list inside the portal, which is also the outbox of what is sent."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Now, UserKey
from portal.models.messages import STATUSES


class Notification(Base):
    """One message for one person about one event; (user, request, event, kind) once.

    `text` is English, `said` what it is made of (`portal.domain.notices.wording`).
    `hidden`: the person does not want it in the list; it stays for what is sent. `handed_at`: when
    it was handed over for sending outside the portal; None until then.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("user_id", "request_id", "seq", "kind"),
        Index(
            "ix_notifications_shown",
            "user_id",
            "created_at",
            "id",
            postgresql_where=text("NOT hidden"),
        ),
        Index(
            "ix_notifications_unread",
            "user_id",
            postgresql_where=text("read_at IS NULL AND NOT hidden"),
        ),
        Index("ix_notifications_outbox", "created_at", postgresql_where=text("handed_at IS NULL")),
    )

    id: Mapped[Id]
    user_id: Mapped[UserKey]
    request_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    said: Mapped[list[Any] | None] = mapped_column(JSONB)
    task_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    created_at: Mapped[Now]
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    handed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    hidden: Mapped[bool] = mapped_column(server_default="false")


class NotificationPreference(Base):
    """How and when a person wants to be told; without a row: of everything, at once.

    `choices`: {channel: {code of topic: how}} where it differs from what the channel does by
    itself. `monthly_since`: since when they want the figures of each month by mail.
    """

    __tablename__ = "notification_preferences"

    user_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id"), primary_key=True
    )
    choices: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB, server_default="{}")
    daily_at: Mapped[time] = mapped_column(Time, server_default="08:00")
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_until: Mapped[time | None] = mapped_column(Time)
    monthly_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class MonthlyMail(Base):
    """The mail with a month's figures to one person, once for each month.

    `status`: WAITING, SENT, DROPPED (they may not see figures any more, or have no address) or
    FAILED (given up; `last_error` says why). Nobody else takes a waiting one before `due_at`.
    """

    __tablename__ = "monthly_mails"
    __table_args__ = (CheckConstraint(STATUSES, name="status"),)

    user_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id"), primary_key=True
    )
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    status: Mapped[str] = mapped_column(Text, server_default="WAITING")
    due_at: Mapped[Now]
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
