"""Moving open requests to the newest version of their policy. The page asks for the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, select
from sqlalchemy.orm import aliased

from portal.directory.planner import load_policy
from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.policy.difference import PolicyDifference, difference
from portal.domain.policy.policy import Policy
from portal.domain.request.click import Click
from portal.domain.request.commands import MoveToPolicy
from portal.domain.request.values import Status
from portal.extensions import db
from portal.models import PolicyVersion, Request, RequestType
from portal.services.commands import issue, store

# More at once would make the preview a page that nobody reads.
MOST = 25
NEWEST = "It follows the newest version already."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the form says: these requests, and why. `command_id` is the form's one-time key."""

    command_id: str
    numbers: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Numbers of the requests that move, and of those that do not, with the reason for each."""

    numbers: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


def policy_of(version_id: str) -> Policy:
    """A published version. Raises InvalidPolicy where there is none of that id."""
    return load_policy(db.session.connection(), version_id)


def difference_of(from_id: str, to_id: str) -> PolicyDifference:
    """What the one version says otherwise than the other."""
    return difference(policy_of(from_id), policy_of(to_id))


def move(wish: Wish, actor_id: str, click: Click) -> Moved:
    """Record a command for each request; a form that was sent before changes nothing more."""
    rows = db.session.execute(_rows(wish.numbers)).all()
    left = [(row.number, why) for row in rows if (why := _why_not(row, actor_id))]
    stay = {number for number, _ in left}
    given = [
        (_command(wish, row, actor_id), row.number, row.workflow)
        for row in rows
        if row.number not in stay
    ]
    if len(given) == 1:
        command, number, workflow = given[0]
        receipt = issue(command, click, number, workflow)
        if receipt.outcome == "refused" and receipt.reason is not None:
            return Moved((), (*left, (number, REFUSAL_SENTENCES[receipt.reason])))
    elif given:
        store(given, click)
        db.session.commit()
    return Moved(tuple(number for _, number, _ in given), tuple(left))


def _command(wish: Wish, row: Row[Any], actor_id: str) -> MoveToPolicy:
    changes = difference_of(row.policy_version_id, row.newest_id)
    return MoveToPolicy(
        command_id=str(uuid5(UUID(wish.command_id), row.id)),
        request_id=row.id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        policy_version_id=row.newest_id,
        from_version_id=row.policy_version_id,
        version=row.newest,
        stages=tuple(stage.key for stage in policy_of(row.newest_id).stages),
        same=changes.same,
        reason=wish.reason,
    )


def _why_not(row: Row[Any], actor_id: str) -> str:
    if actor_id in (row.requester_id, row.on_behalf_of):
        return REFUSAL_SENTENCES[Refusal.OWN_REQUEST]
    if not Status(row.status).is_open:
        return REFUSAL_SENTENCES[Refusal.CLOSED]
    return NEWEST if row.newest is None or row.newest <= row.version else ""


def _rows(numbers: Sequence[str]) -> Any:
    newest = aliased(PolicyVersion)
    return (
        select(
            Request.id, Request.number, Request.workflow, Request.status, Request.requester_id,
            Request.on_behalf_of, Request.policy_version_id, PolicyVersion.version,
            newest.id.label("newest_id"), newest.version.label("newest"),
        )
        .join(PolicyVersion, PolicyVersion.id == Request.policy_version_id)
        .outerjoin(RequestType, RequestType.id == PolicyVersion.request_type_id)
        .outerjoin(newest, newest.id == RequestType.policy_version_id)
        .where(Request.number.in_(numbers[:MOST]))
        .order_by(Request.submitted_at, Request.id)
    )  # fmt: skip
