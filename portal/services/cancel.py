"""End a request with a reason. For admins; the page's guard asks for the right."""

from datetime import UTC, datetime

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import Cancel
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.standing import Standing, standing_of


def cancel(number: str, reason: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Record a cancellation. Raises Refused, with the reason, when it is empty or too late."""
    standing = standing_of(number, command_id, actor_id)
    refusal = None if standing.sent_before else _refusal(standing, reason)
    if refusal is not None:
        raise Refused(refusal, reason)
    command = Cancel(
        command_id=command_id,
        request_id=standing.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        reason=reason,
    )
    return issue(command, click, standing.number, standing.workflow)


def _refusal(standing: Standing, reason: str) -> Refusal | None:
    if not standing.status.is_open:
        return Refusal.CLOSED
    return None if reason.strip() else Refusal.COMMENT_REQUIRED
