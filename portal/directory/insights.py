"""Where time goes, in figures: for a period, of some people, a type, a department.

Closed requests are counted from their facts (`portal.models.insights`), which follow the record at
once, and from whole weeks of them that were counted ahead (`portal.directory.counted_weeks`); what
is open is read as it stands. Percentiles are exact. No figure is about an approver.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from operator import attrgetter, mul
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.pq import Format
from sqlalchemy import Connection, Engine, Row, event, text

from portal.directory.counted_weeks import (
    SUMS,
    FigureFilters,
    Piece,
    as_values,
    decisions_of,
    hasty_of,
    pieces,
    requests_of,
    week_values,
    weeks_of,
)
from portal.domain.time.spread import Spread
from portal.models.insights import ALL_DEPARTMENTS

# Fewer decisions than that say nothing about a stage, and fewer people could be told apart.
LEAST, LEAST_PEOPLE = 3, 5
SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureScope:
    """What is counted: closed from `start` to before `end`; `people`: whose requests, None for
    everybody's; `type_code`, `department_id`: those alone, where given. `earlier`: when the period
    before began, where that is not as long: a month."""

    start: datetime
    end: datetime
    zone: str
    people: tuple[str, ...] | None = None
    type_code: str | None = None
    department_id: str | None = None
    earlier: datetime | None = None

    @property
    def before(self) -> "FigureScope":
        """The period before: of the same length, or the month before."""
        start = self.earlier or self.start - (self.end - self.start)
        return replace(self, start=start, end=self.start, earlier=None)

    def values(self) -> dict[str, Any]:
        """As parameters."""
        return {
            "start": self.start, "end": self.end, "zone": self.zone,
            "people": None if self.people is None else list(self.people),
            "type": self.type_code, "department": self.department_id,
            "all": ALL_DEPARTMENTS, "most": SHOWN, "least_people": LEAST_PEOPLE,
        }  # fmt: skip

    @property
    def filters(self) -> FigureFilters:
        """Which parts of it are said."""
        return FigureFilters(
            people=self.people is not None,
            type_code=self.type_code is not None,
            department=self.department_id is not None,
        )

    def pieces(self) -> dict[str, Any]:
        """The weeks that it touches, as parameters. Of some people nothing is counted ahead."""
        if self.people is None:
            return as_values(list(pieces(self.start, self.end)))
        return as_values([Piece(self.start.date(), self.start, self.end)])


@dataclass(frozen=True, slots=True)
class Totals:
    """Of decided requests: how many, working minutes (median, 90th percentile) and those of the
    wall clock; how many have a target and how many kept it; how many were approved or rejected in
    the first round without being sent back; rounds and escalations of all; minutes of the wall
    clock that went into each use. `others`: closed without a decision (withdrawn, cancelled).
    `working`: all of those minutes."""

    decided: int
    median: float | None
    slow: float | None
    median_elapsed: float | None
    slow_elapsed: float | None
    targeted: int
    in_time: int
    first_pass: int
    rounds: int
    escalations: int
    review: int
    settling: int
    nobody: int
    question: int
    returned: int
    held: int
    others: int
    working: Spread

    def histogram(self, step: int, last: int) -> tuple[int, ...]:
        """How many decided requests took so many whole `step` working minutes; all from `last` on
        together."""
        return tuple(self.working.bins(step, last))


@dataclass(frozen=True, slots=True)
class Middles:
    """Median and 90th percentile of working minutes to the decision; None where there is none."""

    median: float | None
    slow: float | None


@dataclass(frozen=True, slots=True)
class TypeFigure:
    """Decided requests of a type, and the median of their working minutes."""

    code: str
    name: str
    policy_version_id: str | None
    decided: int
    median: float

    def called(self, words: Mapping[str, str]) -> "TypeFigure":
        """The same with the name in another language, where there is one."""
        return replace(self, name=words.get(self.name, self.name))


@dataclass(frozen=True, slots=True)
class StageFigure:
    """A stage: decisions, working minutes from asked to decided, and minutes of the wall clock
    until it was first opened and from then on (medians; None where nobody was seen to open it)."""

    type_name: str
    stage_name: str
    decisions: int
    median: float
    slow: float
    waiting: float | None
    reviewing: float | None
    late: int
    policy_version_id: str | None = None


@dataclass(frozen=True, slots=True)
class WeekFigure:
    """The decisions of a week that begins on `monday` (a date, in the reader's zone)."""

    monday: Any
    approved: int
    returned: int
    rejected: int


@dataclass(frozen=True, slots=True)
class GroupLoad:
    """What a group is asked now; `people`: its active members."""

    name: str
    people: int
    open: int
    late: int


@dataclass(frozen=True, slots=True)
class HastyFigure:
    """Decisions of a group on a type, and how many were taken without opening the request."""

    type_name: str
    group_name: str
    decisions: int
    unopened: int
    policy_version_id: str | None = None


@dataclass(frozen=True, slots=True)
class OpenAge:
    """Open requests by whole days since they were sent: up to a day, a week, a month, longer."""

    day: int
    week: int
    month: int
    longer: int
    late: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.day + self.week + self.month + self.longer


# Raw: aggregates that share their conditions, in the database's own words.
_WHERE = """
    AND (CAST(:people AS uuid[]) IS NULL OR f.requester_id = ANY(CAST(:people AS uuid[])))
    AND (CAST(:type AS text) IS NULL OR f.type_code = :type)
    AND (CAST(:department AS uuid) IS NULL OR f.department_id = CAST(:department AS uuid))
"""
_TYPES = text("""
SELECT code, name, policy_version_id::text AS policy_version_id, target_minutes
FROM portal.request_types
""")
_LOAD = text(f"""
SELECT k.group_name AS name,
    (SELECT count(*) FROM portal.groups g JOIN portal.group_members m ON m.group_id = g.id
        JOIN portal.users p ON p.id = m.user_id AND p.is_active
        WHERE g.name = k.group_name) AS people,
    count(*) AS open, count(*) FILTER (WHERE k.due_at < now()) AS late
FROM portal.tasks k JOIN (
    SELECT r.id, r.requester_id, r.type_code, u.department_id
    FROM portal.requests r JOIN portal.users u ON u.id = r.requester_id
) f ON f.id = k.request_id
WHERE k.status = 'OPEN' AND k.group_name IS NOT NULL {_WHERE}
GROUP BY k.group_name ORDER BY open DESC, name LIMIT :most
""")  # noqa: S608 - our own words
_AGES = text(f"""
SELECT count(*) FILTER (WHERE age < interval '1 day') AS day,
    count(*) FILTER (WHERE age >= interval '1 day' AND age < interval '7 days') AS week,
    count(*) FILTER (WHERE age >= interval '7 days' AND age < interval '30 days') AS month,
    count(*) FILTER (WHERE age >= interval '30 days') AS longer,
    count(*) FILTER (WHERE stage_due_at < now()) AS late
FROM (
    SELECT now() - f.submitted_at AS age, f.stage_due_at FROM (
        SELECT r.*, u.department_id FROM portal.requests r
        JOIN portal.users u ON u.id = r.requester_id
        WHERE r.status IN ('PENDING', 'ON_HOLD', 'RETURNED')
    ) f WHERE true {_WHERE}
) each
""")  # noqa: S608 - our own words
_REPORTS = text("""
WITH RECURSIVE below AS (
    SELECT id FROM portal.users WHERE manager_id = CAST(:id AS uuid)
    UNION SELECT u.id FROM portal.users u JOIN below b ON u.manager_id = b.id
)
SELECT id::text FROM below
""")


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins there."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def month_after(month: date, months: int = 1) -> date:
    """The first day so many months later, or earlier."""
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def scope_of_month(month: date, zone: ZoneInfo, people: tuple[str, ...] | None) -> FigureScope:
    """The whole calendar month that begins on that day there, beside the month before."""
    before, start, end = (midnight(month_after(month, n), zone) for n in (-1, 0, 1))
    return FigureScope(start=start, end=end, earlier=before, zone=zone.key, people=people)


def totals(connection: Connection, scope: FigureScope) -> Totals:
    """The figures of the closed requests."""
    rows = _requests(connection, scope, "working", "elapsed")
    types = _types(connection)
    working, elapsed = _spread(rows, "working"), _spread(rows, "elapsed")
    targeted = in_time = 0
    for code, of_type in _grouped(rows, "type_code").items():
        target = types[code].target_minutes if code in types else None
        if target is not None:
            spread = _spread(of_type, "working")
            targeted += spread.size
            in_time += spread.up_to(target)
    return Totals(
        median=working.percentile(50),
        slow=working.percentile(90),
        median_elapsed=elapsed.percentile(50),
        slow_elapsed=elapsed.percentile(90),
        targeted=targeted,
        in_time=in_time,
        working=working,
        **_sums(rows, SUMS),
    )


def middles(connection: Connection, scope: FigureScope) -> Middles:
    """Of the totals what a period is compared by."""
    working = _spread(_requests(connection, scope, "working"), "working")
    return Middles(working.percentile(50), working.percentile(90))


def by_type(connection: Connection, scope: FigureScope) -> tuple[TypeFigure, ...]:
    """Those that most requests were decided of; up to `SHOWN`."""
    types = _types(connection)
    found = []
    for code, rows in _grouped(_requests(connection, scope, "working"), "type_code").items():
        spread, known = _spread(rows, "working"), types.get(code)
        median = spread.percentile(50)
        if median is not None:
            name, version = (known.name, known.policy_version_id) if known else (code, None)
            found.append(TypeFigure(code, name, version, spread.size, median))
    found.sort(key=lambda each: (-each.decided, each.code))
    return tuple(found[:SHOWN])


def slowest_stages(connection: Connection, scope: FigureScope) -> tuple[StageFigure, ...]:
    """The stages whose median is longest; up to `SHOWN`."""
    types = _types(connection)
    # Of some people the facts are read, which is done once; of weeks less is read in two steps.
    at_once = ("waiting", "reviewing") if scope.people is not None else ()
    found = []
    stages = _grouped(_decisions(connection, scope, "working", *at_once), "type_code", "stage_key")
    for (code, key), rows in stages.items():
        spread, known = _spread(rows, "working"), types.get(code)
        median, slow = spread.percentile(50), spread.percentile(90)
        if spread.size < LEAST or median is None or slow is None:
            continue
        figure = StageFigure(
            type_name=known.name if known else code,
            stage_name=max(row.stage_name for row in rows if row.sign > 0),
            decisions=spread.size,
            median=median,
            slow=slow,
            waiting=None,
            reviewing=None,
            policy_version_id=known.policy_version_id if known else None,
            **_sums(rows, ("late",)),
        )
        found.append((figure, code, key))
    found.sort(key=lambda x: (-x[0].median, -x[0].slow, x[0].type_name, x[0].stage_name))
    chosen = found[:SHOWN]
    if chosen and not at_once:
        keys = [(code, key) for _figure, code, key in chosen]
        looked = _decisions(connection, scope, "waiting", "reviewing", chosen=keys)
        stages = _grouped(looked, "type_code", "stage_key")
    return tuple(_with_looks(each, stages.get((code, key), ())) for each, code, key in chosen)


def _with_looks(figure: StageFigure, rows: Sequence[Row[Any]]) -> StageFigure:
    """The same with medians until, and from, the first look."""
    return replace(
        figure,
        waiting=_spread(rows, "waiting").percentile(50),
        reviewing=_spread(rows, "reviewing").percentile(50),
    )


def weeks(connection: Connection, scope: FigureScope) -> tuple[WeekFigure, ...]:
    """Decisions by week; a week without any is left out."""
    given = week_values(scope.start, scope.end, ZoneInfo(scope.zone))
    rows = connection.execute(weeks_of(scope.filters), scope.values() | given)
    found = (WeekFigure(row.monday, row.approved, row.sent_back, row.rejected) for row in rows)
    return tuple(each for each in found if each.approved or each.returned or each.rejected)


def load_by_group(connection: Connection, scope: FigureScope) -> tuple[GroupLoad, ...]:
    """Open tasks by the group that is asked, now; up to `SHOWN`."""
    return tuple(GroupLoad(**row) for row in _rows(connection, _LOAD, scope))


def open_by_age(connection: Connection, scope: FigureScope) -> OpenAge:
    """Open requests by age, now."""
    return OpenAge(**_one(connection, _AGES, scope))


def hasty(connection: Connection, scope: FigureScope) -> tuple[HastyFigure, ...]:
    """Decisions taken unopened, by type and group of at least `LEAST_PEOPLE`; up to `SHOWN`."""
    given = scope.values() | scope.pieces()
    rows = connection.execute(hasty_of(scope.filters), given).mappings()
    return tuple(HastyFigure(**row) for row in rows)


def reports_of(connection: Connection, manager_id: str) -> tuple[str, ...]:
    """Whoever reports to somebody, at whatever distance."""
    return tuple(connection.execute(_REPORTS, {"id": manager_id}).scalars())


def _one(connection: Connection, statement: Any, scope: FigureScope) -> Mapping[str, Any]:
    return dict(connection.execute(statement, scope.values()).mappings().one())


def _rows(connection: Connection, statement: Any, scope: FigureScope) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(statement, scope.values()).mappings()]


def _requests(connection: Connection, scope: FigureScope, *spreads: str) -> Sequence[Row[Any]]:
    given = scope.values() | scope.pieces()
    return _read(connection, requests_of(scope.filters, *spreads), given)


def _decisions(
    connection: Connection,
    scope: FigureScope,
    *spreads: str,
    chosen: Sequence[tuple[str, str]] | None = None,
) -> Sequence[Row[Any]]:
    given = scope.values() | scope.pieces()
    if chosen is not None:
        given |= {"types": [each[0] for each in chosen], "stages": [each[1] for each in chosen]}
    statement = decisions_of(scope.filters, *spreads, chosen=chosen is not None)
    return _read(connection, statement, given)


def _read(connection: Connection, statement: Any, given: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """The rows, as bytes from the database: very many minutes take half the time in these."""
    return connection.execute(statement, given, execution_options={"as_bytes": True}).all()


@event.listens_for(Engine, "before_cursor_execute")
def _as_bytes(_connection: Connection, cursor: Any, *given: Any) -> None:
    _statement, _parameters, context, _many = given
    if context is not None and context.execution_options.get("as_bytes"):
        cursor.format = Format.BINARY


def _types(connection: Connection) -> dict[str, Row[Any]]:
    return {row.code: row for row in connection.execute(_TYPES)}


def _grouped(rows: Iterable[Row[Any]], *names: str) -> dict[Any, list[Row[Any]]]:
    found: dict[Any, list[Row[Any]]] = {}
    key = attrgetter(*names)
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _sums(rows: Sequence[Row[Any]], names: Sequence[str]) -> dict[str, int]:
    """Of each column: what counts, without what is left out."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return dict.fromkeys(names, 0)
    place = rows[0]._fields.index
    signs = columns[place("sign")]
    return {name: sum(map(mul, signs, columns[place(name)])) for name in names}


def _spread(rows: Iterable[Row[Any]], name: str) -> Spread:
    """The minutes of all of them."""
    return Spread.of(map(attrgetter("sign", name, "in_order"), rows))
