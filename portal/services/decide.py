"""Approve, reject or send back a task that is one's own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import Row, Select, Uuid, bindparam, select

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Decision
from portal.domain.request.click import Click
from portal.domain.request.commands import Approve, Reject, SendBack, TaskCommand
from portal.domain.request.files import KeptFile
from portal.domain.request.values import Status, TaskStatus, Via
from portal.extensions import db
from portal.models import Command, Request, Task
from portal.services.attachments import attach
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.notifications import mark_tasks_read

LONGEST_COMMENT = 10_000

_COMMANDS: dict[Decision, type[TaskCommand]] = {
    Decision.APPROVE: Approve,
    Decision.REJECT: Reject,
    Decision.SEND_BACK: SendBack,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What a decision form says. `content_version` is the one the person saw."""

    command_id: str
    task_id: str
    decision: Decision
    content_version: int
    comment: str = ""
    files: tuple[KeptFile, ...] = ()


def decide(vote: Vote, actor_id: str, click: Click, via: Via = Via.WEB) -> Receipt:
    """Record the decision and see what becomes of it.

    A form that was sent before gives the first result. Raises Refused, with the comment, where
    the projection shows that the workflow would refuse: nothing is recorded then.
    """
    row = db.session.execute(
        _statement(), {"task": vote.task_id, "command": vote.command_id}
    ).one_or_none()
    if row is None:
        raise Refused(Refusal.UNKNOWN_TASK, vote.comment)
    sent_before = row.sender_id is not None
    refusal = _reused(row, vote, actor_id) if sent_before else refusal_of(row, vote, actor_id)
    if refusal is not None:
        raise Refused(refusal, vote.comment)
    also = partial(_on_the_way, vote, actor_id, row.request_id)
    return issue(command_of(row, vote, actor_id, via), click, row.number, row.workflow, also)


def _on_the_way(vote: Vote, actor_id: str, request_id: str) -> None:
    """What goes with a decision: its files; and what asked for it counts as read."""
    if vote.files:
        attach(vote.command_id, actor_id, request_id)
    mark_tasks_read(actor_id, [vote.task_id])


def command_of(row: Row[Any], vote: Vote, actor_id: str, via: Via = Via.WEB) -> TaskCommand:
    """The command that a vote on a task (`task_columns`) amounts to."""
    return _COMMANDS[vote.decision](
        command_id=vote.command_id,
        request_id=row.request_id,
        actor_id=actor_id,
        on_behalf_of=row.acting_for,
        at=datetime.now(UTC),
        via=via,
        task_id=vote.task_id,
        round=row.round,
        content_version=vote.content_version,
        comment=vote.comment,
        files=tuple(file.as_value() for file in vote.files),
    )


def _reused(row: Row[Any], vote: Vote, actor_id: str) -> Refusal | None:
    """A key belongs to one person and one task: any other use of it is no repeat."""
    same = (row.sender_id, row.sent_about) == (actor_id, vote.task_id)
    return None if same else Refusal.NOT_ALLOWED


def refusal_of(row: Row[Any], vote: Vote, actor_id: str) -> Refusal | None:
    """Why the workflow would refuse a vote on a task (`task_columns`), in the order it asks."""
    if not {actor_id, row.acting_for}.isdisjoint({row.requester_id, row.request_for} - {None}):
        return Refusal.EXCLUDED
    if actor_id != row.assignee_id:
        return Refusal.NOT_YOURS
    if not Status(row.status).is_open:
        return Refusal.LATE
    if row.status == Status.ON_HOLD:
        return Refusal.ON_HOLD
    if vote.content_version != row.content_version or row.round != row.request_round:
        return Refusal.STALE
    if row.task_status != TaskStatus.OPEN or row.settles_at is not None:
        return Refusal.LATE
    if vote.decision.value in row.comment_required and not vote.comment.strip():
        return Refusal.COMMENT_REQUIRED
    return None


def task_columns() -> tuple[Any, ...]:
    """What has to be known of a task and its request before a vote."""
    return (
        Task.request_id, Task.assignee_id, Task.acting_for, Task.round,
        Task.status.label("task_status"), Task.comment_required, Request.number, Request.workflow,
        Request.status, Request.requester_id, Request.content_version,
        Request.on_behalf_of.label("request_for"), Request.round.label("request_round"),
        Request.settles_at,
    )  # fmt: skip


@cache
def _statement() -> Select[*tuple[Any, ...]]:
    return (
        select(
            *task_columns(),
            Command.actor_id.label("sender_id"),
            Command.task_id.label("sent_about"),
        )
        .join(Request, Request.id == Task.request_id)
        .outerjoin(Command, Command.id == bindparam("command", type_=Uuid(as_uuid=False)))
        .where(Task.id == bindparam("task", type_=Uuid(as_uuid=False)))
    )
