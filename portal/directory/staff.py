"""Who may be given a task: somebody active, and not one who may only read."""

from uuid import UUID

from sqlalchemy import Connection, select

from portal.domain.people.permissions import Role
from portal.models import User


def name_of(connection: Connection, person_id: str) -> str:
    """The person's full name; "" for anybody who may not be given a task, known or not."""
    try:
        theirs = User.id == str(UUID(person_id))
    except ValueError:
        return ""
    may = User.is_active & ~User.roles.contains([Role.AUDITOR.value])
    return connection.scalar(select(User.name).where(theirs, may)) or ""
