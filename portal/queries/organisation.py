"""Departments with their heads, groups with their members, the settings of the organisation, and
what was changed about each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, func, select
from sqlalchemy.orm import aliased

from portal.domain.people.organisation import UnitKind
from portal.extensions import db
from portal.models import (
    Calendar,
    Check,
    Department,
    Group,
    GroupMember,
    MailText,
    Organisation,
    OrganisationChange,
    OrganisationLogo,
    User,
)
from portal.models.columns import by_name
from portal.models.retention import over

SHOWN = 500
CHANGES_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentRecord:
    """A department; `people`: how many active ones it has. `head_is_active` False: whoever heads it
    has left; None: nobody does."""

    id: str
    code: str
    name: str
    parent_id: str | None
    parent: str | None
    head_id: str | None
    head: str | None
    head_is_active: bool | None
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecord:
    """A group; `people`: how many active members it has."""

    id: str
    code: str
    name: str
    purpose: str
    people: int


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """Somebody in a department or group."""

    id: str
    name: str
    job_title: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class UnitChangeRecord:
    """Something that was changed about a department, a group or the organisation itself."""

    kind: str
    actor: str | None
    data: dict[str, Any]
    at: datetime


def departments(only: str | None = None) -> tuple[DepartmentRecord, ...]:
    """All departments by name, up to `SHOWN`; or the one of that id."""
    parent, head = aliased(Department), aliased(User)
    people = (
        select(func.count())
        .where(User.department_id == Department.id, User.is_active)
        .correlate(Department)
        .scalar_subquery()
    )
    statement = (
        select(
            Department.id, Department.code, Department.name, Department.parent_id,
            parent.name.label("parent"), Department.head_id, head.name.label("head"),
            head.is_active.label("head_is_active"), people.label("people"),
        )
        .outerjoin(parent, parent.id == Department.parent_id)
        .outerjoin(head, head.id == Department.head_id)
        .order_by(by_name(Department.name), Department.id)
        .limit(SHOWN)
    )  # fmt: skip
    if only is not None:
        statement = statement.where(Department.id == only)
    return tuple(DepartmentRecord(**row._mapping) for row in db.session.execute(statement))


def groups(only: str | None = None) -> tuple[GroupRecord, ...]:
    """All groups by name, up to `SHOWN`; or the one of that id."""
    people = (
        select(func.count())
        .select_from(GroupMember)
        .join(User, User.id == GroupMember.user_id)
        .where(GroupMember.group_id == Group.id, User.is_active)
        .correlate(Group)
        .scalar_subquery()
    )
    statement = (
        select(Group.id, Group.code, Group.name, Group.purpose, people.label("people"))
        .order_by(by_name(Group.name), Group.id)
        .limit(SHOWN)
    )
    if only is not None:
        statement = statement.where(Group.id == only)
    return tuple(GroupRecord(**row._mapping) for row in db.session.execute(statement))


def members(kind: UnitKind, unit_id: str) -> tuple[MemberRecord, ...]:
    """Who belongs to it, by name, up to `SHOWN`; of a group also those who have left."""
    statement = select(User.id, User.name, User.job_title, User.is_active)
    if kind is UnitKind.GROUP:
        statement = statement.join(GroupMember, GroupMember.user_id == User.id)
        statement = statement.where(GroupMember.group_id == unit_id)
    else:
        statement = statement.where(User.department_id == unit_id, User.is_active)
    rows = db.session.execute(statement.order_by(by_name(User.name), User.id).limit(SHOWN))
    return tuple(MemberRecord(*row) for row in rows)


def changes(kind: str, unit_id: str) -> tuple[UnitChangeRecord, ...]:
    """What was changed about it of late, the newest first."""
    rows = db.session.execute(
        select(OrganisationChange.kind, User.name, OrganisationChange.data, OrganisationChange.at)
        .outerjoin(User, User.id == OrganisationChange.actor_id)
        .where(OrganisationChange.subject == kind, OrganisationChange.subject_id == unit_id)
        .order_by(OrganisationChange.id.desc())
        .limit(CHANGES_SHOWN)
    )
    return tuple(UnitChangeRecord(*row) for row in rows)


def logo(digest: str) -> bytes | None:
    """The picture of that digest."""
    return db.session.scalar(select(OrganisationLogo.png).where(OrganisationLogo.digest == digest))


def mail_texts() -> dict[tuple[str, str], str]:
    """Which mails have words of our own, by kind and language; why they cannot be used, if so."""
    rows = db.session.execute(select(MailText.code, MailText.locale, MailText.problem))
    return {(row.code, row.locale): row.problem for row in rows}


def over_now(days: Mapping[str, int | None]) -> dict[str, int]:
    """How much of each is over by these settings, and would be deleted tonight."""
    counts = {
        name: select(func.count()).select_from(over(name, least).subquery()).scalar_subquery()
        for name, least in days.items()
        if least
    }
    if not counts:
        return {}
    row = db.session.execute(select(*(each.label(name) for name, each in counts.items()))).one()
    return dict(row._mapping)


def cleaned_at() -> datetime | None:
    """When the last clean-up came to its end."""
    return db.session.scalar(select(Check.done_at).where(Check.name == "cleaning"))


def settings() -> dict[str, Any]:
    """Everything that is set about the organisation; its location by name as `place`. Without a
    row, which the first change makes, nothing is."""
    statement = select(Organisation.__table__, Calendar.name.label("place")).outerjoin(
        Calendar, Calendar.id == Organisation.calendar_id
    )
    row = db.session.execute(statement).one_or_none()
    if row is not None:
        return dict(row._mapping)
    texts = {each.name for each in Organisation.__table__.columns if isinstance(each.type, Text)}
    names = [*Organisation.__table__.columns.keys(), "place"]
    return {name: "" if name in texts else None for name in names}
