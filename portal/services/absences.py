"""Somebody goes away and another decides for them: looked at first, then set, then ended."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from portal.directory.planner import BEFORE_A_CHANGE
from portal.directory.receivers import closed_to, reach
from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.people.absence import ChangeKind, Period
from portal.domain.people.directory import Absence
from portal.domain.people.permissions import Role
from portal.domain.request import apply as approval
from portal.domain.request.commands import StartDelegation
from portal.domain.request.events import SYSTEM, CommandRefused
from portal.domain.request.state import Approval
from portal.domain.routing.approvers import covers
from portal.extensions import db
from portal.models import Delegation, Request, RequestType, Task, User
from portal.models.columns import new_id
from portal.models.states import kept_states
from portal.queries import own_texts
from portal.services.people_changes import note
from portal.translation import _, lazy

MOST = 100

WHY = {
    Refusal.EXCLUDED: lazy("is the requester or is not allowed to decide it"),
    Refusal.ALREADY_ASKED: lazy("is already asked in the same stage"),
    Refusal.NOT_A_RECEIVER: lazy("may not take tasks of this stage"),
}
OTHER_TYPE = lazy("the delegation does not include this request type")
OTHER_AMOUNT = lazy("the amount is above the delegation's limit or in another currency")
ANOTHERS = lazy("you have it for someone else, and it is not passed on")


class AbsenceRefused(Exception):
    """It cannot be like this: a sentence, and the form's field that it is about."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAbsence:
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


def check(absence: NewAbsence) -> tuple[OtherAbsence, ...]:
    """Raise AbsenceRefused if it cannot be; else when the delegate is away too for a part of it."""
    if absence.delegate_id == absence.delegator_id:
        raise AbsenceRefused(
            "person", _("You cannot delegate to the person who is away. Choose someone else.")
        )
    if absence.period.ends_at <= absence.period.starts_at:
        raise AbsenceRefused("last", _("The last day is in the past. Choose a later one."))
    _require_able(absence)
    own = db.session.scalar(
        select(Delegation.ends_at).where(_across(absence, absence.delegator_id))
    )
    if own is not None:
        raise AbsenceRefused(
            "first", _("There is already a delegation for this time. End it first.")
        )
    away = select(User.name, Delegation.starts_at, Delegation.ends_at).join(
        User, User.id == Delegation.delegator_id
    )
    rows = db.session.execute(
        away.where(_across(absence, absence.delegate_id)).order_by(Delegation.starts_at)
    )
    found = tuple(OtherAbsence(*row) for row in rows)
    for each in found:
        if each.starts_at <= absence.period.starts_at and each.ends_at >= absence.period.ends_at:
            name = each.name
            raise AbsenceRefused(
                "person",
                _("%(name)s is also away during this time. Choose someone else.", name=name),
            )
    return found


def is_set(delegation_id: str) -> bool:
    """Whether a form with this key was sent before."""
    return db.session.get(Delegation, delegation_id) is not None


def set_absence(absence: NewAbsence, delegation_id: str, actor_id: str) -> None:
    """Record the absence; the worker moves the tasks when it begins. The same id again is nothing
    new. Raises AbsenceRefused as `check` does.
    """
    db.session.execute(BEFORE_A_CHANGE)
    if is_set(delegation_id):
        return
    # Two forms of one person at the same moment: the second sees the first.
    db.session.execute(
        select(User.id).where(User.id == absence.delegator_id).with_for_update(key_share=True)
    )
    check(absence)
    row = {
        "id": delegation_id,
        "delegator_id": absence.delegator_id,
        "delegate_id": absence.delegate_id,
        "type_codes": None if absence.type_codes is None else list(absence.type_codes),
        "starts_at": absence.period.starts_at,
        "ends_at": absence.period.ends_at,
        "max_amount": absence.max_amount,
        "currency": absence.currency if absence.max_amount is not None else None,
        "reason": absence.reason,
        "created_by": actor_id,
    }
    made = insert(Delegation).values(row).on_conflict_do_nothing().returning(Delegation.id)
    if db.session.execute(made).one_or_none() is not None:
        data = {
            "delegation_id": delegation_id,
            "delegate_id": absence.delegate_id,
            "starts_at": absence.period.starts_at.isoformat(),
            "ends_at": absence.period.ends_at.isoformat(),
            "type_codes": row["type_codes"],
            "max_amount": absence.max_amount,
            "currency": row["currency"],
        }
        note(absence.delegator_id, ChangeKind.AWAY, actor_id, data, absence.reason)
    db.session.commit()


def end(delegation_id: str, actor_id: str, *, is_admin: bool) -> str:
    """End an absence now, or one that has not begun; returns whose it was. Again is nothing new.

    Raises LookupError where there is none, or it is not the actor's to end.
    """
    db.session.execute(BEFORE_A_CHANGE)
    found = db.session.get(Delegation, delegation_id)
    if found is None or not (is_admin or found.delegator_id == actor_id):
        raise LookupError(delegation_id)
    delegator_id = found.delegator_id
    mine = Delegation.id == delegation_id
    ended = update(Delegation).where(mine, _not_over()).values(
        revoked_at=func.clock_timestamp(), revoked_by=actor_id
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
        revoked_at=func.clock_timestamp(), revoked_by=actor_id
    )  # fmt: skip
    gone = db.session.execute(ended.returning(Delegation.id, Delegation.delegator_id)).all()
    for row in gone:
        note(row.delegator_id, ChangeKind.BACK, actor_id, {"delegation_id": row.id}, why)


def _not_over() -> ColumnElement[bool]:
    return and_(Delegation.revoked_at.is_(None), Delegation.ends_at > func.now())


def _across(absence: NewAbsence, person_id: str) -> ColumnElement[bool]:
    """An absence of the person that lies across the time and the types of the absence."""
    across = [
        Delegation.delegator_id == person_id,
        _not_over(),
        Delegation.starts_at < absence.period.ends_at,
        Delegation.ends_at > absence.period.starts_at,
    ]
    if absence.type_codes is not None:
        types = Delegation.type_codes
        across.append(or_(types.is_(None), types.overlap(list(absence.type_codes))))
    return and_(*across)


def _require_able(absence: NewAbsence) -> None:
    columns = select(User.id, User.name, User.is_active, User.roles)
    both = columns.where(User.id.in_([absence.delegator_id, absence.delegate_id]))
    people = {row.id: row for row in db.session.execute(both)}
    for person_id, field in ((absence.delegate_id, "person"), (absence.delegator_id, "first")):
        person = people.get(person_id)
        if person is None or not person.is_active:
            raise AbsenceRefused(field, _("This person no longer works here."))
        if Role.AUDITOR.value in person.roles:
            raise AbsenceRefused(
                field, _("%(name)s is an auditor and cannot decide.", name=person.name)
            )


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An open task and, where it stays, why."""

    number: str
    title: str
    requester_name: str
    amount: int | None
    currency: str | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class ClosedType:
    """A type of request, and its stages of which the delegate may not take the person's tasks."""

    name: str
    stages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AbsencePreview:
    """The open tasks that would move and those that would not; `unseen`: more of them; `closed`: of
    which types and stages new ones would not move, either."""

    moving: tuple[OpenTask, ...]
    staying: tuple[OpenTask, ...]
    unseen: int
    closed: tuple[ClosedType, ...]


def preview(absence: NewAbsence, delegate: str) -> AbsencePreview:
    """Look at the tasks the person has now; `delegate` is the other's name."""
    mine = (Task.assignee_id == absence.delegator_id, Task.status == "OPEN")
    rows = db.session.execute(
        select(
            Task.id, Task.request_id, Task.acting_for, Request.number, Request.title,
            Request.requester_name, Request.amount, Request.currency, Request.type_code,
        )
        .join(Request, Request.id == Task.request_id)
        .where(*mine)
        .order_by(Task.due_at, Task.id)
        .limit(MOST)
    ).all()  # fmt: skip
    states = kept_states(db.session.connection(), (row.request_id for row in rows))
    found = [
        OpenTask(
            row.number, row.title, row.requester_name, row.amount, row.currency,
            _why_not(row, states.get(row.request_id), absence, delegate),
        )
        for row in rows
    ]  # fmt: skip
    count = db.session.scalar(select(func.count()).select_from(Task).where(*mine)) or 0
    return AbsencePreview(
        moving=tuple(each for each in found if not each.why),
        staying=tuple(each for each in found if each.why),
        unseen=max(0, count - len(rows)),
        closed=_closed(absence),
    )


def _closed(absence: NewAbsence) -> tuple[ClosedType, ...]:
    types = select(RequestType.code, RequestType.name, RequestType.policy_version_id).where(
        RequestType.is_active, RequestType.policy_version_id.is_not(None)
    )
    if absence.type_codes is not None:
        types = types.where(RequestType.code.in_(absence.type_codes))
    rows = db.session.execute(types).all()
    versions = {row.code: str(row.policy_version_id) for row in rows}
    found = closed_to(db.session.connection(), absence.delegator_id, absence.delegate_id, versions)
    return own_texts.by_name(
        ClosedType(
            own_texts.told(row.policy_version_id, row.name),
            tuple(map(own_texts.say_of(row.policy_version_id), found[row.code])),
        )
        for row in rows
        if row.code in found
    )


def _why_not(row: Any, state: Approval | None, absence: NewAbsence, delegate: str) -> str:
    if row.acting_for is not None:
        return str(ANOTHERS)
    asked = Absence(
        id="",
        delegator_id=absence.delegator_id,
        delegate_id=absence.delegate_id,
        ends_at=absence.period.ends_at,
        type_codes=absence.type_codes,
        max_amount=absence.max_amount,
        currency=absence.currency,
    )
    if not covers(asked, row.type_code, row.amount, row.currency):
        return str(OTHER_AMOUNT if covers(asked, row.type_code, None, None) else OTHER_TYPE)
    return "" if state is None else _refused(state, row.id, absence, delegate)


def _refused(state: Approval, task_id: str, absence: NewAbsence, delegate: str) -> str:
    now = datetime.now(UTC)
    command = StartDelegation(
        command_id=new_id(),
        request_id=state.request_id,
        actor_id=SYSTEM,
        on_behalf_of=absence.delegator_id,
        at=now,
        task_id=task_id,
        delegation_id="",
        delegate_id=absence.delegate_id,
        to_reach=reach(db.session.connection(), state, task_id, absence.delegate_id, now),
    )
    for event in approval.apply(state, command, now):
        if isinstance(event, CommandRefused):
            reason = Refusal(event.reason)
            words = WHY.get(reason)
            return f"{delegate} {words}" if words else REFUSAL_SENTENCES[reason]
    return ""
