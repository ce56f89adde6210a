"""Where time goes, in figures: for a period, of some people, a type, a department.

Closed requests are counted from their facts (`portal.models.insights`), which follow the record at
once; what is open is read as it stands. Percentiles are exact. No figure is about an approver.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from portal.domain.request.state import Status

DECIDED = (Status.APPROVED.value, Status.REJECTED.value, Status.TIMEOUT.value)
# Fewer decisions than that say nothing about a stage, and fewer people could be told apart.
LEAST, LEAST_PEOPLE = 3, 5
SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
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
    def before(self) -> "Scope":
        """The period before: of the same length, or the month before."""
        start = self.earlier or self.start - (self.end - self.start)
        return replace(self, start=start, end=self.start, earlier=None)

    def values(self) -> dict[str, Any]:
        """As parameters."""
        return {
            "start": self.start, "end": self.end, "zone": self.zone,
            "people": None if self.people is None else list(self.people),
            "type": self.type_code, "department": self.department_id,
            "decided": list(DECIDED), "most": SHOWN, "least": LEAST,
            "least_people": LEAST_PEOPLE,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Totals:
    """Of decided requests: how many, working minutes (median, 90th percentile) and those of the
    wall clock; how many have a target and how many kept it; how many were approved or rejected in
    the first round without being sent back; rounds and escalations of all; minutes of the wall
    clock that went into each use. `others`: closed without a decision (withdrawn, cancelled)."""

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


# Raw: aggregates over the facts that share their conditions, in the database's own words. Exact
# percentiles come of how many have each minute: counting goes over several processors, and sorts
# the different minutes alone, where `percentile_disc` sorts every row by itself.
_WHERE = """
    AND (CAST(:people AS uuid[]) IS NULL OR f.requester_id = ANY(CAST(:people AS uuid[])))
    AND (CAST(:type AS text) IS NULL OR f.type_code = :type)
    AND (CAST(:department AS uuid) IS NULL OR f.department_id = CAST(:department AS uuid))
"""
_CLOSED = f"""
    FROM portal.request_facts f LEFT JOIN portal.request_types t ON t.code = f.type_code
    WHERE f.closed_at >= :start AND f.closed_at < :end {_WHERE}
"""
_DECISIONS = f"""
    FROM portal.decision_facts f
    WHERE f.decided_at >= :start AND f.decided_at < :end {_WHERE}
"""


def _spread(minutes: str) -> str:
    return f"""
    SELECT min(v) FILTER (WHERE upto >= 0.5 * whole) AS median,
        min(v) FILTER (WHERE upto >= 0.9 * whole) AS slow
    FROM (SELECT v, sum(n) OVER (ORDER BY v) AS upto, sum(n) OVER () AS whole FROM (
        SELECT {minutes} AS v, count(*) AS n {_CLOSED} AND f.outcome = ANY(:decided) GROUP BY 1
    ) counted) summed
    """  # noqa: S608 - our own words


_TOTALS = text(f"""
SELECT s.*, w.median, w.slow, e.median AS median_elapsed, e.slow AS slow_elapsed
FROM (SELECT count(*) FILTER (WHERE d) AS decided,
    count(*) FILTER (WHERE d AND target IS NOT NULL) AS targeted,
    count(*) FILTER (WHERE d AND working <= target) AS in_time,
    count(*) FILTER (WHERE d AND rounds = 1 AND sent_back = 0) AS first_pass,
    COALESCE(sum(rounds) FILTER (WHERE d), 0) AS rounds,
    COALESCE(sum(escalations) FILTER (WHERE d), 0) AS escalations,
    COALESCE(sum(elapsed - settling - nobody - question - returned - held)
        FILTER (WHERE d), 0) AS review,
    COALESCE(sum(settling) FILTER (WHERE d), 0) AS settling,
    COALESCE(sum(nobody) FILTER (WHERE d), 0) AS nobody,
    COALESCE(sum(question) FILTER (WHERE d), 0) AS question,
    COALESCE(sum(returned) FILTER (WHERE d), 0) AS returned,
    COALESCE(sum(held) FILTER (WHERE d), 0) AS held,
    count(*) FILTER (WHERE NOT d) AS others
    FROM (SELECT f.*, t.target_minutes AS target, f.outcome = ANY(:decided) AS d {_CLOSED}) f
) s, ({_spread("f.working")}) w, ({_spread("f.elapsed")}) e
""")  # noqa: S608 - our own words
_MIDDLES = text(_spread("f.working"))
_HISTOGRAM = text(f"""
SELECT LEAST(working / :step, :last) AS bin, count(*)
FROM (SELECT f.working {_CLOSED} AND f.outcome = ANY(:decided)) f GROUP BY 1 ORDER BY 1
""")  # noqa: S608 - our own words
_STAGES = text(f"""
WITH counted AS (
    SELECT f.type_code, f.stage_key, 'working' AS what, f.working AS v, count(*) AS n,
        count(*) FILTER (WHERE f.is_late) AS late, max(f.stage_name) AS stage_name
    {_DECISIONS} GROUP BY 1, 2, 4
    UNION ALL
    SELECT f.type_code, f.stage_key, 'waiting',
        CAST(date_part('epoch', f.looked_at - f.asked_at) / 60 AS bigint), count(*), 0, NULL
    {_DECISIONS} AND f.looked_at IS NOT NULL GROUP BY 1, 2, 4
    UNION ALL
    SELECT f.type_code, f.stage_key, 'reviewing',
        CAST(date_part('epoch', f.decided_at - f.looked_at) / 60 AS bigint), count(*), 0, NULL
    {_DECISIONS} AND f.looked_at IS NOT NULL GROUP BY 1, 2, 4
), summed AS (
    SELECT *, sum(n) OVER (PARTITION BY type_code, stage_key, what ORDER BY v) AS upto,
        sum(n) OVER (PARTITION BY type_code, stage_key, what) AS whole
    FROM counted
), stages AS (
    SELECT type_code, max(stage_name) AS stage_name,
        CAST(sum(n) FILTER (WHERE what = 'working') AS bigint) AS decisions,
        min(v) FILTER (WHERE what = 'working' AND upto >= 0.5 * whole) AS median,
        min(v) FILTER (WHERE what = 'working' AND upto >= 0.9 * whole) AS slow,
        min(v) FILTER (WHERE what = 'waiting' AND upto >= 0.5 * whole) AS waiting,
        min(v) FILTER (WHERE what = 'reviewing' AND upto >= 0.5 * whole) AS reviewing,
        CAST(sum(late) AS bigint) AS late
    FROM summed GROUP BY type_code, stage_key
)
SELECT COALESCE(t.name, s.type_code) AS type_name, s.stage_name,
    t.policy_version_id::text AS policy_version_id, s.decisions, s.median, s.slow, s.waiting,
    s.reviewing, s.late
FROM stages s LEFT JOIN portal.request_types t ON t.code = s.type_code
WHERE s.decisions >= :least
ORDER BY s.median DESC, s.slow DESC, 1, 2 LIMIT :most
""")  # noqa: S608 - our own words
# Of closed requests from their facts, of open ones from their tasks: so none is missing. A moment's
# week is looked up among the few Mondays of the period, not worked out for each.
_WEEKS = text(f"""
WITH mondays AS (
    SELECT array_agg(monday AT TIME ZONE :zone ORDER BY monday) AS moments
    FROM generate_series(date_trunc('week', :start AT TIME ZONE :zone), :end AT TIME ZONE :zone,
        interval '7 days') monday
)
SELECT CAST(moments[week] AT TIME ZONE :zone AS date) AS monday,
    CAST(sum(approved) AS bigint) AS approved, CAST(sum(returned) AS bigint) AS returned,
    CAST(sum(rejected) AS bigint) AS rejected
FROM mondays, (
    SELECT width_bucket(at, (SELECT moments FROM mondays)) AS week,
        count(*) FILTER (WHERE decision = 'approve') AS approved,
        count(*) FILTER (WHERE decision = 'send_back') AS returned,
        count(*) FILTER (WHERE decision = 'reject') AS rejected
    FROM (
        SELECT f.decided_at AS at, f.decision {_DECISIONS}
        UNION ALL
        SELECT k.decided_at, k.decision FROM (
            SELECT r.*, u.department_id FROM portal.requests r
            JOIN portal.users u ON u.id = r.requester_id
            WHERE r.status IN ('PENDING', 'ON_HOLD', 'RETURNED')
                OR r.id IN (SELECT request_id FROM portal.facts_due)
        ) f JOIN portal.tasks k ON k.request_id = f.id
        WHERE k.status = 'DECIDED' AND k.decided_at >= :start AND k.decided_at < :end {_WHERE}
    ) each GROUP BY 1
) counted GROUP BY 1 ORDER BY 1
""")  # noqa: S608 - our own words
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
# Decisions from before first looks were kept say nothing about them.
_HASTY = text(f"""
WITH large AS MATERIALIZED (
    SELECT g.code, g.name FROM portal.groups g WHERE :least_people <= (
        SELECT count(*) FROM portal.group_members m
        JOIN portal.users p ON p.id = m.user_id AND p.is_active WHERE m.group_id = g.id)
), counted AS (
    SELECT f.type_code, f.group_code, count(*) AS decisions,
        count(*) FILTER (WHERE f.looked_at IS NULL) AS unopened
    {_DECISIONS} AND f.asked_at >= (SELECT at FROM portal.first_looks ORDER BY at LIMIT 1)
        AND f.group_code IN (SELECT code FROM large)
    GROUP BY 1, 2
)
SELECT COALESCE(t.name, c.type_code) AS type_name, g.name AS group_name,
    t.policy_version_id::text AS policy_version_id, c.decisions, c.unopened
FROM counted c JOIN large g ON g.code = c.group_code
LEFT JOIN portal.request_types t ON t.code = c.type_code
WHERE c.unopened > 0
ORDER BY c.unopened DESC, 1, 2 LIMIT :most
""")  # noqa: S608 - our own words
_REPORTS = text("""
WITH RECURSIVE below AS (
    SELECT id FROM portal.users WHERE manager_id = CAST(:id AS uuid)
    UNION SELECT u.id FROM portal.users u JOIN below b ON u.manager_id = b.id
)
SELECT id::text FROM below
""")


_BY_TYPE = text(f"""
SELECT s.type_code AS code, COALESCE(t.name, s.type_code) AS name,
    t.policy_version_id::text AS policy_version_id, CAST(max(s.whole) AS bigint) AS decided,
    min(v) FILTER (WHERE upto >= 0.5 * whole) AS median
FROM (SELECT type_code, v, sum(n) OVER (PARTITION BY type_code ORDER BY v) AS upto,
    sum(n) OVER (PARTITION BY type_code) AS whole FROM (
        SELECT f.type_code, f.working AS v, count(*) AS n {_CLOSED} AND f.outcome = ANY(:decided)
        GROUP BY 1, 2
    ) counted) s LEFT JOIN portal.request_types t ON t.code = s.type_code
GROUP BY s.type_code, t.name, t.policy_version_id ORDER BY decided DESC, 1 LIMIT :most
""")  # noqa: S608 - our own words


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins there."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def month_after(month: date, months: int = 1) -> date:
    """The first day so many months later, or earlier."""
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def scope_of_month(month: date, zone: ZoneInfo, people: tuple[str, ...] | None) -> Scope:
    """The whole calendar month that begins on that day there, beside the month before."""
    before, start, end = (midnight(month_after(month, n), zone) for n in (-1, 0, 1))
    return Scope(start=start, end=end, earlier=before, zone=zone.key, people=people)


def totals(connection: Connection, scope: Scope) -> Totals:
    """The figures of the closed requests."""
    return Totals(**_one(connection, _TOTALS, scope))


def middles(connection: Connection, scope: Scope) -> Middles:
    """Of the totals what a period is compared by: a scan instead of three."""
    return Middles(**_one(connection, _MIDDLES, scope))


def histogram(connection: Connection, scope: Scope, step: int, last: int) -> dict[int, int]:
    """How many decided requests took so many whole `step` working minutes; all from `last` on
    together."""
    given = {**scope.values(), "step": step, "last": last}
    return {row[0]: row[1] for row in connection.execute(_HISTOGRAM, given)}


def by_type(connection: Connection, scope: Scope) -> tuple[TypeFigure, ...]:
    """Those that most requests were decided of; up to `SHOWN`."""
    return tuple(TypeFigure(**row) for row in _rows(connection, _BY_TYPE, scope))


def slowest_stages(connection: Connection, scope: Scope) -> tuple[StageFigure, ...]:
    """The stages whose median is longest; up to `SHOWN`."""
    return tuple(StageFigure(**row) for row in _rows(connection, _STAGES, scope))


def weeks(connection: Connection, scope: Scope) -> tuple[WeekFigure, ...]:
    """Decisions by week; a week without any is left out."""
    return tuple(WeekFigure(**row) for row in _rows(connection, _WEEKS, scope))


def load_by_group(connection: Connection, scope: Scope) -> tuple[GroupLoad, ...]:
    """Open tasks by the group that is asked, now; up to `SHOWN`."""
    return tuple(GroupLoad(**row) for row in _rows(connection, _LOAD, scope))


def open_by_age(connection: Connection, scope: Scope) -> OpenAge:
    """Open requests by age, now."""
    return OpenAge(**_one(connection, _AGES, scope))


def hasty(connection: Connection, scope: Scope) -> tuple[HastyFigure, ...]:
    """Decisions taken unopened, by type and group of at least `LEAST_PEOPLE`; up to `SHOWN`."""
    return tuple(HastyFigure(**row) for row in _rows(connection, _HASTY, scope))


def reports_of(connection: Connection, manager_id: str) -> tuple[str, ...]:
    """Whoever reports to somebody, at whatever distance."""
    return tuple(connection.execute(_REPORTS, {"id": manager_id}).scalars())


def _one(connection: Connection, statement: Any, scope: Scope) -> Mapping[str, Any]:
    return dict(connection.execute(statement, scope.values()).mappings().one())


def _rows(connection: Connection, statement: Any, scope: Scope) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(statement, scope.values()).mappings()]
