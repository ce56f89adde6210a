"""The counters in the navigation, in one statement that reads at most a hundred index rows each."""

from typing import Any

from sqlalchemy import Select, bindparam, func, literal_column, select

from portal.extensions import db
from portal.models import Notification, Task

MOST = 100


def _at_most(inner: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(inner.limit(MOST).subquery())


# The status as a literal: a prepared statement's general plan could not use the partial index else.
_OPEN: Select[Any] = select(literal_column("1")).where(
    Task.assignee_id == bindparam("user_id"), Task.status == literal_column("'OPEN'")
)
_UNREAD: Select[Any] = select(literal_column("1")).where(
    Notification.user_id == bindparam("user_id"), Notification.read_at.is_(None)
)
COUNTS = select(
    _at_most(_OPEN).scalar_subquery().label("inbox"),
    _at_most(_UNREAD).scalar_subquery().label("notifications"),
)


def counts(user_id: str) -> dict[str, int]:
    """Open tasks and unread notifications by blueprint; 100 means "more than 99"."""
    row = db.session.execute(COUNTS, {"user_id": user_id}).one()
    return {name: count for name, count in row._mapping.items() if count}
