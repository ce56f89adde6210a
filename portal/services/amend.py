"""Changing a request that waits for decisions: a new version of what is asked for."""

from datetime import UTC, datetime

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import Amend
from portal.domain.request.values import Status
from portal.services import attachments
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.resubmit import Correction
from portal.services.standing import Standing, standing_of


def amend(correction: Correction, actor_id: str, click: Click) -> Receipt:
    """Record the change and see what becomes of it; a form that was sent before gives the first
    result. Raises Refused where the projection shows that the workflow would refuse."""
    standing = standing_of(correction.number, correction.command_id, actor_id)
    refusal = None if standing.sent_before else _refusal(standing, correction, actor_id)
    if refusal is not None:
        raise Refused(refusal, correction.comment)
    command = Amend(
        command_id=correction.command_id,
        request_id=standing.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        content=correction.content,
        content_version=correction.content_version,
        comment=correction.comment,
    )
    attachments.attach(correction.command_id, actor_id, standing.id)
    return issue(command, click, standing.number, standing.workflow)


def not_now(status: Status) -> Refusal | None:
    """Why a request of that status cannot be changed."""
    if not status.is_open:
        return Refusal.CLOSED
    return {Status.ON_HOLD: Refusal.ON_HOLD, Status.RETURNED: Refusal.RETURNED}.get(status)


def _refusal(standing: Standing, correction: Correction, actor_id: str) -> Refusal | None:
    if not standing.is_by(actor_id):
        return Refusal.NOT_ALLOWED
    refusal = not_now(standing.status)
    if refusal is not None:
        return refusal
    if correction.content_version != standing.content_version:
        return Refusal.STALE
    same = correction.content.fingerprint() == standing.content_hash
    return Refusal.UNCHANGED if same else None
