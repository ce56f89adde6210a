"""Calendars for administrators: what each says, and what goes by it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, or_, select

from portal.extensions import db
from portal.models import Calendar, CalendarChange, PolicyVersion, RequestType, User
from portal.models.columns import by_name
from portal.queries import own_texts

# An organisation has a few places; more than this no page lists.
SHOWN = 500
CHANGES_SHOWN = 20
PEOPLE_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRecord:
    """A calendar. `types`: names of the request types that go by it; `people`: how many have their
    place there."""

    id: str
    name: str
    time_zone: str
    hours: dict[str, list[list[str]]]
    country: str | None
    subdivision: str | None
    closed_days: dict[str, str]
    worked_days: list[str]
    version: int
    types: list[str]
    people: int

    @property
    def columns(self) -> dict[str, Any]:
        """By the names of the table's columns."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CalendarChangeRecord:
    """One change, by whom and when; `data`: before and after."""

    kind: str
    name: str
    actor: str
    data: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class TypeCalendar:
    """A request type and the calendar that it goes by."""

    id: str
    code: str
    name: str
    calendar_id: str | None
    calendar: str | None
    workflow: str
    policy_version_id: str | None
    version: int | None


def names() -> dict[str, str]:
    """Every calendar's name by its id, in the order of names."""
    rows = db.session.execute(
        select(Calendar.id, Calendar.name)
        .order_by(by_name(Calendar.name), Calendar.id)
        .limit(SHOWN)
    )
    return {row.id: row.name for row in rows}


def all_of_them() -> tuple[CalendarRecord, ...]:
    """Every calendar, in the order of names."""
    rows = db.session.execute(_records().order_by(by_name(Calendar.name), Calendar.id).limit(SHOWN))
    return tuple(_record(row) for row in rows)


def find(calendar_id: str) -> CalendarRecord | None:
    """One calendar."""
    row = db.session.execute(_records().where(Calendar.id == calendar_id)).one_or_none()
    return None if row is None else _record(row)


def people_of(calendar_id: str) -> tuple[tuple[str, str], ...]:
    """Some of those whose place it is: ids and names, in their order."""
    rows = db.session.execute(
        select(User.id, User.name)
        .where(User.calendar_id == calendar_id)
        .order_by(by_name(User.name), User.id)
        .limit(PEOPLE_SHOWN)
    )
    return tuple((row.id, row.name) for row in rows)


def changes_of(calendar_id: str) -> tuple[CalendarChangeRecord, ...]:
    """What was changed about a calendar, the newest first."""
    return _changes(CalendarChange.calendar_id == calendar_id)


def deleted() -> tuple[CalendarChangeRecord, ...]:
    """The calendars that were deleted last."""
    return _changes(CalendarChange.kind == "deleted")


def types() -> tuple[TypeCalendar, ...]:
    """Every request type that is offered or goes by a calendar, by the names as the reader reads
    them."""
    rows = db.session.execute(
        select(
            RequestType.id, RequestType.code, RequestType.name, RequestType.calendar_id,
            Calendar.name, RequestType.workflow, RequestType.policy_version_id,
            PolicyVersion.version,
        )
        .outerjoin(Calendar, Calendar.id == RequestType.calendar_id)
        .outerjoin(PolicyVersion, PolicyVersion.id == RequestType.policy_version_id)
        .where(or_(RequestType.is_active, RequestType.calendar_id.is_not(None)))
        .order_by(RequestType.position)
        .limit(SHOWN)
    )  # fmt: skip
    return own_texts.by_name(own_texts.as_read(TypeCalendar(*row), "name") for row in rows)


def _record(row: Row[Any]) -> CalendarRecord:
    types = own_texts.in_order({name: own_texts.told(key, name) for name, key in row.types or []})
    return CalendarRecord(**{**row._mapping, "types": list(types.values())})


_VERSION = RequestType.policy_version_id


def _records() -> Select[*tuple[Any, ...]]:
    using = (
        select(func.jsonb_agg(func.jsonb_build_array(RequestType.name, _VERSION)))
        .where(RequestType.calendar_id == Calendar.id)
        .correlate(Calendar)
        .scalar_subquery()
    )
    working = (
        select(func.count())
        .where(User.calendar_id == Calendar.id)
        .correlate(Calendar)
        .scalar_subquery()
    )
    return select(
        Calendar.id, Calendar.name, Calendar.time_zone, Calendar.hours, Calendar.country,
        Calendar.subdivision, Calendar.closed_days, Calendar.worked_days, Calendar.version,
        using.label("types"), working.label("people"),
    )  # fmt: skip


def _changes(which: Any) -> tuple[CalendarChangeRecord, ...]:
    rows = db.session.execute(
        select(
            CalendarChange.kind,
            CalendarChange.name,
            User.name,
            CalendarChange.data,
            CalendarChange.at,
        )
        .join(User, User.id == CalendarChange.actor_id)
        .where(which)
        .order_by(CalendarChange.id.desc())
        .limit(CHANGES_SHOWN)
    )
    return tuple(CalendarChangeRecord(*row) for row in rows)
