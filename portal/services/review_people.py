"""Have it looked at again who is asked. For admins; the page's guard asks for the right."""

from datetime import UTC, datetime

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import ReviewPeople
from portal.domain.request.values import Status
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.standing import Standing, standing_of

CAUSE = "An administrator asked for it."


def review_people(number: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Record the wish. Raises Refused where the request is not waiting for anybody."""
    standing = standing_of(number, command_id, actor_id)
    refusal = None if standing.sent_before else _refusal(standing)
    if refusal is not None:
        raise Refused(refusal)
    command = ReviewPeople(
        command_id=command_id,
        request_id=standing.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        cause=CAUSE,
    )
    return issue(command, click, standing.number, standing.workflow)


def _refusal(standing: Standing) -> Refusal | None:
    if not standing.status.is_open:
        return Refusal.CLOSED
    if standing.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    return None if standing.status is Status.PENDING else Refusal.NOT_ALLOWED
