"""Somebody goes away and another decides for them: looked at first, then set, then ended."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from portal.domain.people.absence import ChangeKind, Period
from portal.domain.people.permissions import Role
from portal.extensions import db
from portal.models import Delegation, User
from portal.services.people_changes import note


class AwayRefused(Exception):
    """It cannot be like this: a sentence, and the form's field that it is about."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An absence as it is asked for. `type_codes` None: all types; `max_amount` in minor units."""

    delegator_id: str
    delegate_id: str
    period: Period
    type_codes: tuple[str, ...] | None = None
    max_amount: int | None = None
    currency: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OtherAbsence:
    """An absence that lies across the one asked for."""

    name: str
    starts_at: datetime
    ends_at: datetime


def check(wish: Wish) -> tuple[OtherAbsence, ...]:
    """Raise AwayRefused if it cannot be; else when the delegate is away too for a part of it."""
    if wish.delegate_id == wish.delegator_id:
        raise AwayRefused("person", "Whoever is away cannot act for themselves: choose another.")
    if wish.period.ends_at <= wish.period.starts_at:
        raise AwayRefused("last", "This absence is over already: give a last day to come.")
    _require_able(wish)
    own = db.session.scalar(select(Delegation.ends_at).where(_across(wish, wish.delegator_id)))
    if own is not None:
        raise AwayRefused("first", "There is a delegation for this time already: end it first.")
    away = select(User.name, Delegation.starts_at, Delegation.ends_at).join(
        User, User.id == Delegation.delegator_id
    )
    rows = db.session.execute(
        away.where(_across(wish, wish.delegate_id)).order_by(Delegation.starts_at)
    )
    found = tuple(OtherAbsence(*row) for row in rows)
    for each in found:
        if each.starts_at <= wish.period.starts_at and each.ends_at >= wish.period.ends_at:
            name = each.name
            raise AwayRefused("person", f"{name} is away all this time too: choose somebody else.")
    return found


def is_set(delegation_id: str) -> bool:
    """Whether a form with this key was sent before."""
    return db.session.get(Delegation, delegation_id) is not None


def set_away(wish: Wish, delegation_id: str, actor_id: str) -> None:
    """Record the absence; the worker moves the tasks when it begins. The same id again is nothing
    new. Raises AwayRefused as `check` does.
    """
    if is_set(delegation_id):
        return
    # Two forms of one person at the same moment: the second sees the first.
    db.session.execute(select(User.id).where(User.id == wish.delegator_id).with_for_update())
    check(wish)
    row = {
        "id": delegation_id,
        "delegator_id": wish.delegator_id,
        "delegate_id": wish.delegate_id,
        "type_codes": None if wish.type_codes is None else list(wish.type_codes),
        "starts_at": wish.period.starts_at,
        "ends_at": wish.period.ends_at,
        "max_amount": wish.max_amount,
        "currency": wish.currency if wish.max_amount is not None else None,
        "reason": wish.reason,
        "created_by": actor_id,
    }
    made = insert(Delegation).values(row).on_conflict_do_nothing().returning(Delegation.id)
    if db.session.execute(made).one_or_none() is not None:
        data = {
            "delegation_id": delegation_id,
            "delegate_id": wish.delegate_id,
            "starts_at": wish.period.starts_at.isoformat(),
            "ends_at": wish.period.ends_at.isoformat(),
            "type_codes": row["type_codes"],
            "max_amount": wish.max_amount,
            "currency": row["currency"],
        }
        note(wish.delegator_id, ChangeKind.AWAY, actor_id, data, wish.reason)
    db.session.commit()


def end(delegation_id: str, actor_id: str, *, is_admin: bool) -> str:
    """End an absence now, or one that has not begun; returns whose it was. Again is nothing new.

    Raises LookupError where there is none, or it is not the actor's to end.
    """
    found = db.session.get(Delegation, delegation_id)
    if found is None or not (is_admin or found.delegator_id == actor_id):
        raise LookupError(delegation_id)
    delegator_id = found.delegator_id
    mine = Delegation.id == delegation_id
    ended = update(Delegation).where(mine, _not_over()).values(
        revoked_at=func.now(), revoked_by=actor_id
    )  # fmt: skip
    if db.session.execute(ended.returning(Delegation.id)).one_or_none() is not None:
        note(delegator_id, ChangeKind.BACK, actor_id, {"delegation_id": delegation_id})
    db.session.commit()
    return delegator_id


def end_all_of(person_id: str, actor_id: str | None, why: str) -> None:
    """End every absence of the person, and every one in which they act; in the caller's
    transaction."""
    theirs = or_(Delegation.delegator_id == person_id, Delegation.delegate_id == person_id)
    ended = update(Delegation).where(theirs, _not_over()).values(
        revoked_at=func.now(), revoked_by=actor_id
    )  # fmt: skip
    gone = db.session.execute(ended.returning(Delegation.id, Delegation.delegator_id)).all()
    for row in gone:
        note(row.delegator_id, ChangeKind.BACK, actor_id, {"delegation_id": row.id}, why)


def _not_over() -> ColumnElement[bool]:
    return and_(Delegation.revoked_at.is_(None), Delegation.ends_at > func.now())


def _across(wish: Wish, person_id: str) -> ColumnElement[bool]:
    """An absence of the person that lies across the time and the types of the wish."""
    across = [
        Delegation.delegator_id == person_id,
        _not_over(),
        Delegation.starts_at < wish.period.ends_at,
        Delegation.ends_at > wish.period.starts_at,
    ]
    if wish.type_codes is not None:
        types = Delegation.type_codes
        across.append(or_(types.is_(None), types.overlap(list(wish.type_codes))))
    return and_(*across)


def _require_able(wish: Wish) -> None:
    columns = select(User.id, User.name, User.is_active, User.roles)
    both = columns.where(User.id.in_([wish.delegator_id, wish.delegate_id]))
    people = {row.id: row for row in db.session.execute(both)}
    for person_id, field in ((wish.delegate_id, "person"), (wish.delegator_id, "first")):
        person = people.get(person_id)
        if person is None or not person.is_active:
            raise AwayRefused(field, "This person does not work here any more.")
        if Role.AUDITOR.value in person.roles:
            raise AwayRefused(field, f"{person.name} is an auditor, who reads and never decides.")
