"""The requester's nudge to everybody who is asked now."""

from datetime import UTC, datetime

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import Remind
from portal.domain.request.values import Status
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.standing import Standing, standing_of


def remind(number: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Record the nudge; the workflow refuses one that comes too soon after another.

    Raises Refused for anybody but the requester, and where nobody is asked.
    """
    standing = standing_of(number, command_id, actor_id)
    refusal = None if standing.sent_before else _refusal(standing, actor_id)
    if refusal is not None:
        raise Refused(refusal)
    command = Remind(
        command_id=command_id,
        request_id=standing.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
    )
    return issue(command, click, standing.number, standing.workflow)


def _refusal(standing: Standing, actor_id: str) -> Refusal | None:
    if not standing.is_by(actor_id):
        return Refusal.NOT_ALLOWED
    if not standing.status.is_open:
        return Refusal.CLOSED
    return Refusal.ON_HOLD if standing.status is Status.ON_HOLD else None
