"""Days off in requests: by which calendar they are counted, and what else lies in the same days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONPATH

from portal.directory.calendars import free_days
from portal.domain.errors import InvalidPolicy
from portal.domain.request.state import OPEN, Status
from portal.domain.time.day_ranges import DayRange, Workdays, ranges_in
from portal.extensions import db
from portal.models import Calendar, Delegation, Request, RequestType, User

SHOWN = 50
_DAY, _MOMENT = timedelta(days=1), timedelta(microseconds=1)
_WITHIN = "$.* ? (@.first <= $last && @.last >= $first)"
_STANDS = (*(status.value for status in sorted(OPEN)), Status.APPROVED.value)


@dataclass(frozen=True, slots=True)
class Leave:
    """Days off that a request asks for, or, without a number, an absence that somebody entered."""

    name: str
    range: DayRange
    number: str = ""
    title: str = ""
    status: str = ""


def workdays_of(person_id: str, type_code: str) -> Workdays:
    """The days that somebody works: by the calendar of their place, else by the request type's,
    else Monday to Friday without holidays."""
    own = select(User.calendar_id).where(User.id == person_id).scalar_subquery()
    types = select(RequestType.calendar_id).where(RequestType.code == type_code).scalar_subquery()
    columns = [each for each in Calendar.__table__.c if each.name != "id"]
    found = select(*columns).where(Calendar.id == func.coalesce(own, types))
    row = db.session.execute(found).mappings().one_or_none()
    if row is None:
        return Workdays()
    weekdays = frozenset(int(day) for day, hours in row["hours"].items() if hours)
    return Workdays(weekdays=weekdays, free_days=partial(_free_days, dict(row)))


def _free_days(row: dict[str, Any], year: int) -> dict[date, str]:
    try:
        return free_days(row, year)
    except InvalidPolicy:
        return {}


def others_of(person_id: str, range_: DayRange, but: str | None = None) -> tuple[Leave, ...]:
    """The person's open or approved requests for some of these days, but the one of that id."""
    whose = func.coalesce(Request.on_behalf_of, Request.requester_id)
    return _requested(and_(whose == person_id, Request.id != but if but else literal(True)), range_)


def team_of(person_id: str, range_: DayRange) -> tuple[Leave, ...]:
    """Who else of the team is away on some of these days: those with the same manager, the manager,
    and those who report to the person."""
    manager = select(User.manager_id).where(User.id == person_id).scalar_subquery()
    near = or_(User.manager_id == manager, User.id == manager, User.manager_id == person_id)
    team = select(User.id).where(near, User.is_active, User.id != person_id)
    whose = func.coalesce(Request.on_behalf_of, Request.requester_id)
    entered = _entered(Delegation.delegator_id.in_(team), range_)
    found = (*_requested(whose.in_(team), range_), *entered)
    return tuple(sorted(found, key=lambda each: (each.range.first, each.name)))


def _requested(which: ColumnElement[bool], range_: DayRange) -> tuple[Leave, ...]:
    path = literal(_WITHIN).cast(JSONPATH)
    days = func.jsonb_build_object(
        "first", range_.first.isoformat(), "last", range_.last.isoformat()
    )
    statement = (
        select(Request.number, Request.title, Request.requester_name, Request.status,
               Request.fields, User.name.label("behalf"))
        .outerjoin(User, User.id == Request.on_behalf_of)
        .where(which, Request.status.in_(_STANDS),
               func.jsonb_path_exists(Request.fields, path, days))
        .order_by(Request.submitted_at).limit(SHOWN)
    )  # fmt: skip
    return tuple(
        Leave(row.behalf or row.requester_name, given, row.number, row.title, row.status)
        for row in db.session.execute(statement)
        for given in ranges_in(row.fields)
        if given.overlaps(range_)
    )


def _entered(which: ColumnElement[bool], range_: DayRange) -> Sequence[Leave]:
    statement = (
        select(User.name, Delegation.starts_at, Delegation.ends_at)
        .join(User, User.id == Delegation.delegator_id)
        .where(which, Delegation.revoked_at.is_(None), Delegation.starts_at < range_.last + _DAY,
               Delegation.ends_at > range_.first)
        .order_by(Delegation.starts_at).limit(SHOWN)
    )  # fmt: skip
    return [
        Leave(row.name, DayRange(first=row.starts_at.date(), last=max(
            row.starts_at.date(), (row.ends_at - _MOMENT).date())))
        for row in db.session.execute(statement)
    ]  # fmt: skip
