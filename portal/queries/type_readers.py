"""Who sees all requests of a type: groups, beside those who have to do with a request."""

from sqlalchemy import Uuid, bindparam, select

from portal.extensions import Question, db
from portal.models import Group, GroupMember, TypeReader

_TYPES = Question(
    select(TypeReader.type_code)
    .join(GroupMember, GroupMember.group_id == TypeReader.group_id)
    .where(GroupMember.user_id == bindparam("person", type_=Uuid(as_uuid=False)))
    .distinct()
    .order_by(TypeReader.type_code)
)


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
    rows = _TYPES.ask(db.session.connection(), {"person": person_id})
    return tuple(row.type_code for row in rows)
