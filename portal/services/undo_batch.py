"""Take back a whole batch of decisions: as many of them as still can be.

Each is a command of its own, whose id follows from the batch's and the task's: pressed twice, it
is once. The relay delivers them, each after the decision that it takes back.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, Select, func, select, update

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import Retract
from portal.domain.request.values import Status, Via
from portal.extensions import db
from portal.models import Batch, Command, PolicyVersion, Request, Task
from portal.models.undoing import is_overtaken, undo_until
from portal.services.batches import UnknownBatch
from portal.services.commands import store

# The decision does not stand any more: it was taken back by itself.
UNDONE = "undone"


def undo(batch_id: str, user_id: str, click: Click) -> None:
    """Record the wish to take back each decision of the batch; note the reason at the others.

    A batch that was undone before, or is not decided, stays as it is. Raises UnknownBatch.
    """
    batch = db.session.get(Batch, batch_id, with_for_update=True)
    if batch is None or batch.user_id != user_id:
        db.session.rollback()
        raise UnknownBatch
    if batch.decided_at is None or any("undo" in each or "kept" in each for each in batch.items):
        db.session.rollback()
        return
    rows = _rows([item["command"] for item in batch.items if "command" in item])
    items, commands = [], []
    for item in batch.items:
        row = rows.get(item.get("command"))
        if row is None or row.outcome == "refused":
            items.append(item)
        elif (reason := _why_not(row, user_id)) is not None:
            items.append(item | {"kept": reason})
        else:
            key = str(uuid5(UUID(batch_id), f"undo {row.task_id}"))
            items.append(item | {"undo": key})
            commands.append((_command(row, key, user_id), row.number, row.workflow))
    store(commands, click)
    db.session.execute(update(Batch).where(Batch.id == batch_id).values(items=items))
    db.session.commit()


def _why_not(row: Row[Any], user_id: str) -> str | None:
    """Why a decision cannot be taken back any more; whatever still waits to be applied can."""
    if row.outcome is None:
        return None
    if row.is_overtaken or row.decided_by != user_id:
        return UNDONE
    if row.status == Status.ON_HOLD:
        return Refusal.ON_HOLD.value
    return None if row.is_in_time else Refusal.UNDO_OVER.value


def _command(row: Row[Any], key: str, user_id: str) -> Retract:
    return Retract(
        command_id=key,
        request_id=row.request_id,
        actor_id=user_id,
        on_behalf_of=row.acting_for,
        at=datetime.now(UTC),
        via=Via.BULK,
        task_id=row.task_id,
    )


def _rows(command_ids: list[str]) -> dict[str | None, Row[Any]]:
    statement: Select[*tuple[Any, ...]] = (
        select(
            Command.id, Command.outcome, Task.id.label("task_id"), Task.request_id,
            Task.acting_for, Task.decided_by, Request.number, Request.workflow, Request.status,
            (undo_until() > func.now()).label("is_in_time"), is_overtaken().label("is_overtaken"),
        )
        .join(Task, Task.id == Command.task_id)
        .join(Request, Request.id == Task.request_id)
        .join(PolicyVersion, PolicyVersion.id == Request.policy_version_id)
        .where(Command.id.in_(command_ids))
    )  # fmt: skip
    return {row.id: row for row in db.session.execute(statement)}
