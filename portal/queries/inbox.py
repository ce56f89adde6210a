"""One person's open tasks, the most pressing first; few statements however many there are.

The order is the index's (`ix_tasks_inbox`): due date, then id; those without one come last.
A page starts behind a `Cursor`: rows are neither skipped nor repeated while others disappear.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Select,
    Uuid,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import Notification, Request, Task, User

PAGE = 50
COUNT_LIMIT = 100
# Tasks that the reader has for nobody else.
OWN = "own"
_ROWS, _UNDATED = bindparam("rows", type_=BigInteger), bindparam("undated", type_=BigInteger)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)
_LOWEST, _HIGHEST = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"


class View(StrEnum):
    """A part of the inbox."""

    ALL = "all"
    OVERDUE = "overdue"
    TODAY = "today"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row already shown: its due date (None = without) and its task's id."""

    due_at: datetime | None
    task_id: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The moments that divide the groups: now, and when the reader's day ends."""

    now: datetime
    day_ends: datetime


@dataclass(frozen=True, slots=True)
class InboxTask:
    """A row of the inbox. `amount` is in minor units; `acting_for` is a name; `asked_at`: since
    when it waits for information; `needed_by`: when the requester needs the decision."""

    id: str
    number: str
    title: str
    type_name: str
    requester_name: str
    stage_name: str
    amount: int | None
    currency: str | None
    priority: str
    on_hold: bool
    opened_at: datetime
    due_at: datetime | None
    acting_for: str | None
    policy_version_id: str
    asked_at: datetime | None
    needed_by: datetime | None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """The rows asked for; `following` starts the next page, None at the end."""

    tasks: tuple[InboxTask, ...]
    following: Cursor | None


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """Open tasks by group, each counted to `COUNT_LIMIT` and no further."""

    overdue: int
    today: int
    later: int

    @property
    def all(self) -> int:
        """All groups together; from `COUNT_LIMIT` on it only says "so many or more"."""
        return self.overdue + self.today + self.later


def page(
    user_id: str,
    view: View,
    clock: Clock,
    text: str = "",
    after: Cursor | None = None,
    most: int = PAGE,
    whose: str = "",
) -> InboxPage:
    """The tasks of one page. `text` looks into title, number and requester of all of them; `whose`
    is `OWN`, the id of a person for whom the reader acts, or empty for all."""
    values = _bounds(view, clock, after, most + 1) | _of(user_id, whose) | {"rows": most + 1}
    if text:
        values["pattern"] = f"%{_literally(text)}%"
    rows = db.session.execute(_statement(bool(text), _sort_of(whose)), values).all()
    tasks = tuple(InboxTask(*row) for row in rows[:most])
    more = len(rows) > most
    return InboxPage(tasks, Cursor(tasks[-1].due_at, tasks[-1].id) if more else None)


def counts(user_id: str, clock: Clock, whose: str = "") -> InboxCounts:
    """How many tasks stand in each group."""
    values = _of(user_id, whose) | {"now": clock.now, "day_ends": clock.day_ends}
    row = db.session.execute(_counting(_sort_of(whose)), values).one()
    return InboxCounts(row.overdue, row.today, min(row.later + row.undated, COUNT_LIMIT))


def _sort_of(whose: str) -> str:
    return whose if whose in ("", OWN) else "one"


def _of(user_id: str, whose: str) -> dict[str, str]:
    return {"user": user_id} if whose in ("", OWN) else {"user": user_id, "whose": whose}


def _literally(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _bounds(view: View, clock: Clock, after: Cursor | None, rows: int) -> dict[str, Any]:
    """The range of the index to read: dated tasks from .. until, then those without a date."""
    start = {View.TODAY: clock.now, View.LATER: clock.day_ends}.get(view, _FIRST)
    until = {View.OVERDUE: clock.now, View.TODAY: clock.day_ends}.get(view, _LAST)
    undated = rows if until == _LAST else 0
    values = {"from_due": start, "from_id": _HIGHEST, "until": until}
    values |= {"undated": undated, "undated_from": _LOWEST}
    if after is None:
        return values
    if after.due_at is None:
        return values | {"from_due": _LAST, "undated_from": after.task_id}
    if after.due_at >= start:
        values |= {"from_due": after.due_at, "from_id": after.task_id}
    return values


def _due(name: str) -> Any:
    return bindparam(name, type_=DateTime(timezone=True))


def _key(name: str) -> Any:
    return bindparam(name, type_=Uuid(as_uuid=False))


def _mine(whose: str) -> tuple[Any, ...]:
    mine = Task.assignee_id == _key("user"), Task.status == literal_column("'OPEN'")
    if not whose:
        return mine
    return *mine, Task.acting_for.is_(None) if whose == OWN else Task.acting_for == _key("whose")


def _matching() -> Any:
    """The task's request if the text is in it. The offset keeps the planner from reading all
    requests at once: the person's tasks are few beside them, and come in order."""
    columns = (Request.title, Request.number, Request.requester_name)
    fits = or_(*(column.ilike(bindparam("pattern")) for column in columns))
    one = select(Request.id).where(Request.id == Task.request_id, fits).offset(0)
    return one.correlate(Task).lateral("matching")


@cache
def _statement(searching: bool, whose: str = "") -> Select[*tuple[Any, ...]]:
    """Two ranges of the index, one after the other; requests are joined to what is shown only."""
    columns = (Task.id, Task.request_id, Task.stage_name, Task.opened_at, Task.due_at)
    base = select(*columns, Task.acting_for, Task.asked_at).where(*_mine(whose))
    if searching:
        base = base.join(_matching(), true())
    dated = base.where(
        tuple_(Task.due_at, Task.id) > tuple_(_due("from_due"), _key("from_id")),
        Task.due_at <= _due("until"),
    )
    undated = base.where(Task.due_at.is_(None), Task.id > _key("undated_from"))
    parts = union_all(
        dated.order_by(Task.due_at, Task.id).limit(_ROWS),
        undated.order_by(Task.id).limit(_UNDATED),
    ).subquery()
    found = select(parts).order_by(parts.c.due_at.nulls_last(), parts.c.id)
    top = found.limit(_ROWS).subquery("top")
    delegator = aliased(User)
    return (
        select(
            top.c.id, Request.number, Request.title, Request.type_name, Request.requester_name,
            top.c.stage_name, Request.amount, Request.currency, Request.priority,
            Request.status == literal_column("'ON_HOLD'"), top.c.opened_at, top.c.due_at,
            delegator.name, Request.policy_version_id, top.c.asked_at,
            Request.due_at.label("needed_by"),
        )
        .join(Request, Request.id == top.c.request_id)
        .outerjoin(delegator, delegator.id == top.c.acting_for)
        .order_by(top.c.due_at.nulls_last(), top.c.id)
    )  # fmt: skip


@cache
def _counting(whose: str) -> Select[*tuple[Any, ...]]:
    """Each group counted within the index, up to the limit."""

    def count(*limits: Any) -> Any:
        rows: Any = select(literal_column("1")).where(*_mine(whose), *limits).limit(COUNT_LIMIT)
        return select(func.count()).select_from(rows.subquery()).scalar_subquery()

    now, ends = _due("now"), _due("day_ends")
    return select(
        count(Task.due_at <= now).label("overdue"),
        count(Task.due_at > now, Task.due_at <= ends).label("today"),
        count(Task.due_at > ends).label("later"),
        count(Task.due_at.is_(None)).label("undated"),
    )


def has_been_asked(user_id: str) -> bool:
    """Whether the person was ever asked to decide something, and told so."""
    told: Select[Any] = select(literal_column("1")).where(
        Notification.user_id == user_id, Notification.kind == "assigned"
    )
    return db.session.execute(select(told.exists())).scalar_one()


def following(user_id: str, number: str, after: Cursor) -> InboxTask | None:
    """The task behind the cursor, or else the first, that is not about the request of that number.

    A person has one open task of a request, so two rows are enough to find another.
    """
    clock = Clock(_FIRST, _FIRST)
    for cursor in (after, None):
        values = _bounds(View.ALL, clock, cursor, 2) | {"user": user_id, "rows": 2}
        for row in db.session.execute(_statement(False), values):
            if row.number != number:
                return InboxTask(*row)
    return None
