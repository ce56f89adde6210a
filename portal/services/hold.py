"""Stop a request's clocks, and let them run on. For admins; the page's guard asks for the right."""

from datetime import UTC, datetime

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import Hold, Resume
from portal.domain.request.values import Status
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.standing import Standing, standing_of


def hold(number: str, reason: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Record a hold with its reason. Raises Refused, with the reason, where there is no clock."""
    standing = standing_of(number, command_id, actor_id)
    refusal = None if standing.sent_before else _may_not_hold(standing, reason)
    if refusal is not None:
        raise Refused(refusal, reason)
    command = Hold(
        command_id=command_id,
        request_id=standing.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        reason=reason,
    )
    return issue(command, click, standing.number, standing.workflow)


def resume(number: str, text: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Record that the clocks run on, or, where nobody could be asked, that routing tries again.

    Raises Refused, with the comment, where the request is neither on hold nor needs attention.
    """
    standing = standing_of(number, command_id, actor_id)
    refusal = None if standing.sent_before else _may_not_resume(standing)
    if refusal is not None:
        raise Refused(refusal, text)
    command = Resume(
        command_id=command_id,
        request_id=standing.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        comment=text,
    )
    return issue(command, click, standing.number, standing.workflow)


def _may_not_hold(standing: Standing, reason: str) -> Refusal | None:
    if not standing.status.is_open:
        return Refusal.CLOSED
    if standing.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    if standing.status is not Status.PENDING:
        return Refusal.NOT_ALLOWED
    return None if reason.strip() else Refusal.COMMENT_REQUIRED


def _may_not_resume(standing: Standing) -> Refusal | None:
    if not standing.status.is_open:
        return Refusal.CLOSED
    if standing.status is Status.ON_HOLD or standing.needs_attention:
        return None
    return Refusal.NOT_HELD
