"""The move from the old engine: its runs, what became of each old instance, and the cutovers."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Key, Now


class LegacyRun(Base):
    """One run of the mover. `totals` by result, kept up while it goes; `found`: how many to do.

    `seen_at`: its last sign of life. `listed`: findings that belong to no instance, each with
    table, key and reason. `exit_code` and `finished_at` are null while it runs, or was killed.
    """

    __tablename__ = "legacy_runs"

    id: Mapped[Id]
    options: Mapped[Json]
    found: Mapped[int] = mapped_column(server_default="0")
    totals: Mapped[Json]
    listed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    started_at: Mapped[Now]
    seen_at: Mapped[Now]
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    exit_code: Mapped[int | None]


class LegacyMove(Base):
    """What became of one old instance; `result` moved, on_hold and history are final.

    `request_id` is the old text, `new_request_id` the request's id here (the same, where it is a
    UUID). `kind`: "active" or "finished". `status`: of the request as it was written. `reasons`:
    why it needs a person, is on hold or failed; `questions`: what the reasons ask of a person;
    `remarks`: what was odd and how it was read. `choice`: the answer that holds
    (`portal.domain.legacy_choices`), used by the next run; all answers are in `legacy_choices`.
    `started_at`: when its workflow was started; null for history. `told_at`: when the people it
    waits for got the one message. `last_seq`: the last event that the
    mover recorded. `rolled_back_at`: given back to the old engine since, so that it moves again.
    """

    __tablename__ = "legacy_moves"
    __table_args__ = (
        CheckConstraint(
            "result IN ('moved', 'on_hold', 'history', 'needs_person', 'failed')", name="result"
        ),
        Index("ix_legacy_moves_result", "result", "instance_id"),
        Index("ix_legacy_moves_code", "result", "workflow_code", "instance_id"),
        Index("ix_legacy_moves_new_request_id", "new_request_id"),
        Index(
            "ix_legacy_moves_not_started",
            "instance_id",
            postgresql_where=text("started_at IS NULL AND workflow_ref IS NOT NULL"),
        ),
    )

    instance_id: Mapped[str] = mapped_column(Text, primary_key=True)
    request_id: Mapped[str | None] = mapped_column(Text)
    new_request_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    workflow_id: Mapped[str | None] = mapped_column(Text)
    workflow_code: Mapped[str | None] = mapped_column(Text)
    old_state: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    status: Mapped[str | None] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(Text)
    reasons: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    questions: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    remarks: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    choice: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    chosen_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    chosen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    workflow_ref: Mapped[str | None] = mapped_column(Text)
    run_ref: Mapped[str | None] = mapped_column(Text)
    moved_at: Mapped[Now]
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_seq: Mapped[int | None]
    rolled_back_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    run_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.legacy_runs.id")
    )


class LegacyChoice(Base):
    """An answer as it was given; never changed. The id is the form's one-time key.

    `moves`: how many instances it was given for: `instance_id`, and, with `alike`, the others of
    its definition that had the same reasons.
    """

    __tablename__ = "legacy_choices"
    __table_args__ = (Index("ix_legacy_choices_instance_id", "instance_id", "chosen_at"),)

    id: Mapped[Id]
    instance_id: Mapped[str] = mapped_column(Text)
    choice: Mapped[Json]
    reasons: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    alike: Mapped[bool] = mapped_column(server_default="false")
    moves: Mapped[int]
    chosen_by: Mapped[Key] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    chosen_at: Mapped[Now]


class LegacyType(Base):
    """The request type made of an old definition; by it requests find their way back."""

    __tablename__ = "legacy_types"

    workflow_id: Mapped[str] = mapped_column(Text, primary_key=True)
    request_type_id: Mapped[Key] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.request_types.id"), unique=True
    )


class LegacyPolicy(Base):
    """The policy version made for a route; `digest` is the SHA-256 of its definition's JSON."""

    __tablename__ = "legacy_policies"

    request_type_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.request_types.id"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    policy_version_id: Mapped[Key] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.policy_versions.id")
    )


class Cutover(Base):
    """A cutover of the schema. One that was neither taken back nor purged is in force.

    `made_by`: account and machine. `backup`: the dump before it, or `no_backup_reason` why there is
    none. `accepted`: old instances that were left behind knowingly. `moved`: tables, enums, and
    what else has to be undone. `ties`: the constraints that were removed from shared tables, as
    pg_get_constraintdef gives them. `locked_ms`: for how long the old tables were locked.
    """

    __tablename__ = "cutovers"
    __table_args__ = (
        CheckConstraint("(backup IS NULL) <> (no_backup_reason IS NULL)", name="backup_or_reason"),
    )

    id: Mapped[Id]
    made_at: Mapped[Now]
    made_by: Mapped[str] = mapped_column(Text)
    backup: Mapped[str | None] = mapped_column(Text)
    no_backup_reason: Mapped[str | None] = mapped_column(Text)
    accepted: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    moved: Mapped[Json]
    ties: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    locked_ms: Mapped[int]
    taken_back_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    taken_back_by: Mapped[str | None] = mapped_column(Text)
    purged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    purged_by: Mapped[str | None] = mapped_column(Text)
    purge_backup: Mapped[str | None] = mapped_column(Text)
    purge_no_backup_reason: Mapped[str | None] = mapped_column(Text)
