"""Ask somebody beside the policy's people, too."""

from dataclasses import dataclass
from datetime import UTC, datetime

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import AddApprover
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.standing import standing_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What a form says: whom to ask, too, and why. `round` is the one the person saw."""

    command_id: str
    number: str
    round: int
    to_id: str
    reason: str = ""


def add_approver(wish: Addition, actor_id: str, click: Click) -> Receipt:
    """Record that somebody is added. Whether the actor may is asked before, and by the workflow.

    Raises Refused, with the reason, where the request is closed or the person may never decide it.
    """
    standing = standing_of(wish.number, wish.command_id, actor_id)
    if not standing.sent_before:
        if not standing.status.is_open:
            raise Refused(Refusal.LATE, wish.reason)
        if standing.is_by(wish.to_id):
            raise Refused(Refusal.BARRED, wish.reason)
    command = AddApprover(
        command_id=wish.command_id,
        request_id=standing.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        to_id=wish.to_id,
        round=wish.round,
        comment=wish.reason,
    )
    return issue(command, click, standing.number, standing.workflow)
