"""The whole directory at once, and the requests of a type in the order of time: for looking at what
a draft would bring about. Nobody's absences: who is away today says nothing of another day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, text

from portal.domain.people.directory import Department, Directory, Group, Person
from portal.models import Department as DepartmentRow
from portal.models import Group as GroupRow
from portal.models import GroupMember, User

CHUNK = 500


def everybody(connection: Connection) -> Directory:
    """Everybody, inactive people as well, by who they are today."""
    columns = (User.id, User.name, User.manager_id, User.department_id, User.is_active, User.roles)
    rows = connection.execute(select(*columns).order_by(User.name, User.id)).all()
    people = {
        row.id: Person(
            id=row.id,
            name=row.name,
            manager_id=row.manager_id,
            department_id=row.department_id,
            is_active=row.is_active,
            is_auditor="auditor" in row.roles,
        )
        for row in rows
    }
    roles: dict[str, list[str]] = {}
    for row in rows:
        for role in row.roles:
            roles.setdefault(role, []).append(row.id)
    return Directory(
        people=people,
        groups=_groups(connection),
        departments=_departments(connection),
        roles={role: tuple(ids) for role, ids in roles.items()},
    )


def _groups(connection: Connection) -> dict[str, Group]:
    rows = connection.execute(
        select(GroupRow.code, GroupRow.name, User.id)
        .outerjoin(GroupMember, GroupMember.group_id == GroupRow.id)
        .outerjoin(User, User.id == GroupMember.user_id)
        .order_by(GroupRow.code, User.name, User.id)
    )
    members: dict[tuple[str, str], list[str]] = {}
    for code, name, person_id in rows:
        members.setdefault((code, name), []).extend([person_id] if person_id else [])
    return {code: Group(code=code, name=name, members=tuple(ids))
            for (code, name), ids in members.items()}  # fmt: skip


def _departments(connection: Connection) -> dict[str, Department]:
    rows = connection.execute(
        select(
            DepartmentRow.id,
            DepartmentRow.code,
            DepartmentRow.name,
            DepartmentRow.head_id,
            DepartmentRow.parent_id,
        )
    )
    return {row.code: Department(**row._mapping) for row in rows}


@dataclass(frozen=True, kw_only=True)
class Span:
    """The requests of a type that were sent within a time, its end left out."""

    type_code: str
    since: datetime
    until: datetime


# A range of one, not an equal: else the planner may walk through the requests of all types.
_SPAN = "type_code >= :type AND type_code <= :type AND submitted_at >= :since"
# Raw: their shape is what makes the planner take the index.
COUNT = text(f"""
SELECT count(*) FROM (
    SELECT 1 FROM portal.requests WHERE {_SPAN} AND submitted_at < :until LIMIT :most
) few
""")  # noqa: S608 - our own words
NEWEST = text(f"""
SELECT id::text AS id, number, title, requester_id::text AS requester_id, requester_name,
    on_behalf_of::text AS on_behalf_of, fields, amount, currency, priority, submitted_at
FROM portal.requests
WHERE {_SPAN} AND (submitted_at, requests.id) < (:until, CAST(:last AS uuid))
ORDER BY type_code DESC, submitted_at DESC, requests.id DESC LIMIT :most
""")  # noqa: S608 - our own words


def count_in(connection: Connection, span: Span, most: int) -> int:
    """How many requests these are; no more than `most` are counted."""
    return int(connection.scalar(COUNT, {**_values(span), "most": most}) or 0)


def newest_in(connection: Connection, span: Span, most: int) -> Iterator[list[Row[Any]]]:
    """The newest of them, in chunks: what is held at a time does not grow with their number."""
    values = {**_values(span), "last": "00000000-0000-0000-0000-000000000000"}
    left = most
    while left > 0:
        rows = list(connection.execute(NEWEST, {**values, "most": min(CHUNK, left)}))
        if not rows:
            return
        yield rows
        left -= len(rows)
        values |= {"until": rows[-1].submitted_at, "last": rows[-1].id}


def _values(span: Span) -> Mapping[str, Any]:
    return {"type": span.type_code, "since": span.since, "until": span.until}
