"""The demonstration's people, departments, groups, calendar and request types, as rows."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from portal import models
from portal.demo import organisation
from portal.demo.request_types import DemoType, all_types
from portal.demo.simulation import TypeInForce
from portal.domain.codec import encode
from portal.domain.notices.kinds import Channel
from portal.domain.notices.preferences import differences
from portal.models.columns import new_id

IN_FORCE_DAYS = 160
WORKING_DAYS = range(1, 6)


def make_organisation(connection: Connection) -> dict[str, str]:
    """Insert calendars, departments, people and groups; returns each person's id by their key."""
    ids = {person.key: new_id() for person in organisation.PEOPLE}
    departments = _departments(connection)
    _people(connection, ids, departments, _calendars(connection))
    _wishes(connection, ids)
    for department in organisation.DEPARTMENTS:
        connection.execute(
            update(models.Department)
            .where(models.Department.code == department.code)
            .values(head_id=ids[department.head])
        )
    _groups(connection, ids)
    return ids


def _departments(connection: Connection) -> dict[str, str]:
    departments = {d.code: new_id() for d in organisation.DEPARTMENTS}
    connection.execute(
        insert(models.Department),
        [
            {"id": departments[d.code], "code": d.code, "name": d.name, "school": d.school}
            for d in organisation.DEPARTMENTS
        ],
    )
    return departments


def _calendars(connection: Connection) -> dict[str, str]:
    calendars = {each.name: new_id() for each in organisation.CALENDARS}
    connection.execute(
        insert(models.Calendar),
        [
            {
                "id": calendars[each.name],
                "name": each.name,
                "time_zone": each.time_zone,
                "hours": {str(day): each.hours for day in WORKING_DAYS},
                "country": each.country,
                "subdivision": each.subdivision,
            }
            for each in organisation.CALENDARS
        ],
    )
    return calendars


def _people(
    connection: Connection,
    ids: dict[str, str],
    departments: dict[str, str],
    calendars: dict[str, str],
) -> None:
    zones = {each.name: each.time_zone for each in organisation.CALENDARS}
    connection.execute(
        insert(models.User),
        [
            {
                "id": ids[person.key],
                "email": person.email,
                "name": person.name,
                "employee_no": f"G{number:04d}",
                "job_title": person.job_title,
                "department_id": departments[person.department] if person.department else None,
                "manager_id": ids[person.manager] if person.manager else None,
                "time_zone": zones[person.calendar or organisation.SCHOOLS.name],
                "calendar_id": calendars[person.calendar] if person.calendar else None,
                "roles": list(person.roles),
            }
            for number, person in enumerate(organisation.PEOPLE, start=1)
        ],
    )


def _wishes(connection: Connection, ids: dict[str, str]) -> None:
    """Some hear of things together: see what they are mailed at /dev/mail."""
    connection.execute(
        insert(models.NotificationPreference),
        [
            {
                "user_id": ids[each.person],
                "choices": differences({Channel.MAIL: dict.fromkeys(each.topics, each.mode)}),
            }
            for each in organisation.DIGESTS
        ],
    )


def _groups(connection: Connection, ids: dict[str, str]) -> None:
    for each in organisation.GROUPS:
        group = new_id()
        connection.execute(insert(models.Group).values(id=group, code=each.code, name=each.name))
        connection.execute(
            insert(models.GroupMember),
            [{"group_id": group, "user_id": ids[member]} for member in each.members],
        )


def make_types(
    connection: Connection, ids: dict[str, str], now: datetime
) -> dict[str, tuple[DemoType, TypeInForce]]:
    """Insert the four types, each with a published policy, by their codes."""
    schools = models.Calendar.name == organisation.SCHOOLS.name
    calendar = str(connection.execute(select(models.Calendar.id).where(schools)).scalar_one())
    published = {"at": now - timedelta(days=IN_FORCE_DAYS), "by": ids["ada.admin"]}
    kinds = {}
    for position, kind in enumerate(all_types(ids)):
        version = _make_type(connection, kind, calendar, position, published)
        currency = next((f.currency for f in kind.form if f.is_amount), None)
        in_force = TypeInForce(
            kind.code, kind.workflow, version, kind.priority, currency, kind.module
        )
        kinds[kind.code] = (kind, in_force)
    return kinds


def _make_type(
    connection: Connection,
    kind: DemoType,
    calendar: str,
    position: int,
    published: dict[str, object],
) -> str:
    type_id, version_id = new_id(), new_id()
    connection.execute(
        insert(models.RequestType).values(
            id=type_id,
            code=kind.code,
            name=kind.name,
            prefix=kind.prefix,
            description=kind.description,
            workflow=kind.workflow,
            calendar_id=calendar,
            default_priority=kind.priority,
            module=kind.module,
            position=position,
        )
    )
    connection.execute(
        insert(models.PolicyVersion).values(
            id=version_id,
            request_type_id=type_id,
            version=1,
            name=kind.name,
            description=kind.description,
            form=encode(kind.form),
            definition=encode(kind.policy),
            translations=dict(kind.translations),
            note="First version.",
            published_at=published["at"],
            published_by=published["by"],
        )
    )
    live = update(models.RequestType).where(models.RequestType.id == type_id)
    connection.execute(live.values(policy_version_id=version_id))
    return version_id
