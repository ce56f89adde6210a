"""Taking back one's own request."""

from datetime import UTC, datetime

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import Withdraw
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.standing import standing_of


def withdraw(number: str, command_id: str, comment: str, actor_id: str, click: Click) -> Receipt:
    """Record the command and see what becomes of it; a form that was sent before gives the first
    result. Raises Refused, with the comment, where the workflow would refuse."""
    standing = standing_of(number, command_id, actor_id)
    if not standing.sent_before:
        if not standing.is_by(actor_id):
            raise Refused(Refusal.NOT_ALLOWED, comment)
        if not standing.status.is_open:
            raise Refused(Refusal.CLOSED, comment)
    command = Withdraw(
        command_id=command_id,
        request_id=standing.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        comment=comment,
    )
    return issue(command, click, standing.number, standing.workflow)
