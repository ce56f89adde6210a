"""What the organisation lacks, or would lack without somebody: heads, managers, members, names in
policies. Requests then go to a fallback, or wait for an administrator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from portal.domain.request.state import Status
from portal.extensions import db
from portal.models import (
    Department,
    Group,
    GroupMember,
    PolicyVersion,
    Request,
    RequestType,
    Task,
    User,
)
from portal.models.columns import by_name
from portal.queries import own_texts

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Gap:
    """Somebody or a department, and whom they had: the name of one who left, or nothing."""

    id: str
    name: str
    left: str | None


@dataclass(frozen=True, slots=True)
class Ties:
    """What depends on a person: names; `managed` are the first of `managed_count` active people."""

    heads: tuple[str, ...] = ()
    managed: tuple[str, ...] = ()
    managed_count: int = 0
    only_member_of: tuple[str, ...] = ()
    named_in: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything does."""
        return bool(self.heads or self.managed or self.only_member_of or self.named_in)


# So many open tasks of somebody are handed over one by one; the rest follow the rules.
TASKS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Estate:
    """What somebody who leaves can hand over to others: departments and groups by code, types whose
    policies name them by code, their own open tasks by id (the request's number and title)."""

    reports: int
    heads: dict[str, str]
    groups: dict[str, str]
    types: dict[str, str]
    tasks: dict[str, tuple[str, str]]

    @property
    def any(self) -> bool:
        """Whether there is anything."""
        return bool(self.reports or self.heads or self.groups or self.types or self.tasks)


def vacant_heads() -> tuple[Gap, ...]:
    """Departments with active people and without an active head, by name; up to `SHOWN`."""
    head = aliased(User)
    staffed = exists().where(User.department_id == Department.id, User.is_active)
    return _gaps(
        select(Department.id, Department.name, head.name)
        .outerjoin(head, head.id == Department.head_id)
        .where(staffed, or_(head.id.is_(None), ~head.is_active))
        .order_by(by_name(Department.name))
    )


def without_manager() -> tuple[Gap, ...]:
    """Active people whose manager left, or who have none though nobody reports to them: whoever
    stands on top has none. By name; up to `SHOWN`."""
    manager, other = aliased(User), aliased(User)
    leads = or_(
        exists().where(other.manager_id == User.id, other.is_active),
        exists().where(Department.head_id == User.id),
    )
    decides_nothing = User.roles.contains(["auditor"])
    return _gaps(
        select(User.id, User.name, manager.name)
        .outerjoin(manager, manager.id == User.manager_id)
        .where(
            User.is_active,
            or_(~manager.is_active, manager.id.is_(None) & ~leads & ~decides_nothing),
        )
        .order_by(by_name(User.name))
    )


def headed_by(person_id: str) -> dict[str, str]:
    """The departments that they head, names by code."""
    mine = select(Department.code, Department.name).where(Department.head_id == person_id)
    rows = db.session.execute(mine.order_by(by_name(Department.name), Department.code))
    return {row.code: row.name for row in rows}


def only_member_of(person_id: str) -> dict[str, str]:
    """The groups that have no other active member, names by code."""
    others = exists().where(
        GroupMember.group_id == Group.id, GroupMember.user_id == User.id, User.is_active,
        User.id != person_id,
    )  # fmt: skip
    mine = exists().where(GroupMember.group_id == Group.id, GroupMember.user_id == person_id)
    rows = db.session.execute(
        select(Group.code, Group.name)
        .where(mine, ~others)
        .order_by(by_name(Group.name), Group.code)
    )
    return {row.code: row.name for row in rows}


def ties_of(person_id: str) -> Ties:
    """What would be without them, or is already."""
    names = db.session.scalars
    managed = User.manager_id == person_id, User.is_active
    return Ties(
        heads=tuple(headed_by(person_id).values()),
        managed=tuple(
            names(select(User.name).where(*managed).order_by(by_name(User.name)).limit(10))
        ),
        managed_count=db.session.scalar(select(func.count()).where(*managed)) or 0,
        only_member_of=tuple(only_member_of(person_id).values()),
        named_in=tuple(named_in(person_id).values()),
    )


def named_in(person_id: str) -> dict[str, str]:
    """The types in use whose policies name them, names by code."""
    rows = db.session.execute(
        select(RequestType.code, RequestType.name, RequestType.policy_version_id)
        .join(PolicyVersion, PolicyVersion.id == RequestType.policy_version_id)
        .where(
            RequestType.is_active.is_(true()),
            PolicyVersion.definition.cast(Text).contains(f'"{person_id}"', autoescape=True),
        )
    )
    return own_texts.in_order(
        {row.code: own_texts.told(row.policy_version_id, row.name) for row in rows}
    )


def estate_of(person_id: str) -> Estate:
    """What they can hand over."""
    managed = select(func.count()).where(User.manager_id == person_id, User.is_active)
    return Estate(
        reports=db.session.scalar(managed) or 0,
        heads=headed_by(person_id),
        groups=only_member_of(person_id),
        types=named_in(person_id),
        tasks=_open_tasks(person_id),
    )


def _open_tasks(person_id: str) -> dict[str, tuple[str, str]]:
    """Those of their own, the oldest first; what they do for others ends with their delegations."""
    rows = db.session.execute(
        select(Task.id, Request.number, Request.title)
        .join(Request, Request.id == Task.request_id)
        .where(Task.assignee_id == person_id, Task.acting_for.is_(None), Task.status == "OPEN")
        .where(Request.status == Status.PENDING)
        .order_by(Request.submitted_at, Task.id)
        .limit(TASKS_SHOWN)
    )
    return {str(row.id): (row.number, row.title) for row in rows}


def ties_of_many(
    person_ids: Sequence[str],
) -> dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Of each: how many active people they manage, the departments they head, and the groups whose
    active members are all among these people."""
    if not person_ids:
        return {}
    going = User.id.in_(person_ids)
    counted = (
        select(User.manager_id, func.count())
        .where(User.manager_id.in_(person_ids), User.is_active, ~going)
        .group_by(User.manager_id)
    )
    managed = {row[0]: row[1] for row in db.session.execute(counted)}
    heads = _by_person(
        select(Department.head_id, Department.name)
        .where(Department.head_id.in_(person_ids))
        .order_by(by_name(Department.name))
    )
    stays = exists().where(
        GroupMember.group_id == Group.id, GroupMember.user_id == User.id, User.is_active, ~going
    )
    only = _by_person(
        select(GroupMember.user_id, Group.name)
        .join(Group, Group.id == GroupMember.group_id)
        .where(GroupMember.user_id.in_(person_ids), ~stays)
        .order_by(by_name(Group.name))
    )
    return {
        each: (managed.get(each, 0), heads.get(each, ()), only.get(each, ())) for each in person_ids
    }


def _by_person(statement: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for person_id, name in db.session.execute(statement):
        found[person_id] = (*found.get(person_id, ()), name)
    return found


def _gaps(statement: Any) -> tuple[Gap, ...]:
    return tuple(Gap(*row) for row in db.session.execute(statement.limit(SHOWN)))
