"""For whom a person has open tasks."""

from sqlalchemy import Uuid, bindparam, literal_column, select

from portal.extensions import Question, db
from portal.models import Task, User
from portal.models.columns import by_name

MOST = 20
_THEIRS = select(Task.acting_for).where(
    Task.assignee_id == bindparam("user", type_=Uuid(as_uuid=False)),
    Task.status == literal_column("'OPEN'"),
    Task.acting_for.is_not(None),
)
_OWNERS = Question(
    select(User.id, User.name).where(User.id.in_(_THEIRS)).order_by(by_name(User.name)).limit(MOST)
)


def owners(user_id: str) -> tuple[tuple[str, str], ...]:
    """Id and name of those whose open tasks the person has, by name, at most `MOST`."""
    rows = _OWNERS.ask(db.session.connection(), {"user": user_id})
    return tuple((row.id, row.name) for row in rows)
