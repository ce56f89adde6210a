"""Legal holds, how long types keep texts and files, and erasing by hand, each of them an act with
before and after."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from portal.config import Settings
from portal.domain.marked import msgid
from portal.domain.proof.acts import ActKind
from portal.domain.proof.retention import Bar, HoldScope, Kept, Retention
from portal.extensions import db
from portal.models import Attachment, LegalHold, Request, RequestType, User
from portal.proof import erasing, forgetting
from portal.services import acts
from portal.services.file_store import StoreAway, store_of

NO_REQUEST = msgid("There is no request with that number.")
NO_PERSON = msgid("Choose a person.")
NO_TYPE = msgid("Choose a request type.")
PAST = msgid("Choose a day in the future, or leave it empty.")


class HoldRejected(Exception):
    """A hold that cannot be placed; the message is a sentence. `field`: whose value is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class HoldGone(Exception):
    """There is no such hold, or it was lifted already."""


class KeptAllTheSame(Exception):
    """The request is open, was closed only a moment ago, or a legal hold keeps it."""


class PersonStays(Exception):
    """Somebody's personal data are not erased; `bars` says why."""

    def __init__(self, bars: Iterable[Bar]) -> None:
        super().__init__(", ".join(bars))
        self.bars = tuple(bars)


class RetentionMoved(Exception):
    """Somebody else changed the retention of a type since the form was drawn."""


@dataclass(frozen=True, slots=True)
class NewHold:
    """A hold as a form says it. `typed`: a request's number, a person's id, or a type's code."""

    scope: HoldScope
    typed: str
    reason: str
    until: datetime | None = None


def place(wish: NewHold, key: str, actor_id: str) -> None:
    """Place a hold; the same key again places no other. Raises HoldRejected."""
    subject, label = _meant(wish)
    if wish.until is not None and wish.until <= datetime.now(UTC):
        raise HoldRejected("until", PAST)
    db.session.execute(erasing.LOCK_HOLDS)
    values = {
        "id": key, "scope": wish.scope.value, "subject": subject, "label": label,
        "reason": wish.reason, "until": wish.until, "placed_by": actor_id,
    }  # fmt: skip
    made = insert(LegalHold).values(values).on_conflict_do_nothing().returning(LegalHold.__table__)
    row = db.session.execute(made).one_or_none()
    if row is not None:
        acts.note(ActKind.HELD, subject, {"before": None, "after": _said(row)}, actor=actor_id)
    db.session.commit()


def lift(hold_id: str, reason: str, actor_id: str) -> None:
    """Lift a hold: from now on retention goes on. Raises HoldGone."""
    db.session.execute(erasing.LOCK_HOLDS)
    table = LegalHold.__table__
    mine = table.c.id == hold_id
    before = db.session.execute(select(table).where(mine).with_for_update()).one_or_none()
    if before is None or before.lifted_at is not None:
        db.session.rollback()
        raise HoldGone
    lifted = {"lifted_by": actor_id, "lifted_at": func.now(), "lifted_because": reason}
    change = update(LegalHold).where(LegalHold.id == hold_id).values(lifted)
    after = db.session.execute(change.returning(table)).one()
    said = {"before": _said(before), "after": _said(after)}
    acts.note(ActKind.HELD, before.subject, said, actor=actor_id)
    db.session.commit()


def set_days(days: Mapping[str, Retention], seen: Mapping[str, Retention], actor_id: str) -> bool:
    """How long each type keeps texts, files and whole requests, by code; False if nothing changed.
    Raises RetentionMoved where one is not as it was seen."""
    types = select(RequestType).where(RequestType.code.in_(days)).order_by(RequestType.code)
    changed = False
    for each in db.session.scalars(types.with_for_update()):
        before, after = _kept(each), days[each.code]
        if before == after:
            continue
        if before != seen.get(each.code):
            db.session.rollback()
            raise RetentionMoved
        for name, value in _days(after).items():
            setattr(each, name, value)
        said = {"retention": True, "before": _days(before), "after": _days(after)}
        acts.note(ActKind.TYPE_CHANGED, each.code, said, actor=actor_id)
        changed = True
    db.session.commit()
    return changed


def erase_request(request_id: str, reason: str, settings: Settings) -> bool:
    """Erase texts and files of a request for a reason; False if there was nothing left. Raises
    KeptAllTheSame."""
    here = acts.origin()
    by = erasing.ErasedBy(here.actor, "asked", reason, here.session_id, here.address)
    try:
        found = erasing.erase(db.session.connection(), request_id, frozenset(Kept), by)
    except erasing.NotErasable as error:
        db.session.rollback()
        raise KeptAllTheSame from error
    db.session.commit()
    return _removed(found, settings)


def erase_person(person_id: str, key: str, reason: str, settings: Settings) -> bool:
    """Erase the personal data of somebody who left, for a reason; False where that was done
    already. `key`: the id of the act. Raises LookupError and PersonStays."""
    here = acts.origin()
    by = erasing.ErasedBy(here.actor, "asked", reason, here.session_id, here.address)
    connection = db.session.connection()
    try:
        found = forgetting.forget(connection, person_id, key, by, settings.languages)
    except forgetting.NotForgettable as error:
        db.session.rollback()
        raise PersonStays(error.bars) from error
    db.session.commit()
    return _removed(found, settings)


def _removed(found: erasing.Erased | forgetting.Forgotten | None, settings: Settings) -> bool:
    """Remove the bytes of erased files; what the store does not take, the clean-up tries again.
    Whether anything was erased."""
    gone = []
    for each in () if found is None else found.files:
        try:
            store_of(settings).delete(each)
        except StoreAway:
            break
        gone.append(each)
    if gone:
        removed = update(Attachment).where(Attachment.id.in_(gone))
        db.session.execute(removed.values(removed_at=func.now()))
        db.session.commit()
    return found is not None and found != erasing.Erased()


def _meant(wish: NewHold) -> tuple[str, str]:
    """The subject of a hold, and what it is called. Raises HoldRejected."""
    if wish.scope is HoldScope.REQUEST:
        number = wish.typed.strip().upper()
        found = select(Request.id, Request.number).where(Request.number == number)
        refusal = HoldRejected("number", NO_REQUEST)
    elif wish.scope is HoldScope.PERSON:
        found = select(User.id, User.name).where(User.id == (wish.typed or None))
        refusal = HoldRejected("person", NO_PERSON)
    else:
        found = select(RequestType.code, RequestType.name).where(RequestType.code == wish.typed)
        refusal = HoldRejected("type", NO_TYPE)
    row = db.session.execute(found).one_or_none()
    if row is None:
        raise refusal
    return str(row[0]), str(row[1])


def _said(row: Row[Any]) -> dict[str, Any]:
    """A hold as acts name it."""
    lifted = None if row.lifted_at is None else row.lifted_at.isoformat()
    return {
        "hold": str(row.id), "scope": row.scope, "subject": row.subject, "label": row.label,
        "reason": row.reason, "until": None if row.until is None else row.until.isoformat(),
        "lifted": lifted, "lifted_because": row.lifted_because,
    }  # fmt: skip


def _kept(each: RequestType) -> Retention:
    return Retention(each.texts_days, each.files_days, each.requests_days)


def _days(retention: Retention) -> dict[str, int | None]:
    return asdict(retention)
