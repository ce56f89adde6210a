"""Say something to everybody who may see a request."""

from datetime import UTC, datetime
from functools import partial

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import Comment
from portal.domain.request.files import KeptFile
from portal.services.attachments import attach
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.standing import Standing, standing_of


def comment(
    number: str,
    text: str,
    command_id: str,
    actor_id: str,
    click: Click,
    files: tuple[KeptFile, ...] = (),
) -> Receipt:
    """Record a comment with its files. Whether the actor may see the request is asked before.

    Raises Refused, with the text, when it is empty or the request is closed.
    """
    standing = standing_of(number, command_id, actor_id)
    refusal = None if standing.sent_before else _refusal(standing, text)
    if refusal is not None:
        raise Refused(refusal, text)
    command = Comment(
        command_id=command_id,
        request_id=standing.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        comment=text,
        files=tuple(file.as_value() for file in files),
    )
    also = partial(attach, command_id, actor_id, standing.id) if files else None
    return issue(command, click, standing.number, standing.workflow, also)


def _refusal(standing: Standing, text: str) -> Refusal | None:
    if not standing.status.is_open:
        return Refusal.CLOSED
    return None if text.strip() else Refusal.COMMENT_REQUIRED
