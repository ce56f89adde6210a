"""What the frame of every page tells its reader, in one statement that reads a few index rows: open
tasks and unread notifications, each counted to a hundred, absences that are on, and whether the
portal is closed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, literal_column, select

from portal.extensions import db
from portal.models import Closure, Delegation, Notification, Task, User

MOST = 100
MOST_ABSENCES = 5


def _at_most(inner: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(inner.limit(MOST).subquery())


# The status as a literal: a prepared statement's general plan could not use the partial index else.
_OPEN: Select[Any] = select(literal_column("1")).where(
    Task.assignee_id == bindparam("user_id"), Task.status == literal_column("'OPEN'")
)
_UNREAD: Select[Any] = select(literal_column("1")).where(
    Notification.user_id == bindparam("user_id"),
    Notification.read_at.is_(None),
    literal_column("NOT notifications.hidden"),
)
_CLOSED = select(Closure.words).where(Closure.in_force.is_(True)).scalar_subquery()


def _absences(whose: Any, other: Any) -> Any:
    """The absences that are on in which the reader is `whose`, each with the other's name."""
    on = (
        select(User.name, Delegation.ends_at)
        .join(User, User.id == other)
        .where(
            whose == bindparam("user_id"),
            Delegation.ends_at > func.now(),
            Delegation.starts_at <= func.now(),
            Delegation.revoked_at.is_(None),
        )
        .order_by(Delegation.ends_at)
        .limit(MOST_ABSENCES)
        .subquery()
    )
    pair = func.jsonb_build_array(on.c.name, on.c.ends_at)
    return select(func.jsonb_agg(pair)).select_from(on).scalar_subquery()


COUNTS = select(
    _CLOSED.label("closed"),
    _at_most(_OPEN).scalar_subquery().label("inbox"),
    _at_most(_UNREAD).scalar_subquery().label("notifications"),
    _absences(Delegation.delegator_id, Delegation.delegate_id).label("away"),
    _absences(Delegation.delegate_id, Delegation.delegator_id).label("acting"),
)


@dataclass(frozen=True, slots=True)
class OnNow:
    """An absence that is on: the other person's name, and until when."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """`counts` by blueprint (100 means "more than 99"); `away`: who acts for the reader; `acting`:
    for whom the reader acts; `closed`: what to say while the portal takes no commands."""

    counts: dict[str, int]
    away: tuple[OnNow, ...] = ()
    acting: tuple[OnNow, ...] = ()
    closed: str | None = None


def frame(user_id: str) -> FrameRecord:
    """What the frame says to this person now."""
    row = db.session.execute(COUNTS, {"user_id": user_id}).one()
    counts = {"inbox": row.inbox, "notifications": row.notifications}
    counts = {name: count for name, count in counts.items() if count}
    return FrameRecord(counts, _on(row.away), _on(row.acting), row.closed)


def _on(pairs: list[list[str]] | None) -> tuple[OnNow, ...]:
    return tuple(OnNow(name, datetime.fromisoformat(until)) for name, until in pairs or ())


def closed() -> str | None:
    """What to say while the portal takes no commands; for visitors' pages."""
    return db.session.scalar(select(Closure.words).where(Closure.in_force.is_(True)))
