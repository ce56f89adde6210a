"""An administrator decides in place of others. The page's guard asks for the right."""

from dataclasses import dataclass
from datetime import UTC, datetime

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Decision
from portal.domain.request.click import Click
from portal.domain.request.commands import Override
from portal.services import sign_in
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.standing import Standing, standing_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the form says; `stage_key` None means the whole request."""

    command_id: str
    number: str
    decision: Decision
    stage_key: str | None
    reason: str
    content_version: int


def override(ruling: Ruling, password: str, actor_id: str, click: Click) -> Receipt:
    """Record the decision once the password was right; a form that was sent before gives the first
    result. Raises WrongPassword, TooMany, Busy, and Refused with the reason kept."""
    sign_in.confirm(actor_id, password)
    standing = standing_of(ruling.number, ruling.command_id, actor_id)
    refusal = None if standing.sent_before else _refusal(standing, ruling, actor_id)
    if refusal is not None:
        raise Refused(refusal, ruling.reason)
    command = Override(
        command_id=ruling.command_id,
        request_id=standing.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        decision=ruling.decision,
        stage_key=ruling.stage_key,
        reason=ruling.reason,
        content_version=ruling.content_version,
    )
    return issue(command, click, standing.number, standing.workflow)


def _refusal(standing: Standing, ruling: Ruling, actor_id: str) -> Refusal | None:
    if standing.is_by(actor_id):
        return Refusal.EXCLUDED
    if not standing.status.is_open:
        return Refusal.CLOSED
    if not ruling.reason.strip():
        return Refusal.COMMENT_REQUIRED
    return None if ruling.content_version == standing.content_version else Refusal.STALE
