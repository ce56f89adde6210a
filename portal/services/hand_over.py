"""Give a task to somebody else."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import Delegate, Reassign, TakeBack
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.task_standing import TaskStanding, task_standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """What a form says about a task, the person who gets it, and why."""

    command_id: str
    task_id: str
    to_id: str
    reason: str = ""


def reassign(gift: Gift, actor_id: str, click: Click, *, is_admin: bool) -> Receipt:
    """Record that a task is handed over for good: by its owner, or by an admin, who says why.

    The workflow knows who may get it. Raises Refused, with the reason, where the projection shows
    that it would refuse.
    """
    standing = task_standing(gift.task_id, gift.command_id, actor_id)
    refusal = None if standing.sent_before else _may_not_move(standing, gift, actor_id, is_admin)
    if refusal is not None:
        raise Refused(refusal, gift.reason)
    by_admin = is_admin and not standing.is_owner(actor_id)
    command = Reassign(**_given(standing, gift, actor_id), as_admin=by_admin)
    return issue(command, click, standing.number, standing.workflow)


def delegate(gift: Gift, actor_id: str, click: Click) -> Receipt:
    """Record that somebody decides in the owner's place. Raises Refused as `reassign` does."""
    standing = task_standing(gift.task_id, gift.command_id, actor_id)
    refusal = None if standing.sent_before else _may_not_lend(standing, gift, actor_id)
    if refusal is not None:
        raise Refused(refusal, gift.reason)
    command = Delegate(**_given(standing, gift, actor_id))
    return issue(command, click, standing.number, standing.workflow)


def take_back(task_id: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Record that the delegation of a task ends. Raises Refused where the task is not theirs."""
    standing = task_standing(task_id, command_id, actor_id)
    theirs = standing.is_owner(actor_id) or actor_id == standing.assignee_id
    if not standing.sent_before and not theirs:
        raise Refused(Refusal.NOT_YOURS)
    if not standing.sent_before and standing.over is not None:
        raise Refused(standing.over)
    command = TakeBack(
        command_id=command_id,
        request_id=standing.request_id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        task_id=task_id,
        round=standing.round,
        content_version=standing.content_version,
    )
    return issue(command, click, standing.number, standing.workflow)


def _given(standing: TaskStanding, gift: Gift, actor_id: str) -> dict[str, Any]:
    return {
        "command_id": gift.command_id,
        "request_id": standing.request_id,
        "actor_id": actor_id,
        "at": datetime.now(UTC),
        "task_id": gift.task_id,
        "round": standing.round,
        "content_version": standing.content_version,
        "comment": gift.reason,
        "to_id": gift.to_id,
    }


def _may_not_move(
    standing: TaskStanding, gift: Gift, actor_id: str, is_admin: bool
) -> Refusal | None:
    if standing.over is not None:
        return standing.over
    if not standing.is_owner(actor_id):
        if not is_admin:
            return Refusal.NOT_YOURS
        if standing.is_own_request(actor_id):
            return Refusal.OWN_REQUEST
        if not gift.reason.strip():
            return Refusal.COMMENT_REQUIRED
    return _may_not_have(standing, gift)


def _may_not_lend(standing: TaskStanding, gift: Gift, actor_id: str) -> Refusal | None:
    if standing.over is not None:
        return standing.over
    if not standing.is_owner(actor_id):
        return Refusal.NOT_YOURS
    return Refusal.DELEGATED if standing.acting_for else _may_not_have(standing, gift)


def _may_not_have(standing: TaskStanding, gift: Gift) -> Refusal | None:
    if gift.to_id in (standing.assignee_id, standing.acting_for):
        return Refusal.ALREADY_ASKED
    return Refusal.BARRED if standing.is_own_request(gift.to_id) else None
