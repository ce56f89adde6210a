"""The system's own rows: workers' heartbeats, and the one workflow table the cutover promises."""

from datetime import datetime

from sqlalchemy import DateTime, Index, Integer, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Now, Time


class WorkerHeartbeat(Base):
    """A worker process, when it was last seen polling, and what it polls."""

    __tablename__ = "worker_heartbeats"

    worker: Mapped[str] = mapped_column(Text, primary_key=True)
    task_queue: Mapped[str] = mapped_column(Text)
    started_at: Mapped[Now]
    seen_at: Mapped[Time]


class WorkflowTrouble(Base):
    """A step of a workflow that was tried often, or that no try can help: written by the step
    itself while it fails. The server does not tell of it: the steps are local activities."""

    __tablename__ = "workflow_troubles"

    workflow_id: Mapped[str] = mapped_column(Text, primary_key=True)
    activity: Mapped[str] = mapped_column(Text, primary_key=True)
    attempts: Mapped[int] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(Text)
    since: Mapped[Now]
    seen_at: Mapped[Now]


class WorkflowHistory(Base):
    """One row for each request's workflow, for the systems that read the old engine's place.

    `status` is STARTED while open, then the outcome. `id` is the request's id.
    """

    __tablename__ = "workflow_history"
    __table_args__ = (
        Index("ix_workflow_history_workflow_type", "workflow_type"),
        Index("ix_workflow_history_status", "status"),
        Index("ix_workflow_history_temporal_workflow_id", "temporal_workflow_id"),
        Index("ix_workflow_history_initiator_id", "initiator_id"),
        Index("ix_workflow_history_started_at", text("started_at DESC")),
        {"schema": "gloria_ops"},
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    workflow_type: Mapped[str] = mapped_column(String(100))
    request_id: Mapped[str] = mapped_column(String(255), unique=True)
    temporal_workflow_id: Mapped[str | None] = mapped_column(String(255))
    temporal_run_id: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(50))
    initiator_id: Mapped[str | None] = mapped_column(String(255))
    started_at: Mapped[Now]
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # "metadata" is taken on declarative classes; the column keeps the promised name.
    meta: Mapped[dict[str, object] | None] = mapped_column("metadata", JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
