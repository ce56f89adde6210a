"""Recording acts: what people do beside requests, each with who, from where, and what changed.

One function for everybody. Who acts, in which session and from which address comes from the
present request, by what the application binds; a command on the server acts as the system.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from portal.domain.proof.acts import ActKind, ActRecord
from portal.domain.request.events import SYSTEM
from portal.extensions import db, transaction
from portal.models.acts import record_act, record_acts
from portal.models.columns import new_id

# What is seen or refused again and again is one act for so long.
FOLDED = timedelta(minutes=10)
MOST_FILTERS, LONGEST = 30, 300

log = structlog.get_logger("portal.web")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who acts: a person's id, "" for a visitor, "system" for a command; and from where."""

    actor: str = SYSTEM
    session_id: str | None = None
    address: str | None = None


_bound: list[Callable[[], Origin]] = []


def bind(origin: Callable[[], Origin]) -> None:
    """Say who acts in the present request; the application does so once."""
    _bound[:] = [origin]


def origin() -> Origin:
    """Who acts now."""
    return _bound[0]() if _bound else Origin()


def note(
    kind: ActKind,
    subject: str | None = None,
    data: Mapping[str, Any] | None = None,
    *,
    actor: str | None = None,
    session_id: str | None = None,
    fold: str | None = None,
) -> None:
    """Record an act in the caller's transaction.

    `actor`: where it is not whoever is signed in. `fold`: what makes it the same act as another of
    the same person in the same ten minutes, which is then recorded once.
    """
    here, now = origin(), datetime.now(UTC)
    who = here.actor if actor is None else actor
    act = ActRecord(
        id=new_id() if fold is None else _folded(kind, who or here.address or "", fold, now),
        at=now,
        kind=kind,
        actor=who,
        session_id=session_id or here.session_id,
        address=here.address,
        subject=subject,
        data=dict(data or {}),
    )
    record_act(db.session.connection(), act)


def note_many(kind: ActKind, said: Iterable[tuple[str, Mapping[str, Any]]], by: Origin) -> None:
    """Record an act of `by` for each subject, in the caller's transaction, all at once."""
    now = datetime.now(UTC)
    made = (
        ActRecord(
            id=new_id(),
            at=now,
            kind=kind,
            actor=by.actor,
            session_id=by.session_id,
            address=by.address,
            subject=subject,
            data=dict(data),
        )
        for subject, data in said
    )
    record_acts(db.session.connection(), made)


def keep(kind: ActKind, subject: str | None = None, **said: Any) -> None:
    """Record an act by itself, at once, whatever becomes of the rest of the request: a refusal, a
    look, a file. Where the database is away the answer goes out all the same."""
    fold, actor = said.pop("fold", None), said.pop("actor", None)
    try:
        db.session.rollback()  # what the request did not commit, it did not want kept
        with transaction():
            note(kind, subject, said, fold=fold, actor=actor)
            db.session.commit()
    except (DBAPIError, NoFreeConnection) as error:
        db.session.rollback()
        log.error("act not recorded", kind=kind, error=type(error).__name__)


def filters(given: Mapping[str, str]) -> dict[str, str]:
    """What an address asks for, as far as it can be kept."""
    kept = list(given.items())[:MOST_FILTERS]
    return {
        name.replace("\x00", "")[:LONGEST]: value.replace("\x00", "")[:LONGEST]
        for name, value in kept
    }


def account_mark(email: str) -> str:
    """What tells tries at one account from those at another, without saying which it is."""
    return sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()[:16]


def _folded(kind: ActKind, who: str, fold: str, now: datetime) -> str:
    window = int(now.timestamp() // FOLDED.total_seconds())
    return str(uuid5(NAMESPACE_URL, f"{kind}\n{who}\n{fold}\n{window}"))
