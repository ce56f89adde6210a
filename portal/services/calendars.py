"""What administrators change about calendars. Each change is kept; times that stand do not move."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import delete as delete_row
from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.exc import IntegrityError

from portal.directory.calendars import calendar_in, free_days
from portal.directory.holiday_places import countries, parts_of
from portal.domain.errors import InvalidPolicy
from portal.domain.proof.acts import ActKind
from portal.domain.time.calendars import CalendarChangeKind as Kind
from portal.domain.time.working_time import add_business_minutes
from portal.extensions import db
from portal.models import Calendar, CalendarChange, Message, RequestType, User
from portal.services import acts
from portal.services.preferences import time_digests
from portal.translation import _, lazy, tell

__all__ = ["countries", "parts_of"]


# The clocks of a policy count minutes of work; a calendar that never has that many stops requests.
LEAST_MINUTES = 30 * 8 * 60
TOO_LITTLE = lazy("This calendar has too little working time: less than 240 hours in five years.")
SENT_BEFORE = lazy("This form was already used for another calendar. Open “Add a calendar” again.")


class CalendarRefused(Exception):
    """What cannot be; the message is a sentence for people."""


class CalendarMoved(Exception):
    """Somebody else changed it since the form was drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarContent:
    """What a calendar says; see `portal.models.Calendar`."""

    name: str
    time_zone: str
    hours: dict[str, Any]
    country: str | None = None
    subdivision: str | None = None
    closed_days: Mapping[str, str]
    worked_days: Sequence[str] = ()


def add(calendar_id: str, content: CalendarContent, actor_id: str) -> None:
    """Make a calendar. A form that was sent before makes no second one. Raises CalendarRefused,
    also where the form was sent before with something else in it."""
    _check(content)
    made = insert_or_not(Calendar).values(id=calendar_id, **asdict(content))
    new = made.on_conflict_do_nothing(index_elements=[Calendar.id]).returning(Calendar.id)
    try:
        if db.session.execute(new).one_or_none() is None:
            _require_same(calendar_id, content)
            return
        _note(calendar_id, content.name, Kind.ADDED, actor_id, {"after": asdict(content)})
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise _taken(content) from error


def _require_same(calendar_id: str, content: CalendarContent) -> None:
    wanted = asdict(content)
    there = db.session.get(Calendar, calendar_id)
    db.session.rollback()
    if there is None or any(getattr(there, name) != value for name, value in wanted.items()):
        raise CalendarRefused(SENT_BEFORE)


def change(calendar_id: str, content: CalendarContent, seen: int, actor_id: str) -> bool:
    """Change a calendar that was seen in version `seen`; False if it says so already.

    Raises CalendarRefused, CalendarMoved where it was changed meanwhile, and LookupError.
    """
    _check(content)
    row = db.session.get(Calendar, calendar_id, with_for_update=True)
    if row is None:
        raise LookupError(calendar_id)
    wanted = asdict(content)
    before = {name: getattr(row, name) for name in wanted}
    changed = [name for name, value in wanted.items() if value != before[name]]
    if not changed:
        db.session.rollback()
        return False
    if row.version != seen:
        db.session.rollback()
        raise CalendarMoved
    data = {
        "before": {name: before[name] for name in changed},
        "after": {name: wanted[name] for name in changed},
    }
    newer = update(Calendar).where(Calendar.id == calendar_id)
    try:
        db.session.execute(newer.values(**data["after"], version=Calendar.version + 1))
        _note(calendar_id, content.name, Kind.CHANGED, actor_id, data)
        if "time_zone" in changed:
            _move_clocks(calendar_id, content.time_zone)
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise _taken(content) from error
    return True


def _move_clocks(calendar_id: str, time_zone: str) -> None:
    """The clocks of those whose place it is follow: what they are shown, and when they are told."""
    theirs = update(User).where(User.calendar_id == calendar_id, User.time_zone != time_zone)
    moved = db.session.scalars(theirs.values(time_zone=time_zone).returning(User.id)).all()
    waiting = select(Message.user_id).where(
        Message.user_id.in_(moved), Message.status == "WAITING", Message.digest.is_not(None)
    )
    for person_id in db.session.scalars(waiting.distinct()).all():
        time_digests(person_id)


def delete(calendar_id: str, actor_id: str) -> None:
    """Delete a calendar by which nothing goes. Raises CalendarRefused where something does."""
    row = db.session.get(Calendar, calendar_id, with_for_update=True)
    if row is None:
        return
    try:
        _note(calendar_id, row.name, Kind.DELETED, actor_id, {})
        db.session.execute(delete_row(Calendar).where(Calendar.id == calendar_id))
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise CalendarRefused(_("This calendar is in use and cannot be deleted.")) from error


def choose_for_type(type_id: str, calendar_id: str | None, seen: str | None, actor_id: str) -> bool:
    """Let a request type go by this calendar (None: every hour counts); False if it does already.

    `seen`: by which one it went when the form was drawn. Raises CalendarMoved, CalendarRefused.
    """
    # In this order: whoever deletes a calendar holds it before looking at the types.
    both = [each for each in (seen, calendar_id) if each is not None]
    names = {each: _name_of(each) for each in sorted(both)}
    row = db.session.get(RequestType, type_id, with_for_update=True)
    if row is None or row.calendar_id == calendar_id:
        db.session.rollback()
        return False
    if row.calendar_id != seen:
        db.session.rollback()
        raise CalendarMoved
    before, after = (None if each is None else names[each] for each in (seen, calendar_id))
    data = {"type": row.name, "before": before, "after": after}
    for each, name in names.items():
        _note(each, name, Kind.TYPE, actor_id, data)
    db.session.execute(
        update(RequestType).where(RequestType.id == type_id).values(calendar_id=calendar_id)
    )
    db.session.commit()
    return True


def coming_days_off(
    calendar: Mapping[str, Any], today: date, most: int = 8
) -> list[tuple[date, str]]:
    """The next public holidays and closed days of a calendar (by its columns), with names.

    Raises InvalidPolicy where it makes no sense.
    """
    days = sorted(each for each in free_days(calendar, today.year).items() if each[0] >= today)
    return days[:most]


def _check(content: CalendarContent) -> None:
    """That it makes sense, and has enough working time within the years looked at."""
    now = datetime.now(UTC)
    try:
        calendar = calendar_in(asdict(content), now.year)
    except InvalidPolicy as error:
        raise CalendarRefused(tell(error.sentence)) from error
    try:
        add_business_minutes(calendar, now, LEAST_MINUTES)
    except InvalidPolicy as error:
        raise CalendarRefused(TOO_LITTLE) from error


def _taken(content: CalendarContent) -> CalendarRefused:
    return CalendarRefused(_("There is already a calendar called “%(name)s”.", name=content.name))


def _name_of(calendar_id: str) -> str:
    """The name of a calendar, which stays until the end of the transaction."""
    one = select(Calendar.name).where(Calendar.id == calendar_id)
    name = db.session.scalar(one.with_for_update(read=True))
    if name is None:
        db.session.rollback()
        raise CalendarRefused(_("That calendar no longer exists. Choose another one."))
    return name


def _note(calendar_id: str, name: str, kind: Kind, actor_id: str, data: dict[str, Any]) -> None:
    row = {"calendar_id": calendar_id, "name": name, "kind": kind, "actor_id": actor_id}
    db.session.execute(insert(CalendarChange).values(**row, data=data))
    said = {"name": name, "change": kind, **data}
    acts.note(ActKind.CALENDAR_CHANGED, calendar_id, said, actor=actor_id)
