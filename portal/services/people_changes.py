"""Noting what was changed about somebody, for ever, and what has to be looked at because of it."""

from typing import Any

from sqlalchemy import func, insert

from portal.domain.people.absence import ChangeKind, ReviewScope
from portal.domain.proof.acts import ActKind
from portal.domain.request.events import SYSTEM
from portal.extensions import db
from portal.models import PeopleChange, PeopleReview
from portal.services import acts


def note(
    person_id: str, kind: ChangeKind, actor_id: str | None, data: dict[str, Any], words: str = ""
) -> None:
    """Note a change in the caller's transaction. `actor_id` None: a command on the server.

    Its time is when it is made, which may be after the transaction began: it waited its turn.
    """
    row: dict[str, Any] = {
        "person_id": person_id,
        "kind": kind,
        "actor_id": actor_id,
        "data": data,
        "note": words,
    }
    row["at"] = func.clock_timestamp()
    db.session.execute(insert(PeopleChange).values(row))
    said = {"change": kind, **data, **({"note": words} if words else {})}
    acts.note(ActKind.PERSON_CHANGED, person_id, said, actor=actor_id or SYSTEM)


def have_reviewed(person_id: str, scope: ReviewScope, cause: str) -> None:
    """Let a worker look at the open requests that are concerned, as soon as the change holds."""
    row = {"person_id": person_id, "scope": scope, "cause": cause}
    db.session.execute(insert(PeopleReview).values(row))
