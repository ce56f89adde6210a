"""Webhooks: where other programs are told of events, what is to be told, and each try of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Key, Now, Time

STATES = "state IN ('unverified', 'on', 'paused', 'gone', 'removed')"
STATUSES = "status IN ('WAITING', 'DELIVERED', 'FAILED', 'DROPPED')"


class WebhookEndpoint(Base):
    """Where messages go. Never deleted: the record writes messages for it without locking it.

    `sealed`: the secret, encrypted; the one before is good until `old_until`. `modules` and
    `request_types` empty: all. `token_id`: the service that made it, which hears of what it may
    see. `is_full`: it is told titles, amounts and names. `failures`: tries in a row that did not
    reach it, since `failing_since`; until `rest_until` it is left alone. `last_error`: the newest.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (CheckConstraint(STATES, name="state"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    old_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    types: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    modules: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    request_types: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    is_full: Mapped[bool] = mapped_column(server_default="false")
    state: Mapped[str] = mapped_column(Text, server_default="unverified")
    token_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.api_tokens.id")
    )
    created_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    created_at: Mapped[Now]
    changed_at: Mapped[Now]
    failures: Mapped[int] = mapped_column(server_default="0")
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rest_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(Text)
    delivered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WebhookDelivery(Base):
    """One message to one endpoint; its id is the `webhook-id`, the same in each try.

    `request_id` and `seq`: the event, null for a test. Nobody else takes a waiting one before
    `due_at`; `batch_id` is the sending that has it now. `since`: when its tries began, anew where
    somebody had it delivered again. `tries` counts from then on.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("uq_webhook_deliveries_event", "endpoint_id", "request_id", "seq", unique=True),
        Index(
            "ix_webhook_deliveries_due",
            "endpoint_id",
            "due_at",
            postgresql_where=text("status = 'WAITING'"),
        ),
        Index(
            "ix_webhook_deliveries_tests",
            "endpoint_id",
            postgresql_where=text("status = 'WAITING' AND type = 'ping'"),
        ),
        Index(
            "ix_webhook_deliveries_sending",
            "endpoint_id",
            "batch_id",
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        Index("ix_webhook_deliveries_newest", "endpoint_id", "at", "id"),
        Index(
            "ix_webhook_deliveries_failed",
            "endpoint_id",
            postgresql_where=text("status = 'FAILED'"),
        ),
        CheckConstraint(STATUSES, name="status"),
    )

    id: Mapped[Id]
    endpoint_id: Mapped[Key]
    request_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    seq: Mapped[int | None]
    type: Mapped[str] = mapped_column(Text)
    at: Mapped[Time]
    data: Mapped[Json]
    status: Mapped[str] = mapped_column(Text, server_default="WAITING")
    due_at: Mapped[Now]
    since: Mapped[Now]
    batch_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    tries: Mapped[int] = mapped_column(server_default="0")
    last_status: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WebhookAttempt(Base):
    """One try of a message. `answer`: the beginning of what the receiver said."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (Index("ix_webhook_attempts_delivery_id", "delivery_id", "id"),)

    id: Mapped[Id]
    delivery_id: Mapped[Key] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.webhook_deliveries.id", ondelete="CASCADE")
    )
    at: Mapped[Now]
    status: Mapped[int | None]
    took_ms: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str] = mapped_column(Text, server_default="")
    answer: Mapped[str] = mapped_column(Text, server_default="")
