"""Many tasks chosen together: as they stand before the decision, and what became of each after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from portal.domain.deciding.bulk import lock_of
from portal.domain.errors import Refusal
from portal.domain.policy.forms import FormField
from portal.domain.policy.policy import Decision
from portal.domain.request.commands import Retract
from portal.domain.request.state import Status, TaskStatus
from portal.extensions import db
from portal.models import Batch, Command, PolicyVersion, Request, Task, User
from portal.models.undoing import is_overtaken, undo_seconds, undo_until
from portal.queries import own_texts
from portal.queries.bulk_rules import rules
from portal.queries.request import form_of

RECORDED = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """A batch of one person's. `decision` is None until it is decided."""

    id: str
    items: list[dict[str, str]]
    decision: Decision | None
    comment: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTask:
    """A task of a batch with its request. `amount` is in minor units; `acting_for` and
    `behalf_name` are names.

    `outcome` of its command in the batch: None without a command, "waiting", "applied", "refused".
    `undo`, `undo_reason`: the same of the wish to take that decision back. `may_undo`: it stands
    and its undo window runs, or has yet to begin. `is_recorded`: a decision waits to be applied.
    """

    id: str
    number: str
    title: str
    type_name: str
    requester_name: str
    behalf_name: str | None
    amount: int | None
    currency: str | None
    status: str
    task_status: str
    is_settling: bool
    due_at: datetime | None
    acting_for: str | None
    fields: dict[str, Any]
    form: tuple[FormField, ...]
    priority: str
    needed_by: datetime | None
    content_version: int
    comment_required: list[str]
    policy_version_id: str
    is_recorded: bool
    outcome: str | None
    reason: str | None
    undo: str | None
    undo_reason: str | None
    may_undo: bool
    is_overtaken: bool


def find(batch_id: str, user_id: str) -> BatchRecord | None:
    """The person's batch of that id."""
    row = db.session.execute(
        select(Batch.id, Batch.items, Batch.decision, Batch.comment, Batch.decided_at).where(
            Batch.id == batch_id, Batch.user_id == user_id
        )
    ).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    values["decision"] = Decision(row.decision) if row.decision else None
    return BatchRecord(**values)


def tasks_of(batch: BatchRecord, user_id: str) -> dict[str, ChosenTask]:
    """The batch's tasks by id; those that are not the person's any more, and never decided by
    this batch, are left out."""
    values = {
        "tasks": [item["task"] for item in batch.items],
        "commands": _keys(batch, "command"),
        "undos": _keys(batch, "undo"),
        "user": user_id,
    }
    rows = db.session.execute(_statement(), values)
    return {row.id: _read(row) for row in rows}


def _read(row: Any) -> ChosenTask:
    form = own_texts.form_of(row.policy_version_id, form_of(row.form))
    return own_texts.as_read(ChosenTask(**{**row._mapping, "form": form}), "type_name")


def waiting(batch: BatchRecord) -> int:
    """How many of its decisions, and of the wishes to take them back, are not applied yet."""
    ids = _keys(batch, "command") + _keys(batch, "undo")
    statement = select(func.count()).where(Command.id.in_(ids), Command.applied_at.is_(None))
    return db.session.execute(statement).scalar_one() if ids else 0


def left_out(tasks: Mapping[str, ChosenTask]) -> dict[str, str]:
    """Why tasks cannot be decided together now: codes of `Refusal`, `Lock` or `RECORDED`, by id."""
    bulk = rules(task.policy_version_id for task in tasks.values())
    reasons = {key: _reason(task, bulk.get(task.policy_version_id)) for key, task in tasks.items()}
    return {key: reason for key, reason in reasons.items() if reason}


def _reason(task: ChosenTask, bulk: Any) -> str | None:
    if task.is_recorded:
        return RECORDED
    late = task.task_status != TaskStatus.OPEN or task.is_settling
    if late or not Status(task.status).is_open:
        return Refusal.LATE.value
    lock = lock_of(bulk, task.amount, on_hold=task.status == Status.ON_HOLD)
    return lock.value if lock else None


def _keys(batch: BatchRecord, name: str) -> list[str]:
    return [item[name] for item in batch.items if name in item]


def _ids(name: str) -> Any:
    return func.any(bindparam(name, type_=ARRAY(Uuid(as_uuid=False))))


@cache
def _statement() -> Select[*tuple[Any, ...]]:
    delegator, other, undo = aliased(User), aliased(Command), aliased(Command)
    behalf = aliased(User)
    recorded = exists().where(
        other.request_id == Task.request_id,
        other.task_id == Task.id,
        other.applied_at.is_(None),
        other.kind != Retract.__name__,
    )
    mine = Task.assignee_id == bindparam("user", type_=Uuid(as_uuid=False))
    return (
        select(
            Task.id, Request.number, Request.title, Request.type_name, Request.requester_name,
            behalf.name.label("behalf_name"), Request.amount, Request.currency, Request.status,
            Task.status.label("task_status"),
            Request.settles_at.is_not(None).label("is_settling"), Task.due_at,
            delegator.name.label("acting_for"), Request.fields,
            PolicyVersion.form.cast(Text).label("form"), Request.priority,
            Request.due_at.label("needed_by"), Request.content_version, Task.comment_required,
            Request.policy_version_id, recorded.label("is_recorded"),
            _outcome(Command).label("outcome"), Command.reason,
            _outcome(undo).label("undo"), undo.reason.label("undo_reason"),
            _may_undo().label("may_undo"), is_overtaken().label("is_overtaken"),
        )
        .join(Request, Request.id == Task.request_id)
        .join(PolicyVersion, PolicyVersion.id == Request.policy_version_id)
        .outerjoin(delegator, delegator.id == Task.acting_for)
        .outerjoin(behalf, behalf.id == Request.on_behalf_of)
        .outerjoin(Command, and_(Command.id == _ids("commands"), Command.task_id == Task.id))
        .outerjoin(undo, and_(undo.id == _ids("undos"), undo.task_id == Task.id))
        .where(Task.id == _ids("tasks"), or_(mine, Command.id.is_not(None)))
    )  # fmt: skip


def _outcome(command: Any) -> Any:
    answer = func.coalesce(command.outcome, literal_column("'waiting'"))
    return case((command.id.is_not(None), answer))


def _may_undo() -> Any:
    """Of the batch's decision about the task: whether a press of Undo could still be in time."""
    to_come = and_(Command.id.is_not(None), Command.applied_at.is_(None), undo_seconds() > 0)
    runs = and_(
        Command.outcome == "applied",
        not_(is_overtaken()),
        Request.status == Status.PENDING.value,
        undo_until() > func.now(),
    )
    return func.coalesce(or_(to_come, runs), false())
