"""Columns as the old engine's database has them: text keys, naive UTC times, jsonb."""

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Integer, MetaData, Text, func, text
from sqlalchemy.dialects.postgresql import ENUM, JSONB, TIMESTAMP

ENUMS: dict[str, tuple[str, ...]] = {
    "WorkflowType": ("SEQUENTIAL", "PARALLEL", "CONDITIONAL", "HYBRID"),
    "WorkflowStatus": ("DRAFT", "ACTIVE", "INACTIVE", "ARCHIVED"),
    "WorkflowTriggerType": ("MANUAL", "AUTOMATIC", "SCHEDULED", "EVENT"),
    "WorkflowState": (
        "INITIALIZED", "IN_PROGRESS", "WAITING", "COMPLETED", "CANCELLED", "FAILED", "SUSPENDED",
    ),
    "StepType": ("APPROVAL", "NOTIFICATION", "CONDITION", "ACTION", "PARALLEL", "SUBPROCESS"),
    "StepStatus": (
        "PENDING", "IN_PROGRESS", "COMPLETED", "REJECTED", "SKIPPED", "FAILED", "DELEGATED",
        "ESCALATED",
    ),
    "ActionType": (
        "APPROVE", "REJECT", "RETURN", "DELEGATE", "ESCALATE", "COMMENT", "REASSIGN", "REMIND",
    ),
    "TransitionType": ("NEXT", "BRANCH", "LOOP", "SKIP", "PARALLEL", "JOIN"),
}  # fmt: skip
"""The old engine's eight enums, by their quoted names, all in `gloria_ops`."""


def key() -> Column[str]:
    """A primary key: a UUIDv7 as text."""
    return Column("id", Text, primary_key=True)


def text_(name: str, *more: Any, null: bool = True, **options: Any) -> Column[str]:
    """A text column."""
    return Column(name, Text, *more, nullable=null, **options)


def json_(name: str, *, null: bool = True) -> Column[Any]:
    """A jsonb column."""
    return Column(name, JSONB, nullable=null)


def number(name: str, *, default: int | None = None) -> Column[int]:
    """An integer that is never null."""
    given = None if default is None else text(str(default))
    return Column(name, Integer, nullable=False, server_default=given)


def flag(name: str, default: bool) -> Column[bool]:
    """A boolean that is never null."""
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def time(name: str, *, null: bool = True, now: bool = False) -> Column[Any]:
    """A moment in UTC, to the millisecond, without a zone."""
    given = func.current_timestamp() if now else None
    return Column(name, TIMESTAMP(precision=3), nullable=null and not now, server_default=given)


def enum(
    metadata: MetaData, name: str, kind: str, default: str | None = None, *, schema: str
) -> Column[str]:
    """A column of one of the eight enums, never null."""
    values = ENUM(*ENUMS[kind], name=kind, schema=schema, metadata=metadata)
    given = None if default is None else text(f"'{default}'")
    return Column(name, values, nullable=False, server_default=given)


def to(schema: str, table: str, *, column: str = "id") -> ForeignKey:
    """A foreign key without an action."""
    return ForeignKey(f"{schema}.{table}.{column}")
