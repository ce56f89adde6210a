"""What people, departments, groups and types were at a moment, from what triggers keep of them.

Of each, `known_since`: from when on that is known, None where it is known for the moment; before,
it is taken to have been so. `Changed` has the moments of a change around the one asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text

from portal.domain.people.organisation import UnitKind
from portal.extensions import db
from portal.models.validity import as_it_stood
from portal.queries.organisation import SHOWN, DepartmentRecord, GroupRecord, MemberRecord
from portal.queries.request_types import AdminType, VersionRecord


@dataclass(frozen=True, slots=True)
class Changed:
    """When it was changed before the moment, and after it."""

    older: datetime | None
    newer: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceStood:
    """An absence that was on or to come; `types`: of which requests, None for all."""

    delegator: str
    delegate: str
    is_own: bool
    starts_at: datetime
    ends_at: datetime
    type_codes: list[str] | None
    max_amount: int | None
    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonStood:
    """A person as they were; `groups` and `heads`: names of their groups, and of departments that
    they headed; `reports`: how many active people they managed."""

    id: str
    name: str
    email: str | None
    employee_no: str | None
    job_title: str | None
    department: str | None
    manager_id: str | None
    manager: str | None
    time_zone: str
    locale: str
    place: str | None
    roles: list[str]
    is_active: bool
    groups: list[str]
    heads: list[str]
    reports: int
    known_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStood:
    """A department or group as it was, with who belonged to it."""

    unit: DepartmentRecord | GroupRecord
    members: Sequence[MemberRecord]
    known_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeStood:
    """A type as it was; `version`: what new requests followed, None before anything was."""

    name: str
    description: str
    prefix: str
    is_active: bool
    target_minutes: int | None
    calendar: str | None
    version: VersionRecord | None
    known_since: datetime | None


def _then(statement: str) -> TextClause:
    return text(as_it_stood(statement))


# Raw: statements that name today's tables, of which `as_it_stood` makes those of the moment.
_PERSON = _then("""
SELECT u.id::text, u.name, u.email, u.employee_no, u.job_title, d.name AS department,
    u.manager_id::text, m.name AS manager, u.time_zone, u.locale, c.name AS place, u.roles,
    u.is_active, u.known_since,
    ARRAY(SELECT g.name FROM portal.groups g JOIN portal.group_members i ON i.group_id = g.id
        WHERE i.user_id = u.id ORDER BY portal.plain(g.name)) AS groups,
    ARRAY(SELECT h.name FROM portal.departments h WHERE h.head_id = u.id
        ORDER BY portal.plain(h.name)) AS heads,
    (SELECT count(*) FROM portal.users r WHERE r.manager_id = u.id AND r.is_active) AS reports
FROM portal.users u LEFT JOIN portal.departments d ON d.id = u.department_id
LEFT JOIN portal.users m ON m.id = u.manager_id
LEFT JOIN portal.calendars c ON c.id = u.calendar_id WHERE u.id = CAST(:id AS uuid)
""")
_ABSENCES = _then("""
SELECT f.name AS delegator, t.name AS delegate, d.delegator_id = CAST(:id AS uuid) AS is_own,
    d.starts_at, d.ends_at, d.type_codes, d.max_amount, d.currency
FROM portal.delegations d JOIN portal.users f ON f.id = d.delegator_id
JOIN portal.users t ON t.id = d.delegate_id
WHERE CAST(:id AS uuid) IN (d.delegator_id, d.delegate_id) AND d.ends_at > :at
    AND (d.revoked_at IS NULL OR d.revoked_at > :at)
ORDER BY d.starts_at, d.id LIMIT :most
""")
_UNITS = {
    UnitKind.DEPARTMENT: _then("""
SELECT d.id::text, d.code, d.name, d.parent_id::text, p.name AS parent, d.head_id::text,
    h.name AS head, h.is_active AS head_is_active, d.known_since,
    (SELECT count(*) FROM portal.users u WHERE u.department_id = d.id AND u.is_active) AS people
FROM portal.departments d LEFT JOIN portal.departments p ON p.id = d.parent_id
LEFT JOIN portal.users h ON h.id = d.head_id WHERE d.id = CAST(:id AS uuid)
"""),
    UnitKind.GROUP: _then("""
SELECT g.id::text, g.code, g.name, g.purpose, g.known_since,
    (SELECT count(*) FROM portal.group_members i JOIN portal.users u ON u.id = i.user_id
        WHERE i.group_id = g.id AND u.is_active) AS people
FROM portal.groups g WHERE g.id = CAST(:id AS uuid)
"""),
}
_MEMBERS = {
    UnitKind.DEPARTMENT: _then("""
SELECT u.id::text, u.name, u.job_title, u.is_active FROM portal.users u
WHERE u.department_id = CAST(:id AS uuid) AND u.is_active
ORDER BY portal.plain(u.name), u.id LIMIT :most
"""),
    UnitKind.GROUP: _then("""
SELECT u.id::text, u.name, u.job_title, u.is_active FROM portal.users u
JOIN portal.group_members i ON i.user_id = u.id WHERE i.group_id = CAST(:id AS uuid)
ORDER BY portal.plain(u.name), u.id LIMIT :most
"""),
}
_TYPE = _then("""
SELECT t.name, t.description, t.prefix, t.is_active, t.target_minutes, c.name AS calendar,
    t.policy_version_id::text, t.known_since
FROM portal.request_types t LEFT JOIN portal.calendars c ON c.id = t.calendar_id
WHERE t.id = CAST(:id AS uuid)
""")
# Names by the keys that conditions and rules of types use.
_NAMES = _then("""
SELECT 'group:' || code, name FROM portal.groups
UNION ALL SELECT 'department:' || code, name FROM portal.departments
UNION ALL SELECT id::text, name FROM portal.users WHERE id = ANY(CAST(:people AS uuid[]))
""")


def _steps(*rows: str) -> TextClause:
    """The moments around `at` at which one of these rows of histories began or ended."""
    each = " UNION ALL ".join(
        f"SELECT unnest(ARRAY[lower(during), upper(during)]) AS moment FROM portal.{row}"  # noqa: S608 - our own words
        for row in rows
    )
    # Raw: the bounds of ranges of several tables as one column.
    return text(f"""
SELECT max(moment) FILTER (WHERE moment < :at), min(moment) FILTER (WHERE moment > :at)
FROM ({each}) each WHERE moment <= now()
""")  # noqa: S608 - our own words


_ID = "CAST(:id AS uuid)"
_PERSON_STEPS = _steps(
    f"user_history WHERE id = {_ID}",
    f"group_member_history WHERE user_id = {_ID}",
    f"department_history WHERE head_id = {_ID}",
    f"delegation_history WHERE {_ID} IN (delegator_id, delegate_id)",
)
_UNIT_STEPS = {
    UnitKind.DEPARTMENT: _steps(
        f"department_history WHERE id = {_ID}", f"user_history WHERE department_id = {_ID}"
    ),
    UnitKind.GROUP: _steps(
        f"group_history WHERE id = {_ID}", f"group_member_history WHERE group_id = {_ID}"
    ),
}
_TYPE_STEPS = _steps(f"type_history WHERE id = {_ID}")


def person(person_id: str, at: datetime) -> tuple[PersonStood | None, Changed]:
    """Somebody as they were; None where they were not there."""
    given = {"id": person_id, "at": at}
    row = db.session.execute(_PERSON, given).mappings().one_or_none()
    found = None if row is None else PersonStood(**_known(row, at))
    return found, _changed(_PERSON_STEPS, given)


def absences(person_id: str, at: datetime) -> tuple[AbsenceStood, ...]:
    """The absences of somebody, and those in which they acted, that were on or to come."""
    given = {"id": person_id, "at": at, "most": SHOWN}
    return tuple(AbsenceStood(**row) for row in db.session.execute(_ABSENCES, given).mappings())


def unit(kind: UnitKind, unit_id: str, at: datetime) -> tuple[UnitStood | None, Changed]:
    """A department or group as it was; None where it was not there."""
    given = {"id": unit_id, "at": at, "most": SHOWN}
    row = db.session.execute(_UNITS[kind], given).mappings().one_or_none()
    changed = _changed(_UNIT_STEPS[kind], given)
    if row is None:
        return None, changed
    values = _known(row, at)
    known_since = values.pop("known_since")
    record = GroupRecord if kind is UnitKind.GROUP else DepartmentRecord
    members = [MemberRecord(*each) for each in db.session.execute(_MEMBERS[kind], given)]
    return UnitStood(unit=record(**values), members=members, known_since=known_since), changed


def request_type(kind: AdminType, at: datetime) -> tuple[TypeStood | None, Changed]:
    """A type as it was, with the version that was in force; None where it was not there. Which
    version that was is known by its publication also from before the histories began."""
    given = {"id": kind.id, "at": at}
    row = db.session.execute(_TYPE, given).mappings().one_or_none()
    changed = _changed(_TYPE_STEPS, given)
    if row is None:
        return None, changed
    values = _known(row, at)
    in_force = values.pop("policy_version_id")
    if values["known_since"] is None:
        found = next((each for each in kind.versions if each.id == in_force), None)
    else:
        found = next((each for each in kind.versions if _was_published(each, at)), None)
    return TypeStood(**values, version=found), changed


def names(people: Sequence[str], at: datetime) -> dict[str, str]:
    """What groups, departments and these people were called: by "group:code", "department:code"
    and a person's id."""
    rows = db.session.execute(_NAMES, {"people": list(people), "at": at})
    return {row[0]: row[1] for row in rows}


def _was_published(version: VersionRecord, at: datetime) -> bool:
    return version.published_at is None or version.published_at <= at


def _known(row: Any, at: datetime) -> dict[str, Any]:
    """The row's values; `known_since` only where the moment is from before."""
    since = row["known_since"]
    return {**row, "known_since": since if since is not None and since > at else None}


def _changed(statement: TextClause, given: dict[str, Any]) -> Changed:
    return Changed(*db.session.execute(statement, given).one())
