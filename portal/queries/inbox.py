"""One person's open tasks, the most pressing first; few statements however many there are.

The order is the index's (`ix_tasks_inbox`): due date, then id; those without one come last. Other
orders look at all of the person's tasks, each with its request by key. A task whose decision is
recorded and not applied yet is none of them. A page starts behind a `Cursor`: rows are neither
skipped nor repeated while others disappear.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import aliased

from portal.domain.request.state import Priority
from portal.extensions import Question, db
from portal.models import Command, Notification, Request, Task, User
from portal.models.undoing import waits_to_be_applied
from portal.queries import own_texts
from portal.queries.history import type_names

PAGE = 50
COUNT_LIMIT = 100
MOST_WORDS = 8
# Tasks that the reader has for nobody else.
OWN = "own"
_ROWS, _UNDATED = bindparam("rows", type_=BigInteger), bindparam("undated", type_=BigInteger)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)
_LOWEST, _HIGHEST = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"


class InboxView(StrEnum):
    """A part of the inbox."""

    ALL = "all"
    OVERDUE = "overdue"
    TODAY = "today"
    LATER = "later"


class Order(StrEnum):
    """What stands on top: what is due first, what the requester needs first, or what is urgent."""

    DUE = "due"
    NEEDED = "needed"
    PRIORITY = "priority"


# Urgent ones first; what is needed by no day comes behind every day.
_PRESSING = {each: len(Priority) - 1 - at for at, each in enumerate(Priority)}
_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class InboxCursor:
    """The last row already shown: its due date (None = without), its task's id, and its `rank` in
    an order that is not the index's."""

    due_at: datetime | None
    task_id: str
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which of the tasks, and in what order. `needed_until`: the decision is needed by then."""

    type_code: str = ""
    priority: Priority | None = None
    needed_until: datetime | None = None
    order: Order = Order.DUE


@dataclass(frozen=True, slots=True)
class InboxMoments:
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
class BeingApplied:
    """The person's decisions that are recorded and not applied yet; since when the oldest waits."""

    number: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """The rows asked for; `following` starts the next page, None at the end."""

    tasks: tuple[InboxTask, ...]
    following: InboxCursor | None


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """Open tasks by group, each counted to `COUNT_LIMIT` and no further; and what was sent."""

    overdue: int
    today: int
    later: int
    sent: BeingApplied

    @property
    def all(self) -> int:
        """All groups together; from `COUNT_LIMIT` on it only says "so many or more"."""
        return self.overdue + self.today + self.later


def page(
    user_id: str,
    view: InboxView,
    clock: InboxMoments,
    text: str = "",
    after: InboxCursor | None = None,
    most: int = PAGE,
    whose: str = "",
    narrowed: Narrowed | None = None,
) -> InboxPage:
    """The tasks of one page. Each word of `text` stands in the title, number, requester or type of
    all of them, the type as it is called or as the reader reads it; `whose` is `OWN`, the id of a
    person for whom the reader acts, or empty for all."""
    narrowed = narrowed or Narrowed()
    values = _bounds(view, clock, after, most + 1) | _of(user_id, whose) | {"rows": most + 1}
    given = {
        "words": text.split()[:MOST_WORDS],
        "type_code": narrowed.type_code,
        "priority": narrowed.priority and narrowed.priority.value,
        "needed_until": narrowed.needed_until,
    }
    wanted = {name: value for name, value in given.items() if value}
    statement = _statement(frozenset(wanted), _sort_of(whose), narrowed.order)
    if narrowed.order is not Order.DUE:
        values |= _behind(view, clock, after)
    if "words" in wanted:
        values["type_names"] = type_names()
    rows = statement.ask(db.session.connection(), values | wanted)
    tasks = tuple(_read(row) for row in rows[:most])
    more = len(rows) > most
    return InboxPage(tasks, _cursor_of(tasks[-1], narrowed.order) if more else None)


def _read(row: Any) -> InboxTask:
    return own_texts.as_read(InboxTask(*row), "type_name", "stage_name")


def _cursor_of(task: InboxTask, order: Order) -> InboxCursor:
    rank = 0
    if order is Order.PRIORITY:
        rank = _PRESSING[Priority(task.priority)]
    elif order is Order.NEEDED:
        needed = task.needed_by
        rank = (needed - _EPOCH) // timedelta(microseconds=1) if needed else _NEVER
    return InboxCursor(task.due_at, task.id, rank)


def counts(user_id: str, clock: InboxMoments, whose: str = "") -> InboxCounts:
    """How many tasks stand in each group, and what the person decided and has no effect yet."""
    values = _of(user_id, whose) | {"now": clock.now, "day_ends": clock.day_ends}
    (row,) = _counting(_sort_of(whose)).ask(db.session.connection(), values)
    sent = BeingApplied(row.sent, row.since)
    return InboxCounts(row.overdue, row.today, min(row.later + row.undated, COUNT_LIMIT), sent)


def _sort_of(whose: str) -> str:
    return whose if whose in ("", OWN) else "one"


def _of(user_id: str, whose: str) -> dict[str, str]:
    return {"user": user_id} if whose in ("", OWN) else {"user": user_id, "whose": whose}


def _bounds(
    view: InboxView, clock: InboxMoments, after: InboxCursor | None, rows: int
) -> dict[str, Any]:
    """The range of the index to read: dated tasks from .. until, then those without a date."""
    start = {InboxView.TODAY: clock.now, InboxView.LATER: clock.day_ends}.get(view, _FIRST)
    until = {InboxView.OVERDUE: clock.now, InboxView.TODAY: clock.day_ends}.get(view, _LAST)
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


def _behind(view: InboxView, clock: InboxMoments, after: InboxCursor | None) -> dict[str, Any]:
    """The place in an order of ranks, and the view's bounds, which the cursor does not move."""
    place = after or InboxCursor(_FIRST, _LOWEST, -1)
    bounds = _bounds(view, clock, None, 1)
    return {
        "from_due": bounds["from_due"],
        "last_rank": place.rank,
        "last_due": place.due_at or _LAST,
        "last_id": place.task_id,
    }


def _due(name: str) -> Any:
    return bindparam(name, type_=DateTime(timezone=True))


def _key(name: str) -> Any:
    return bindparam(name, type_=Uuid(as_uuid=False))


def _mine(whose: str) -> tuple[Any, ...]:
    mine = (
        Task.assignee_id == _key("user"),
        Task.status == literal_column("'OPEN'"),
        ~exists().where(Command.task_id == Task.id, *waits_to_be_applied(_key("user"))),
    )
    if not whose:
        return mine
    return *mine, Task.acting_for.is_(None) if whose == OWN else Task.acting_for == _key("whose")


def _being_applied() -> Select[*tuple[Any, ...]]:
    return (
        select(func.count().label("sent"), func.min(Command.created_at).label("since"))
        .join(Task, Task.id == Command.task_id)
        .where(*waits_to_be_applied(_key("user")), Task.status == literal_column("'OPEN'"))
    )


def _conditions(wanted: frozenset[str]) -> list[ColumnElement[bool]]:
    """What a task's request has to be; each word is looked for without marks and capitals."""
    conditions: list[ColumnElement[bool]] = []
    if "type_code" in wanted:
        conditions.append(Request.type_code == bindparam("type_code"))
    if "priority" in wanted:
        conditions.append(Request.priority == bindparam("priority"))
    if "needed_until" in wanted:
        conditions.append(Request.due_at <= _due("needed_until"))
    if "words" in wanted:
        words: Any = func.unnest(bindparam("words", type_=ARRAY(Text))).column_valued("word")
        plain = func.replace(func.replace(func.portal.plain(words), "\\", "\\\\"), "%", "\\%")
        pattern = literal("%").concat(func.replace(plain, "_", "\\_")).concat("%")
        # Alone, so that it is worked out once and not for each task.
        patterns = select(func.array_agg(pattern)).scalar_subquery().cast(ARRAY(Text))
        number, space = Request.number, literal(" ")
        texts = [Request.title, Request.type_name, Request.requester_name, number]
        shown = bindparam("type_names", type_=JSONB)[Request.type_code].astext
        said: Any = func.concat_ws(space, *texts, func.replace(number, "-", ""), shown)
        conditions.append(func.portal.plain(said).like(func.all_(patterns)))
    return conditions


def _matching(wanted: frozenset[str], *columns: Any) -> Any:
    """The task's request if it is as wanted. The offset keeps the planner from reading all
    requests at once: the person's tasks are few beside them, and come in order."""
    fits = Request.id == Task.request_id, *_conditions(wanted)
    one = select(Request.id, *columns).where(*fits).offset(0)
    return one.correlate(Task).lateral("matching")


def _statement(wanted: frozenset[str], whose: str = "", order: Order = Order.DUE) -> Question:
    return _by_due(wanted, whose) if order is Order.DUE else _by_rank(wanted, whose, order)


_TASK = (
    Task.id, Task.request_id, Task.stage_name, Task.opened_at, Task.due_at, Task.acting_for,
    Task.asked_at,
)  # fmt: skip


@cache
def _by_due(wanted: frozenset[str], whose: str) -> Question:
    """Two ranges of the index, one after the other; requests are joined to what is shown only."""
    base = select(*_TASK).where(*_mine(whose))
    if wanted:
        base = base.join(_matching(wanted), true())
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
    return _shown(top, top.c.due_at.nulls_last(), top.c.id)


@cache
def _by_rank(wanted: frozenset[str], whose: str, order: Order) -> Question:
    """All of the person's tasks with their ranks, cut behind the place and put in order."""
    rank: Any
    if order is Order.PRIORITY:
        rank = case({each.value: at for each, at in _PRESSING.items()}, value=Request.priority)
    else:
        needed = func.extract("epoch", Request.due_at) * 1_000_000
        rank = func.coalesce(needed.cast(BigInteger), literal(_NEVER, BigInteger))
    matching = _matching(wanted, rank.label("rank"))
    due = func.coalesce(Task.due_at, literal(_LAST, DateTime(timezone=True)))
    in_view = or_(
        and_(Task.due_at > _due("from_due"), Task.due_at <= _due("until")),
        and_(Task.due_at.is_(None), _UNDATED > 0),
    )
    last = tuple_(bindparam("last_rank", type_=BigInteger), _due("last_due"), _key("last_id"))
    top = (
        select(*_TASK, matching.c.rank)
        .join(matching, true())
        .where(*_mine(whose), in_view, tuple_(matching.c.rank, due, Task.id) > last)
        .order_by(matching.c.rank, due, Task.id)
        .limit(_ROWS)
        .subquery("top")
    )
    return _shown(top, top.c.rank, top.c.due_at.nulls_last(), top.c.id)


def _shown(top: Any, *order: Any) -> Question:
    """What an `InboxTask` says of these tasks."""
    delegator = aliased(User)
    return Question(
        select(
            top.c.id, Request.number, Request.title, Request.type_name, Request.requester_name,
            top.c.stage_name, Request.amount, Request.currency, Request.priority,
            Request.status == literal_column("'ON_HOLD'"), top.c.opened_at, top.c.due_at,
            delegator.name, Request.policy_version_id, top.c.asked_at,
            Request.due_at.label("needed_by"),
        )
        .join(Request, Request.id == top.c.request_id)
        .outerjoin(delegator, delegator.id == top.c.acting_for)
        .order_by(*order)
    )  # fmt: skip


@cache
def _counting(whose: str) -> Question:
    """Each group counted within the index, up to the limit."""

    def count(*limits: Any) -> Any:
        rows: Any = select(literal_column("1")).where(*_mine(whose), *limits).limit(COUNT_LIMIT)
        return select(func.count()).select_from(rows.subquery()).scalar_subquery()

    now, ends = _due("now"), _due("day_ends")
    applied = _being_applied().subquery("applied")
    return Question(
        select(
            applied.c.sent,
            applied.c.since,
            count(Task.due_at <= now).label("overdue"),
            count(Task.due_at > now, Task.due_at <= ends).label("today"),
            count(Task.due_at > ends).label("later"),
            count(Task.due_at.is_(None)).label("undated"),
        )
    )


def has_been_asked(user_id: str) -> bool:
    """Whether the person was ever asked to decide something, and told so."""
    told: Select[Any] = select(literal_column("1")).where(
        Notification.user_id == user_id, Notification.kind == "assigned"
    )
    return db.session.execute(select(told.exists())).scalar_one()


def following(user_id: str, number: str, after: InboxCursor) -> InboxTask | None:
    """The task behind the cursor, or else the first, that is not about the request of that number.

    A person has one open task of a request, so two rows are enough to find another.
    """
    clock = InboxMoments(_FIRST, _FIRST)
    for cursor in (after, None):
        values = _bounds(InboxView.ALL, clock, cursor, 2) | {"user": user_id, "rows": 2}
        for row in _statement(frozenset()).ask(db.session.connection(), values):
            if row.number != number:
                return _read(row)
    return None
