"""What somebody is asked to prove. Each row is taken by the answer that holds, so it serves once.

Nothing here commits: the act that it belongs to does.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from portal.extensions import db
from portal.models import Challenge
from portal.models.columns import new_id


class ChallengeKind(StrEnum):
    """What the answer is for."""

    PASSKEY_NEW = "passkey_new"
    SIGN_IN = "sign_in"
    SECOND = "second"
    CONFIRM = "confirm"
    DECISION = "decision"
    PROVIDER = "provider"
    LOGOUT = "logout"


LIFETIMES = {
    ChallengeKind.PASSKEY_NEW: timedelta(minutes=10),
    ChallengeKind.SIGN_IN: timedelta(minutes=10),
    ChallengeKind.SECOND: timedelta(minutes=10),
    ChallengeKind.CONFIRM: timedelta(minutes=10),
    ChallengeKind.DECISION: timedelta(hours=1),
    ChallengeKind.PROVIDER: timedelta(minutes=10),
    ChallengeKind.LOGOUT: timedelta(hours=1),
}
MOST_CLEANED = 100


@dataclass(frozen=True, slots=True)
class OpenChallenge:
    """One that was not answered yet."""

    id: str
    kind: ChallengeKind
    user_id: str | None
    data: dict[str, Any]


def put(kind: ChallengeKind, data: dict[str, Any], user_id: str | None = None) -> str:
    """Ask; returns the id, which the browser keeps."""
    challenge_id = new_id()
    db.session.execute(
        insert(Challenge).values(
            id=challenge_id,
            kind=kind,
            user_id=user_id,
            data=data,
            expires_at=func.now() + LIFETIMES[kind],
        )
    )
    return challenge_id


def first_time(kind: ChallengeKind, name: str) -> bool:
    """Whether nothing of that name was met before, while it lives; it is noted then."""
    row = {
        "id": str(uuid5(NAMESPACE_URL, f"{kind}\n{name}")), "kind": kind, "data": {},
        "expires_at": func.now() + LIFETIMES[kind],
    }  # fmt: skip
    noted = insert_or_not(Challenge).values(row).on_conflict_do_nothing().returning(Challenge.id)
    return db.session.execute(noted).one_or_none() is not None


def find(challenge_id: object, kind: ChallengeKind, user_id: str | None) -> OpenChallenge | None:
    """The challenge, where it was asked of this person (None: of nobody we know) and waits."""
    found = find_anybodys(challenge_id, kind)
    return found if found and found.user_id == user_id else None


def find_anybodys(challenge_id: object, kind: ChallengeKind) -> OpenChallenge | None:
    """The same, whoever is asked: for a browser that is nobody's yet, which proves by its signed
    cookie that it was this one."""
    if not isinstance(challenge_id, str):
        return None
    row = db.session.execute(
        select(Challenge.id, Challenge.kind, Challenge.user_id, Challenge.data).where(
            *_waiting(challenge_id, kind)
        )
    ).one_or_none()
    if row is None:
        return None
    return OpenChallenge(row.id, ChallengeKind(row.kind), row.user_id, row.data)


def take(challenge: OpenChallenge) -> bool:
    """Use it up; False where another answer did so meanwhile."""
    taken = delete(Challenge).where(*_waiting(challenge.id, challenge.kind))
    return db.session.execute(taken.returning(Challenge.id)).one_or_none() is not None


def clean() -> None:
    """Delete some that nobody answered in time."""
    old = select(Challenge.id).where(Challenge.expires_at < func.now()).limit(MOST_CLEANED)
    db.session.execute(delete(Challenge).where(Challenge.id.in_(old)))


def _waiting(challenge_id: str, kind: ChallengeKind) -> tuple[Any, ...]:
    return (
        Challenge.id == challenge_id,
        Challenge.kind == kind,
        Challenge.expires_at > func.now(),
    )
