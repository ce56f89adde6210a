"""The record: append-only events, hash-chained for each request, and the free text beside them."""

from datetime import datetime

from sqlalchemy import DateTime, Index, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Json


class AuditEvent(Base):
    """One event; triggers refuse every change. Partitioned by month on `at`.

    `hash` = sha256(previous hash of the request + canonical bytes). `data` holds the event's own
    fields; free text stands as {"sha256": ...} and lives in `portal.audit_texts`.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        # Events arrive in order of time, so a block range index serves exports at almost no cost.
        Index("ix_audit_events_at", "at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    request_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    tag: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    on_behalf_of: Mapped[str | None] = mapped_column(Text)
    command_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    data: Mapped[Json]
    prev_hash: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)


class AuditText(Base):
    """A free text of an event, with its hash's salt; erasing it does not break the chain."""

    __tablename__ = "audit_texts"

    request_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    salt: Mapped[str] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
