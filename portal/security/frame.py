"""What the frame of every page tells its reader, read with the session from a few index rows: open
tasks and unread notifications, each counted to a hundred, absences that are on, and whether the
portal is closed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, literal_column, select
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import Closure, Delegation, Notification, Task, User

MOST = 100
MOST_ABSENCES = 5


def _at_most(inner: Select[Any]) -> Any:
    # The person stands in the statement around it, which a subquery has to be told.
    rows = inner.limit(MOST).correlate(User).subquery()
    return select(func.count()).select_from(rows).correlate(User).scalar_subquery()


def _open_tasks(person: Any) -> Select[Any]:
    # The status as a literal: a prepared statement's general plan could not use the partial index
    # else.
    return select(literal_column("1")).where(
        Task.assignee_id == person, Task.status == literal_column("'OPEN'")
    )


def _unread(person: Any) -> Select[Any]:
    return select(literal_column("1")).where(
        Notification.user_id == person,
        Notification.read_at.is_(None),
        literal_column("NOT notifications.hidden"),
    )


_CLOSED = select(Closure.words).where(Closure.in_force.is_(True)).scalar_subquery()


def _absences(person: Any, whose: Any, other: Any) -> Any:
    """The absences that are on in which the reader is `whose`, each with the other's name."""
    someone = aliased(User)
    on = (
        select(someone.name, Delegation.ends_at)
        .join(someone, someone.id == other)
        .where(
            whose == person,
            Delegation.ends_at > func.now(),
            Delegation.starts_at <= func.now(),
            Delegation.revoked_at.is_(None),
        )
        .order_by(Delegation.ends_at)
        .limit(MOST_ABSENCES)
        .correlate(User)
        .subquery()
    )
    pair = func.jsonb_build_array(on.c.name, on.c.ends_at)
    return select(func.jsonb_agg(pair)).select_from(on).correlate(User).scalar_subquery()


def frame_columns(person: Any) -> tuple[Any, ...]:
    """The columns that `frame_of` reads, for the person of this id: a column or a parameter."""
    delegator, delegate = Delegation.delegator_id, Delegation.delegate_id
    return (
        _CLOSED.label("closed"),
        _at_most(_open_tasks(person)).label("inbox"),
        _at_most(_unread(person)).label("notifications"),
        _absences(person, delegator, delegate).label("away"),
        _absences(person, delegate, delegator).label("acting"),
    )


ALONE = select(*frame_columns(bindparam("user_id")))


@dataclass(frozen=True, slots=True)
class OnNow:
    """An absence that is on: the other person's name, and until when."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Frame:
    """`counts` by place (100 means "more than 99"); `away`: who acts for the reader; `acting`:
    for whom the reader acts; `closed`: what to say while the portal takes no commands."""

    counts: dict[str, int]
    away: tuple[OnNow, ...] = ()
    acting: tuple[OnNow, ...] = ()
    closed: str | None = None


def frame(user_id: str) -> Frame:
    """What the frame says to this person now."""
    return frame_of(db.session.execute(ALONE, {"user_id": user_id}).one())


def frame_of(row: Row[Any]) -> Frame:
    """The frame in a row with `frame_columns`."""
    counts = {"inbox": row.inbox, "notifications": row.notifications}
    counts = {name: count for name, count in counts.items() if count}
    return Frame(counts, _on(row.away), _on(row.acting), row.closed)


def _on(pairs: list[list[str]] | None) -> tuple[OnNow, ...]:
    return tuple(OnNow(name, datetime.fromisoformat(until)) for name, until in pairs or ())


def closed() -> str | None:
    """What to say while the portal takes no commands; for visitors' pages."""
    return db.session.scalar(select(Closure.words).where(Closure.in_force.is_(True)))
