"""Who sees all requests of a type: groups, beside those who have to do with a request."""

from sqlalchemy import select

from portal.extensions import db
from portal.models import Group, GroupMember, TypeReader


def groups_of(code: str) -> dict[str, str]:
    """The groups whose members see all requests of the type, names by code."""
    rows = db.session.execute(
        select(Group.code, Group.name)
        .join(TypeReader, TypeReader.group_id == Group.id)
        .where(TypeReader.type_code == code)
        .order_by(Group.name, Group.code)
    )
    return {row.code: row.name for row in rows}


def types_of(person_id: str) -> tuple[str, ...]:
    """The types of which somebody sees all requests, by code."""
    rows = db.session.scalars(
        select(TypeReader.type_code)
        .join(GroupMember, GroupMember.group_id == TypeReader.group_id)
        .where(GroupMember.user_id == person_id)
        .distinct()
        .order_by(TypeReader.type_code)
    )
    return tuple(rows)
