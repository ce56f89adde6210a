"""Everybody, for administrators: found by name, address or number, page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Uuid, func, literal, select, tuple_
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import (
    Calendar,
    Department,
    Group,
    GroupMember,
    PeopleChange,
    ProvisionedPerson,
    Task,
    User,
)
from portal.models.columns import by_name
from portal.queries.people import begins

PAGE = 50
GROUPS_SHOWN = 500


@dataclass(frozen=True, slots=True)
class StaffRow:
    """Somebody in the list. `key`: where the list goes on behind them."""

    id: str
    name: str
    email: str | None
    department: str | None
    manager: str | None
    roles: list[str]
    is_active: bool
    key: str


@dataclass(frozen=True, slots=True)
class StaffRecord:
    """One person. `groups` by code; `open_tasks`: how many wait for them. `place`: the name of
    their working calendar, None where they have none of their own. `erased_at`: when their
    personal data were erased."""

    id: str
    name: str
    email: str | None
    employee_no: str | None
    department_id: str | None
    department: str | None
    job_title: str | None
    manager_id: str | None
    manager: str | None
    time_zone: str
    locale: str
    roles: list[str]
    is_active: bool
    groups: dict[str, str]
    open_tasks: int
    place_id: str | None
    place: str | None
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonChangeRecord:
    """Something that was changed about somebody. `actor` None: on the server, or by the portal."""

    id: str
    kind: str
    actor: str | None
    data: dict[str, Any]
    note: str
    at: datetime


def page_of(
    text: str = "", *, inactive: bool = False, after: tuple[str, str] | None = None
) -> tuple[tuple[StaffRow, ...], StaffRow | None]:
    """People in the order of their names, behind `after` (a row's key and id), and the row that the
    next page begins behind (None at the end)."""
    key, manager = func.lower(User.name), aliased(User)
    statement = (
        select(
            User.id, User.name, User.email, Department.name, manager.name, User.roles,
            User.is_active, key,
        )
        .outerjoin(Department, Department.id == User.department_id)
        .outerjoin(manager, manager.id == User.manager_id)
        .where(User.is_active.is_(not inactive))
    )  # fmt: skip
    statement = statement.where(*begins(text, User.name, User.email, User.employee_no))
    if after is not None:
        last = tuple_(literal(after[0]), literal(after[1], Uuid(as_uuid=False)))
        statement = statement.where(tuple_(key, User.id) > last)
    rows = db.session.execute(statement.order_by(key, User.id).limit(PAGE + 1)).all()
    found = tuple(StaffRow(*row) for row in rows[:PAGE])
    return found, found[-1] if len(rows) > PAGE else None


def profile(person_id: str) -> StaffRecord | None:
    """Somebody, active or not."""
    manager = aliased(User)
    waiting = (
        select(func.count())
        .where(Task.assignee_id == User.id, Task.status == "OPEN")
        .correlate(User)
        .scalar_subquery()
    )
    row = db.session.execute(
        select(
            User.id, User.name, User.email, User.employee_no, User.job_title, User.manager_id,
            User.time_zone, User.locale, User.roles, User.is_active, User.department_id,
            User.calendar_id.label("place_id"), User.erased_at,
            Calendar.name.label("place"), Department.name.label("department"),
            manager.name.label("manager"), waiting.label("open_tasks"),
        )
        .outerjoin(Department, Department.id == User.department_id)
        .outerjoin(manager, manager.id == User.manager_id)
        .outerjoin(Calendar, Calendar.id == User.calendar_id)
        .where(User.id == person_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    return StaffRecord(**row._mapping, groups=_groups_of(person_id))


def departments() -> dict[str, str]:
    """All departments, names by id; up to `GROUPS_SHOWN`."""
    rows = db.session.execute(
        select(Department.id, Department.name)
        .order_by(by_name(Department.name), Department.code)
        .limit(GROUPS_SHOWN)
    )
    return {row.id: row.name for row in rows}


def department_codes() -> dict[str, str]:
    """All departments, names by code; up to `GROUPS_SHOWN`."""
    rows = db.session.execute(
        select(Department.code, Department.name)
        .order_by(by_name(Department.name), Department.code)
        .limit(GROUPS_SHOWN)
    )
    return {row.code: row.name for row in rows}


def department_code_of(person_id: str) -> str | None:
    """The code of somebody's department."""
    mine = select(Department.code).join(User, User.department_id == Department.id)
    return db.session.scalar(mine.where(User.id == person_id))


def groups() -> dict[str, str]:
    """All groups, names by code; up to `GROUPS_SHOWN`."""
    rows = db.session.execute(
        select(Group.code, Group.name).order_by(by_name(Group.name), Group.code).limit(GROUPS_SHOWN)
    )
    return {row.code: row.name for row in rows}


@dataclass(frozen=True, slots=True)
class ChartRecord:
    """Somebody active in the chart."""

    name: str
    job_title: str | None
    department: str | None
    manager_id: str | None


def everybody() -> dict[str, ChartRecord]:
    """All active people by id, in the order of their names."""
    rows = db.session.execute(
        select(User.id, User.name, User.job_title, Department.name, User.manager_id)
        .outerjoin(Department, Department.id == User.department_id)
        .where(User.is_active)
        .order_by(by_name(User.name), User.id)
    )
    return {row[0]: ChartRecord(*row[1:]) for row in rows}


def changes_of(
    person_id: str, before: str | None = None
) -> tuple[tuple[PersonChangeRecord, ...], str | None]:
    """What was changed about somebody, the newest first, and the `before` of the next page."""
    statement = (
        select(
            PeopleChange.id, PeopleChange.kind, User.name, PeopleChange.data, PeopleChange.note,
            PeopleChange.at,
        )
        .outerjoin(User, User.id == PeopleChange.actor_id)
        .where(PeopleChange.person_id == person_id)
    )  # fmt: skip
    if before is not None:
        statement = statement.where(PeopleChange.id < before)
    rows = db.session.execute(statement.order_by(PeopleChange.id.desc()).limit(PAGE + 1)).all()
    found = tuple(PersonChangeRecord(*row) for row in rows[:PAGE])
    return found, found[-1].id if len(rows) > PAGE else None


@dataclass(frozen=True, slots=True)
class ManagedRecord:
    """That a provider keeps somebody. `source`: its name; `fields`: those of the record that it
    wrote and that still say so."""

    source: str
    fields: frozenset[str]


def managed(person_id: str) -> ManagedRecord | None:
    """Who keeps somebody, for their page; None: nobody but administrators."""
    row = db.session.execute(
        select(ProvisionedPerson.source, ProvisionedPerson.taken, User)
        .join(User, User.id == ProvisionedPerson.user_id)
        .where(ProvisionedPerson.user_id == person_id, ProvisionedPerson.removed_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    same = {name for name, value in row.taken.items() if getattr(row.User, name) == value}
    return ManagedRecord(row.source, frozenset(same))


def _groups_of(person_id: str) -> dict[str, str]:
    rows = db.session.execute(
        select(Group.code, Group.name)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.user_id == person_id)
        .order_by(by_name(Group.name))
    )
    return {row.code: row.name for row in rows}
