"""What is sent outside the portal: one row for each notification and channel."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Now, Time, UserKey

STATUSES = "status IN ('WAITING', 'SENT', 'DROPPED', 'FAILED')"
IN_DIGEST = "status = 'WAITING' AND digest IS NOT NULL"


class Message(Base):
    """One message to one person by one channel. Its id makes the Message-ID, so that a second copy
    carries the same.

    `status`: WAITING, SENT, DROPPED (not true any more; `last_error` says why), or FAILED (given
    up: an administrator may send it again). Nobody else takes a waiting one before `due_at`;
    `batch_id` is the sending that took it last. `digest`: it waits to be sent with others, as one
    mail, whose Message-ID is made of the `batch_id`.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("notification_id", "channel"),
        Index(
            "ix_messages_waiting",
            "due_at",
            postgresql_where=text("status = 'WAITING' AND digest IS NULL"),
        ),
        Index("ix_messages_digests_due", "due_at", postgresql_where=text(IN_DIGEST)),
        Index("ix_messages_digests_user", "user_id", postgresql_where=text(IN_DIGEST)),
        Index(
            "ix_messages_troubled",
            "created_at",
            postgresql_where=text("last_error IS NOT NULL AND status IN ('WAITING', 'FAILED')"),
        ),
        CheckConstraint(STATUSES, name="status"),
        CheckConstraint("digest IN ('hourly', 'daily')", name="digest"),
    )

    id: Mapped[Id]
    notification_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.notifications.id", ondelete="CASCADE")
    )
    user_id: Mapped[UserKey]
    channel: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="WAITING")
    digest: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[Time]
    batch_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
