"""Deciding many tasks together: first they are chosen, then, having been looked at, decided; and as
many of the decisions as still can be are taken back together.

Each decision is a command of its own, with an id that follows from the batch's and the task's: a
form that is sent twice decides once. The relay delivers them all, so no page waits for them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from portal.directory.planner import load_policy
from portal.domain.deciding.bulk import lock_of
from portal.domain.deciding.decide import proof_of
from portal.domain.errors import Refusal
from portal.domain.policy.policy import Decision, StepUp
from portal.domain.request.commands import Command as DomainCommand
from portal.domain.request.commands import Retract, TaskCommand
from portal.domain.request.proof import ListProof, SignedDecision, strongest
from portal.domain.request.state import Click, Via
from portal.extensions import db
from portal.models import Batch, Command, Task
from portal.models.undoing import is_overtaken
from portal.services.commands import store
from portal.services.errors import Refused
from portal.services.judge import admitted
from portal.services.notifications import mark_tasks_read
from portal.services.snapshots import RequestSnapshot, TaskSnapshot, of_tasks
from portal.services.tasks import Vote, decision_of, retraction_of, step_up_of, to_be_signed

MOST = 200
# A decision about the task is recorded already and waits to be applied.
RECORDED = "recorded"
# The decision does not stand any more: it was taken back by itself.
UNDONE = "undone"


class UnknownBatch(Exception):
    """There is no such batch of this person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDecision:
    """What the review page's form says. `seen`: for each of the batch's tasks in their order the
    content version that the page showed; None for one that it left out. `proof`: by what whoever
    decides showed that it is they."""

    batch_id: str
    decision: Decision
    seen: Sequence[int | None]
    comment: str = ""
    proof: ListProof | None = None


def choose(batch_id: str, user_id: str, task_ids: Iterable[str]) -> None:
    """Keep what was chosen, the first `MOST`; a form that is sent again changes nothing."""
    items = [{"task": each} for each in dict.fromkeys(task_ids)][:MOST]
    row = insert(Batch).values(id=batch_id, user_id=user_id, items=items)
    db.session.execute(row.on_conflict_do_nothing(index_elements=[Batch.id]))
    db.session.commit()


def decide(given: BatchDecision, user_id: str, click: Click) -> None:
    """Record a decision about each task that still allows it; the others are noted with the reason.

    A batch that is decided already stays as it is. Raises UnknownBatch, and Refused, with the
    comment and nothing recorded, where a task wants a comment and there is none, or has to be
    signed and is not.
    """
    batch = _mine(given.batch_id, user_id)
    if batch.decided_at is not None:
        return
    tasks = of_tasks(item["task"] for item in batch.items)
    shown = zip_longest(batch.items, given.seen[: len(batch.items)])
    items: list[dict[str, Any]] = []
    commands: list[tuple[DomainCommand, RequestSnapshot]] = []
    for item, version in shown:
        if version is None:
            continue
        vote, task = _vote(given, item["task"], version), tasks.get(item["task"])
        if task is None:
            items.append({"task": vote.task_id, "left_out": Refusal.UNKNOWN_TASK.value})
            continue
        if given.proof is not None:
            vote = replace(vote, proof=given.proof.of(to_be_signed(task, vote, user_id)))
        command, reason = _admitted(task, decision_of(task, vote, user_id, Via.BULK))
        if reason is not None:
            items.append({"task": vote.task_id, "left_out": reason})
            continue
        items.append({"task": vote.task_id, "command": vote.command_id})
        commands.append((command, task.request))
    store(commands, click)
    mark_tasks_read(user_id, [item["task"] for item in items if "command" in item])
    changed = {"decision": given.decision.value, "comment": given.comment}
    _keep(batch, items, **changed, decided_at=func.now())
    db.session.commit()


def decisions_of(given: BatchDecision, user_id: str) -> tuple[tuple[SignedDecision, ...], StepUp]:
    """The decisions of the batch as they are signed together, and how strongly that has to be.
    Raises UnknownBatch."""
    batch = _mine(given.batch_id, user_id)
    tasks = of_tasks(item["task"] for item in batch.items)
    shown = zip_longest(batch.items, given.seen[: len(batch.items)])
    votes = (_vote(given, item["task"], seen) for item, seen in shown if seen is not None)
    found = [(tasks[vote.task_id], vote) for vote in votes if vote.task_id in tasks]
    decisions = tuple(to_be_signed(task, vote, user_id) for task, vote in found)
    return decisions, strongest(step_up_of(task) for task, _vote in found)


def undo(batch_id: str, user_id: str, click: Click) -> None:
    """Record the wish to take back each decision of the batch; note the reason at the others.

    A batch that was undone before, or is not decided, stays as it is. Raises UnknownBatch.
    """
    batch = _mine(batch_id, user_id)
    if batch.decided_at is None or any("undo" in each or "kept" in each for each in batch.items):
        return
    decided = _decided([item["command"] for item in batch.items if "command" in item])
    tasks = of_tasks(row.task_id for row in decided.values())
    items: list[dict[str, Any]] = []
    commands: list[tuple[DomainCommand, RequestSnapshot]] = []
    for item in batch.items:
        row = decided.get(item.get("command"))
        task = None if row is None else tasks.get(row.task_id)
        if row is None or task is None or row.outcome == "refused":
            items.append(item)
            continue
        key = str(uuid5(UUID(batch_id), f"undo {task.id}"))
        command, reason = _undone(task, retraction_of(task, key, user_id, Via.BULK))
        reason = UNDONE if row.is_overtaken else reason
        if reason is not None:
            items.append(item | {"kept": reason})
            continue
        items.append(item | {"undo": key})
        commands.append((command, task.request))
    store(commands, click)
    _keep(batch, items)
    db.session.commit()


def command_id(batch_id: str, task_id: str) -> str:
    """The id of the command that the batch's decision of a task is."""
    return str(uuid5(UUID(batch_id), task_id))


def _mine(batch_id: str, user_id: str) -> Batch:
    """The person's batch, locked: nobody decides it twice. Raises UnknownBatch."""
    batch = db.session.get(Batch, batch_id, with_for_update=True)
    if batch is None or batch.user_id != user_id:
        raise UnknownBatch
    return batch


def _vote(given: BatchDecision, task_id: str, version: int) -> Vote:
    return Vote(
        command_id=command_id(given.batch_id, task_id),
        task_id=task_id,
        decision=given.decision,
        content_version=version,
        comment=given.comment,
    )


def _admitted(task: TaskSnapshot, command: TaskCommand) -> tuple[DomainCommand, str | None]:
    """The command as it may be stored, and what keeps its task out."""
    try:
        return admitted(task.request, command), _why_not(task, command)
    except Refused as refused:
        if refused.reason is Refusal.COMMENT_REQUIRED or _can_sign(command, refused):
            raise
        return command, refused.reason.value


def _can_sign(command: TaskCommand, refused: Refused) -> bool:
    """Whether it was refused since it was not signed, and not since something else was."""
    proof = proof_of(command)
    is_signed = proof is not None and bool(proof.statement)
    return refused.reason is Refusal.NOT_SIGNED and not is_signed


def _why_not(task: TaskSnapshot, command: DomainCommand) -> str | None:
    """What keeps a task out that could be decided by itself: a code of `Lock`, or `RECORDED`."""
    if task.is_decided_by(command.actor_id):
        return RECORDED
    state = task.request.state
    bulk = load_policy(db.session.connection(), state.policy_version_id).bulk
    lock = lock_of(bulk, state.content.amount)
    return None if lock is None else lock.value


def _undone(task: TaskSnapshot, command: Retract) -> tuple[DomainCommand, str | None]:
    """The command as it may be stored, and why the decision cannot be taken back any more: a code
    of `Refusal`, or `UNDONE`."""
    try:
        return admitted(task.request, command), None
    except Refused as refused:
        is_gone = refused.reason in (Refusal.NOT_ALLOWED, Refusal.NOT_YOURS)
        return command, UNDONE if is_gone else refused.reason.value


def _decided(command_ids: Sequence[str]) -> dict[str | None, Row[Any]]:
    statement = (
        select(Command.id, Command.outcome, Task.id.label("task_id"),
               is_overtaken().label("is_overtaken"))
        .join(Task, Task.id == Command.task_id)
        .where(Command.id.in_(command_ids))
    )  # fmt: skip
    rows: Iterable[Row[Any]] = db.session.execute(statement)
    return {row.id: row for row in rows}


def _keep(batch: Batch, items: list[dict[str, Any]], **columns: Any) -> None:
    mine = update(Batch).where(Batch.id == batch.id)
    db.session.execute(mine.values(items=items, **columns))
