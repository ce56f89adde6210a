"""Which decisions wait to be applied, and until when one can be taken back, as the record knows."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, literal_column, or_
from sqlalchemy.orm import aliased

from portal.domain.policy.policy import Policy
from portal.domain.request.catalogue import DECISIONS
from portal.domain.request.commands import Retract
from portal.domain.request.state import TaskStatus
from portal.models.commands import Command
from portal.models.policies import PolicyVersion
from portal.models.requests import Task

ABOUT_DECISIONS = (*DECISIONS, Retract.__name__)


def waits_to_be_applied(person: Any) -> tuple[ColumnElement[bool], ...]:
    """Of a `Command`: a decision of the person's that is recorded and has no effect yet. Its kind
    is a literal and the rest is the index's (`ix_commands_waiting_tasks`), so that a general plan
    uses it."""
    return (
        Command.actor_id == person,
        Command.applied_at.is_(None),
        Command.parked_at.is_(None),
        Command.task_id.is_not(None),
        Command.kind.in_([literal_column(f"'{kind}'") for kind in DECISIONS]),
    )


def undo_seconds() -> Any:
    """The undo window of the joined policy version, in seconds."""
    return func.coalesce(PolicyVersion.definition["undo_seconds"].as_integer(), Policy.undo_seconds)


def undo_until() -> Any:
    """The end of the joined task's undo window; null where it is not decided."""
    return Task.decided_at + func.make_interval(0, 0, 0, 0, 0, 0, undo_seconds())


def is_overtaken() -> ColumnElement[bool]:
    """Whether the decision of a `Command` on its `Task` does not stand any more: it was taken back,
    or the task was decided again since."""
    later = aliased(Command)
    decided_later = exists().where(
        later.request_id == Command.request_id,
        later.task_id == Command.task_id,
        later.id != Command.id,
        later.kind.in_(ABOUT_DECISIONS),
        later.outcome == "applied",
        later.applied_at > Command.applied_at,
    )
    reopened = and_(Command.outcome == "applied", Task.status == TaskStatus.OPEN.value)
    return func.coalesce(or_(reopened, decided_later), false())
