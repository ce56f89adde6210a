"""Deciding many tasks together: first they are chosen, then, having been looked at, decided.

Each decision is a command of its own, with an id that follows from the batch's and the task's: a
form that is sent twice decides once. The relay delivers them all, so no page waits for them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, Select, Uuid, bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from portal.directory.planner import load_policy
from portal.domain.deciding.bulk import lock_of
from portal.domain.errors import Refusal
from portal.domain.policy.policy import Bulk, Decision
from portal.domain.request.click import Click
from portal.domain.request.values import Via
from portal.extensions import db
from portal.models import Batch, Command, Request, Task
from portal.services.commands import store
from portal.services.decide import Vote, command_of, refusal_of, task_columns
from portal.services.errors import Refused
from portal.services.notifications import mark_tasks_read

MOST = 200
# A decision about the task is recorded already and waits to be applied.
RECORDED = "recorded"


class UnknownBatch(Exception):
    """There is no such batch of this person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the review page's form says. `seen`: for each of the batch's tasks in their order the
    content version that the page showed; None for one that it left out."""

    batch_id: str
    decision: Decision
    seen: Sequence[int | None]
    comment: str = ""


def choose(batch_id: str, user_id: str, task_ids: Iterable[str]) -> None:
    """Keep what was chosen, the first `MOST`; a form that is sent again changes nothing."""
    items = [{"task": each} for each in dict.fromkeys(task_ids)][:MOST]
    row = insert(Batch).values(id=batch_id, user_id=user_id, items=items)
    db.session.execute(row.on_conflict_do_nothing(index_elements=[Batch.id]))
    db.session.commit()


def decide(verdict: Verdict, user_id: str, click: Click) -> None:
    """Record a decision about each task that still allows it; the others are noted with the reason.

    A batch that is decided already stays as it is. Raises UnknownBatch, and Refused, with the
    comment and nothing recorded, where a task wants a comment and there is none.
    """
    batch = db.session.get(Batch, verdict.batch_id, with_for_update=True)
    if batch is None or batch.user_id != user_id:
        db.session.rollback()
        raise UnknownBatch
    if batch.decided_at is not None:
        db.session.rollback()
        return
    tasks = _tasks([item["task"] for item in batch.items])
    rules = _rules({row.policy_version_id for row in tasks.values()})
    shown = zip_longest(batch.items, verdict.seen[: len(batch.items)])
    items, commands = [], []
    for item, version in shown:
        if version is None:
            continue
        vote, row = _vote(verdict, item["task"], version), tasks.get(item["task"])
        reason = _why_not(vote, row, rules.get(row.policy_version_id) if row else None, user_id)
        if row is None or reason is not None:
            items.append({"task": vote.task_id, "left_out": reason})
            continue
        items.append({"task": vote.task_id, "command": vote.command_id})
        commands.append((command_of(row, vote, user_id, Via.BULK), row.number, row.workflow))
    store(commands, click)
    mark_tasks_read(user_id, [command.task_id for command, _, _ in commands])
    _close(verdict, items)
    db.session.commit()


def command_id(batch_id: str, task_id: str) -> str:
    """The id of the command that the batch's decision of a task is."""
    return str(uuid5(UUID(batch_id), task_id))


def _vote(verdict: Verdict, task_id: str, version: int) -> Vote:
    return Vote(
        command_id=command_id(verdict.batch_id, task_id),
        task_id=task_id,
        decision=verdict.decision,
        content_version=version,
        comment=verdict.comment,
    )


def _why_not(vote: Vote, row: Row[Any] | None, bulk: Bulk | None, user_id: str) -> str | None:
    """What keeps a task out: a code of `Refusal`, of `Lock`, or `RECORDED`."""
    if row is None:
        return Refusal.UNKNOWN_TASK.value
    refusal = refusal_of(row, vote, user_id)
    if refusal is Refusal.COMMENT_REQUIRED:
        db.session.rollback()
        raise Refused(refusal, vote.comment)
    reason = refusal or (RECORDED if row.is_recorded else lock_of(bulk, row.amount))
    return None if reason is None else str(reason)


def _close(verdict: Verdict, items: list[dict[str, str | None]]) -> None:
    db.session.execute(
        update(Batch)
        .where(Batch.id == verdict.batch_id)
        .values(
            items=items,
            decision=verdict.decision.value,
            comment=verdict.comment,
            decided_at=func.now(),
        )
    )


def _rules(version_ids: set[str]) -> dict[str, Bulk | None]:
    connection = db.session.connection()
    return {each: load_policy(connection, each).bulk for each in version_ids}


def _tasks(task_ids: list[str]) -> dict[str, Row[Any]]:
    return {row.id: row for row in db.session.execute(_statement(), {"tasks": task_ids})}


@cache
def _statement() -> Select[*tuple[Any, ...]]:
    recorded = exists().where(
        Command.request_id == Task.request_id,
        Command.task_id == Task.id,
        Command.applied_at.is_(None),
        Command.kind != "Retract",
    )
    wanted = func.any(bindparam("tasks", type_=ARRAY(Uuid(as_uuid=False))))
    return (
        select(
            Task.id,
            *task_columns(),
            Request.amount,
            Request.policy_version_id,
            recorded.label("is_recorded"),
        )
        .join(Request, Request.id == Task.request_id)
        .where(Task.id == wanted)
    )
