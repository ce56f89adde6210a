"""Sending a returned request again, changed or not."""

from dataclasses import dataclass
from datetime import UTC, datetime

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import Resubmit
from portal.domain.request.values import Content, Status
from portal.services import attachments
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.standing import standing_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the form says; `content_version` is the version that it was drawn from."""

    command_id: str
    number: str
    content: Content
    content_version: int
    comment: str = ""


def resubmit(correction: Correction, actor_id: str, click: Click) -> Receipt:
    """Record the command and see what becomes of it; a form that was sent before gives the first
    result. Raises Refused where the projection shows that the workflow would refuse."""
    standing = standing_of(correction.number, correction.command_id, actor_id)
    if not standing.sent_before:
        if not standing.is_by(actor_id):
            raise Refused(Refusal.NOT_ALLOWED, correction.comment)
        if not standing.status.is_open:
            raise Refused(Refusal.CLOSED, correction.comment)
        if standing.status is not Status.RETURNED:
            raise Refused(Refusal.NOT_RETURNED, correction.comment)
        if standing.content_version != correction.content_version:
            raise Refused(Refusal.STALE, correction.comment)
    command = Resubmit(
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
