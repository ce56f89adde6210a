"""For whom a person has open tasks."""

from functools import cache
from typing import Any

from sqlalchemy import Select, Uuid, bindparam, literal_column, select

from portal.extensions import db
from portal.models import Task, User
from portal.models.columns import by_name

MOST = 20


def owners(user_id: str) -> tuple[tuple[str, str], ...]:
    """Id and name of those whose open tasks the person has, by name, at most `MOST`."""
    return tuple((row.id, row.name) for row in db.session.execute(_owners(), {"user": user_id}))


@cache
def _owners() -> Select[*tuple[Any, ...]]:
    theirs = select(Task.acting_for).where(
        Task.assignee_id == bindparam("user", type_=Uuid(as_uuid=False)),
        Task.status == literal_column("'OPEN'"),
        Task.acting_for.is_not(None),
    )
    return (
        select(User.id, User.name)
        .where(User.id.in_(theirs))
        .order_by(by_name(User.name))
        .limit(MOST)
    )
