"""Figures of closed requests by weeks that are counted ahead, and of the rest from the facts.

A week runs from Monday to Monday by UTC. What is counted of one is what `requests_of` and
`decisions_of` say of its facts; changes since then lie beside it, with a sign. So a figure is that
of a plain scan, to the last commit, whatever is counted: each question is one statement, which sees
the weeks, the changes and the facts as of one moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, text

from portal.domain.request.state import Status
from portal.models.insights import ALL_DEPARTMENTS

DECIDED = (Status.APPROVED.value, Status.REJECTED.value, Status.TIMEOUT.value)
WEEK = timedelta(weeks=1)
SUMS = (
    "decided", "others", "first_pass", "rounds", "escalations", "review", "settling", "nobody",
    "question", "returned", "held",
)  # fmt: skip
_DECIDED = ", ".join(f"'{each}'" for each in DECIDED)
# Raw, here and below: statements that are made of the same words, so that what is counted ahead is
# what the facts say. What the facts `f` say, and their changes alike: each row has a sign.
_REQUEST_SUMS = """
    count(*) FILTER (WHERE d) AS decided, count(*) FILTER (WHERE NOT d) AS others,
    count(*) FILTER (WHERE d AND rounds = 1 AND sent_back = 0) AS first_pass,
    COALESCE(CAST(sum(rounds) FILTER (WHERE d) AS bigint), 0) AS rounds,
    COALESCE(CAST(sum(escalations) FILTER (WHERE d) AS bigint), 0) AS escalations,
    COALESCE(CAST(sum(elapsed - settling - nobody - question - returned - held)
        FILTER (WHERE d) AS bigint), 0) AS review,
    COALESCE(CAST(sum(settling) FILTER (WHERE d) AS bigint), 0) AS settling,
    COALESCE(CAST(sum(nobody) FILTER (WHERE d) AS bigint), 0) AS nobody,
    COALESCE(CAST(sum(question) FILTER (WHERE d) AS bigint), 0) AS question,
    COALESCE(CAST(sum(returned) FILTER (WHERE d) AS bigint), 0) AS returned,
    COALESCE(CAST(sum(held) FILTER (WHERE d) AS bigint), 0) AS held
"""
_REQUEST = f"""type_code, department_id, outcome IN ({_DECIDED}) AS d, elapsed, working, settling,
    nobody, question, returned, held, rounds, sent_back, escalations"""
_KINDS = {"approved": "approve", "sent_back": "send_back", "rejected": "reject"}
_KIND_SUMS = ", ".join(
    f"count(*) FILTER (WHERE decision = '{decision}') AS {name}"
    for name, decision in _KINDS.items()
)
_HASTY_SUMS = """
    count(*) FILTER (WHERE asked_at >= since.at) AS known,
    count(*) FILTER (WHERE asked_at >= since.at AND looked_at IS NULL) AS unopened
"""
_DECISION = """type_code, department_id, stage_key, stage_name, group_code, decision, asked_at,
    looked_at, decided_at, working, is_late"""
_SINCE = "(SELECT (SELECT at FROM portal.first_looks ORDER BY at LIMIT 1) AS at) since"


def minutes_between(first: str, second: str) -> str:
    """Whole minutes from one moment to another."""
    return f"CAST(date_part('epoch', {second} - {first}) / 60 AS integer)"


_SPREADS = {
    "working": ("CAST(working AS integer)", "true"),
    "elapsed": ("CAST(elapsed AS integer)", "d"),
    "waiting": (minutes_between("asked_at", "looked_at"), "looked_at IS NOT NULL"),
    "reviewing": (minutes_between("looked_at", "decided_at"), "looked_at IS NOT NULL"),
}


def _packed(name: str, where: str = "", *, in_order: bool = False) -> str:
    """Minutes as `portal.domain.time.spread` reads them."""
    minutes, those = _SPREADS[name]
    order = f" ORDER BY {minutes}" if in_order else ""
    return (
        f"COALESCE(string_agg(int4send({minutes}), ''::bytea{order})"
        f" FILTER (WHERE {where or those}), ''::bytea) AS {name}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureFilters:
    """Which of them a question is about; as `FigureScope` has them."""

    people: bool
    type_code: bool
    department: bool

    @property
    def words(self) -> str:
        """Of facts and their changes."""
        return (
            ("AND f.requester_id = ANY(CAST(:people AS uuid[])) " if self.people else "")
            + ("AND f.type_code = :type " if self.type_code else "")
            + ("AND f.department_id = CAST(:department AS uuid) " if self.department else "")
        )

    @property
    def counted(self) -> str:
        """Of rows that are counted ahead."""
        return (
            f"AND c.department_id = CAST({':department' if self.department else ':all'} AS uuid) "
            + ("AND c.type_code = :type " if self.type_code else "")
        )


# Raw: see above. Weeks that are counted are taken as they are, but for what is taken away from
# them; of all else the facts are asked.
_PIECES = """
WITH valid_weeks AS MATERIALIZED (
    SELECT w.monday FROM portal.counted_weeks w
    WHERE w.monday = ANY(CAST(:mondays AS date[])) {valid}
), pieces AS MATERIALIZED (
    SELECT p.monday, p.start, p.until, p.sign, p.as_week AND w.monday IS NOT NULL AS counted
    FROM unnest(CAST(:mondays AS date[]), CAST(:starts AS timestamptz[]),
        CAST(:untils AS timestamptz[]), CAST(:signs AS integer[]), CAST(:as_weeks AS boolean[])
    ) AS p(monday, start, until, sign, as_week)
    LEFT JOIN valid_weeks w ON w.monday = p.monday
    WHERE p.sign > 0 OR w.monday IS NOT NULL
)
"""


def _both(what: str, at: str, columns: str, filters: FigureFilters, more: str = "") -> str:
    """Facts of what is not counted, and changes of what is. Of some people nothing is. The planner
    is to look up the time of each piece, of which it cannot know how short it is (OFFSET); changes
    it may read once for all pieces, for where few are left of very many each look takes long."""
    if filters.people:
        return f"""(
            SELECT 1 AS sign, {columns} FROM portal.{what}_facts f
            WHERE f.{at} >= :start AND f.{at} < :end {filters.words} {more}
        )"""  # noqa: S608 - our own words
    return f"""(
        SELECT p.sign, {columns} FROM pieces p CROSS JOIN LATERAL (
            SELECT * FROM portal.{what}_facts f
            WHERE f.{at} >= p.start AND f.{at} < p.until {filters.words} OFFSET 0
        ) f WHERE NOT p.counted {more}
        UNION ALL
        SELECT f.sign, {columns}
        FROM portal.{what}_fact_changes f JOIN pieces p ON p.monday = f.monday
        WHERE p.counted {filters.words} {more}
    )"""  # noqa: S608 - our own words


def _requests(filters: FigureFilters) -> str:
    return _both("request", "closed_at", _REQUEST, filters)


def _decisions(filters: FigureFilters, more: str = "") -> str:
    return _both("decision", "decided_at", _DECISION, filters, more)


@cache
def requests_of(filters: FigureFilters, *spreads: str) -> TextClause:
    """Rows of a type with a sign, sums, and those minutes."""
    names = ", ".join(f"c.{each}" for each in (*SUMS, *spreads))
    packed = ", ".join(_packed(each, "d") for each in spreads)
    # Raw: see above.
    return text(f"""
{_PIECES.format(valid="")}
SELECT c.type_code, 1 AS sign, true AS in_order, {names}
FROM pieces p JOIN portal.counted_requests c ON c.monday = p.monday
WHERE p.counted {filters.counted}
UNION ALL
SELECT type_code, sign, false, {_REQUEST_SUMS}, {packed}
FROM {_requests(filters)} f GROUP BY type_code, sign
""")  # noqa: S608 - our own words


@cache
def decisions_of(filters: FigureFilters, *spreads: str, chosen: bool = False) -> TextClause:
    """Rows of a stage with a sign, its name, how many, how many late, and those minutes; where
    `chosen`, of the stages alone that are named."""
    names = ", ".join(f"c.{each}" for each in spreads)
    packed = ", ".join(map(_packed, spreads))
    only = (
        "AND ({0}.type_code, {0}.stage_key) IN (SELECT * FROM unnest("
        "CAST(:types AS text[]), CAST(:stages AS text[])))"
        if chosen
        else ""
    )
    # Raw: see above.
    return text(f"""
{_PIECES.format(valid="")}
SELECT c.type_code, c.stage_key, c.stage_name, 1 AS sign, true AS in_order, c.decisions, c.late,
    {names}
FROM pieces p JOIN portal.counted_decisions c ON c.monday = p.monday
WHERE p.counted {filters.counted} {only.format("c")}
UNION ALL
SELECT type_code, stage_key, max(stage_name), sign, false, count(*),
    count(*) FILTER (WHERE is_late), {packed}
FROM {_decisions(filters, only.format("f"))} f GROUP BY type_code, stage_key, sign
""")  # noqa: S608 - our own words


# Raw: see above. A week says nothing of hasty decisions where first looks are kept since another
# moment now, and some of it were asked for before either.
_SAME_LOOKS = f"""
    AND (SELECT w.looks_since IS NOT DISTINCT FROM since.at OR w.first_asked IS NULL
        OR COALESCE(w.first_asked >= greatest(w.looks_since, since.at)
            AND w.looks_since IS NOT NULL AND since.at IS NOT NULL, false) FROM {_SINCE})
"""  # noqa: S608 - our own words


@cache
def hasty_of(filters: FigureFilters) -> TextClause:
    """By type and group of enough people: decisions since first looks are kept, and those taken
    without one; the names with them."""
    large = " AND {0}.group_code IN (SELECT code FROM large) "
    # Raw: see above.
    return text(f"""
{_PIECES.format(valid=_SAME_LOOKS)}, large AS MATERIALIZED (
    SELECT g.code, g.name FROM portal.groups g WHERE :least_people <= (
        SELECT count(*) FROM portal.group_members m
        JOIN portal.users p ON p.id = m.user_id AND p.is_active WHERE m.group_id = g.id)
), counted AS (
    SELECT type_code, group_code, CAST(sum(known) AS bigint) AS decisions,
        CAST(sum(unopened) AS bigint) AS unopened
    FROM (
        SELECT c.type_code, c.group_code, c.known, c.unopened
        FROM pieces p JOIN portal.counted_decisions c ON c.monday = p.monday
        WHERE p.counted {filters.counted} {large.format("c")}
        UNION ALL
        SELECT type_code, group_code, sign * known, sign * unopened FROM (
            SELECT type_code, group_code, sign, {_HASTY_SUMS}
            FROM {_decisions(filters, large.format("f"))} f, {_SINCE}
            GROUP BY type_code, group_code, sign
        ) signed
    ) each GROUP BY type_code, group_code
)
SELECT COALESCE(t.name, c.type_code) AS type_name, g.name AS group_name,
    t.policy_version_id::text AS policy_version_id, c.decisions, c.unopened
FROM counted c JOIN large g ON g.code = c.group_code
LEFT JOIN portal.request_types t ON t.code = c.type_code
WHERE c.unopened > 0
ORDER BY c.unopened DESC, 1, 2 LIMIT :most
""")  # noqa: S608 - our own words


# Raw: see above. Of open requests, and of those whose figures are still due, from their tasks: so
# none is missing.
_OPEN = """
    SELECT (CAST(:days AS date[]))[width_bucket(k.decided_at, CAST(:begun AS timestamptz[]))]
        AS monday, {kinds}
    FROM (
        SELECT r.*, u.department_id FROM portal.requests r
        JOIN portal.users u ON u.id = r.requester_id
        WHERE r.status IN ('PENDING', 'ON_HOLD', 'RETURNED')
            OR r.id IN (SELECT request_id FROM portal.facts_due)
    ) f JOIN portal.tasks k ON k.request_id = f.id
    WHERE k.status = 'DECIDED' AND k.decided_at >= :start AND k.decided_at < :end {words}
    GROUP BY 1
"""
_WEEKS_OF_PEOPLE = """
    SELECT (CAST(:days AS date[]))[width_bucket(f.decided_at, CAST(:begun AS timestamptz[]))]
        AS monday, {kinds}
    FROM portal.decision_facts f WHERE f.decided_at >= :start AND f.decided_at < :end {words}
    GROUP BY 1
"""
# A reader's week is that of UTC but for its two ends, which are counted on their own.
_WEEKS = """
    SELECT c.monday, {names} FROM weeks p JOIN portal.counted_decisions c ON c.monday = p.monday
    WHERE p.counted {counted}
    UNION ALL
    SELECT f.monday, {beside}
    FROM weeks p JOIN portal.decision_fact_changes f ON f.monday = p.monday
    WHERE p.counted {words}
    UNION ALL
    SELECT w.monday, {signed} FROM parts w CROSS JOIN LATERAL (
        SELECT {kinds} FROM portal.decision_facts f
        WHERE f.decided_at >= w.start AND f.decided_at < w.until {words}
    ) e
"""
_PARTS = """
WITH weeks AS MATERIALIZED (
    SELECT w.monday, EXISTS (
        SELECT FROM portal.counted_weeks k WHERE k.monday = w.monday) AS counted
    FROM unnest(CAST(:weeks AS date[])) AS w(monday)
), parts AS MATERIALIZED (
    SELECT p.* FROM unnest(CAST(:mondays AS date[]), CAST(:signs AS integer[]),
        CAST(:starts AS timestamptz[]), CAST(:untils AS timestamptz[]),
        CAST(:counteds AS boolean[])) AS p(monday, sign, start, until, counted)
    LEFT JOIN weeks w ON w.monday = p.monday
    WHERE p.counted = COALESCE(w.counted, false)
)
"""


@cache
def weeks_of(filters: FigureFilters) -> TextClause:
    """Decisions by the Monday of the reader's week."""
    ones = (f"f.sign * CAST(f.decision = '{one}' AS integer)" for one in _KINDS.values())
    closed = (_WEEKS_OF_PEOPLE if filters.people else _WEEKS).format(
        names=", ".join(f"c.{name}" for name in _KINDS),
        signed=", ".join(f"w.sign * e.{name}" for name in _KINDS),
        beside=", ".join(ones),
        kinds=_KIND_SUMS,
        counted=filters.counted,
        words=filters.words,
    )
    of_open = _OPEN.format(kinds=_KIND_SUMS, words=filters.words)
    sums = ", ".join(f"CAST(sum({name}) AS bigint) AS {name}" for name in _KINDS)
    return text(f"""
{"" if filters.people else _PARTS}
SELECT monday, {sums} FROM ({closed} UNION ALL {of_open}) each GROUP BY monday ORDER BY monday
""")  # noqa: S608 - our own words


def monday_of(moment: datetime) -> date:
    """The Monday of a moment's week by UTC."""
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def begins(monday: date) -> datetime:
    """The moment at which a week begins."""
    return datetime.combine(monday, time(), UTC)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a period that lies in one week. `as_week`: that week is taken whole where it is
    counted. Those with a `sign` of -1 are what is then to be left out of it again."""

    monday: date
    start: datetime
    until: datetime
    sign: int = 1
    as_week: bool = False


def pieces(start: datetime, end: datetime) -> Iterator[Piece]:
    """A period by the weeks that it touches. Of more than half a week less is read by what it is
    short of."""
    while start < end:
        monday = monday_of(start)
        first, last = begins(monday), begins(monday + WEEK)
        until = min(end, last)
        as_week = until - start > WEEK / 2
        yield Piece(monday, start, until, as_week=as_week)
        for begun, over in ((first, start), (until, last)):
            if as_week and begun < over:
                yield Piece(monday, begun, over, sign=-1)
        start = until


def as_values(found: list[Piece]) -> dict[str, Any]:
    """Pieces as parameters."""
    return {
        "mondays": [each.monday for each in found],
        "starts": [each.start for each in found],
        "untils": [each.until for each in found],
        "signs": [each.sign for each in found],
        "as_weeks": [each.as_week for each in found],
    }


def week_values(start: datetime, end: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """The reader's weeks as parameters: those that may be counted, and what is to be asked of the
    facts of each: `counted`, where it is counted, what differs at its ends, else all. Among the
    `days` at which they have `begun` a moment's week is looked up, which is less than to work it
    out."""
    weeks: list[date] = []
    parts: list[tuple[date, int, datetime, datetime, bool]] = []
    first = start.astimezone(zone).date()
    monday = first - timedelta(days=first.weekday())
    while (begun := _midnight(monday, zone)) < end:
        begun, over = max(begun, start), min(_midnight(monday + WEEK, zone), end)
        parts.append((monday, 1, begun, over, False))
        if over - begun > WEEK / 2:
            weeks.append(monday)
            parts += _ends(monday, begun, over)
        monday += WEEK
    names = ("mondays", "signs", "starts", "untils", "counteds")
    days = [part[0] for part in parts if not part[4]]
    given = {"weeks": weeks, "days": days, "begun": [_midnight(day, zone) for day in days]}
    return given | {name: [part[n] for part in parts] for n, name in enumerate(names)}


def _ends(
    monday: date, begun: datetime, over: datetime
) -> Iterator[tuple[date, int, datetime, datetime, bool]]:
    """What of a reader's week is beyond the same week by UTC, and what that one has beyond it."""
    first, last = begins(monday), begins(monday + WEEK)
    for sign, start, until in (
        (1, begun, first), (-1, first, begun), (1, last, over), (-1, over, last),
    ):  # fmt: skip
        if start < until:
            yield monday, sign, start, until, True


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


# Raw: what the statements above read, made of the facts by the same words.
_ALL_OR_ONE = "CASE WHEN GROUPING(department_id) = 1 THEN CAST(:all AS uuid) ELSE department_id END"
_WEEK_OF = "f.{0} >= :start AND f.{0} < :until"
_NOT_OF_NONE = "HAVING GROUPING(department_id) = 1 OR department_id IS NOT NULL"
# In order, so that those of all departments lie side by side.
COUNT = (
    *(
        text(f"DELETE FROM portal.{table} WHERE monday = :monday")  # noqa: S608 - our own names
        for table in (
            "counted_weeks",
            "counted_requests",
            "counted_decisions",
            "request_fact_changes",
            "decision_fact_changes",
        )
    ),
    text(f"""
INSERT INTO portal.counted_weeks (monday, looks_since, first_asked)
SELECT :monday, since.at, (
    SELECT min(f.asked_at) FROM portal.decision_facts f WHERE {_WEEK_OF.format("decided_at")})
FROM {_SINCE}
"""),  # noqa: S608 - our own words
    text(f"""
INSERT INTO portal.counted_requests
    (department_id, monday, type_code, {", ".join(SUMS)}, working, elapsed)
SELECT {_ALL_OR_ONE}, :monday, type_code, {_REQUEST_SUMS}, {_packed("working", "d", in_order=True)},
    {_packed("elapsed", "d", in_order=True)}
FROM (SELECT {_REQUEST} FROM portal.request_facts f WHERE {_WEEK_OF.format("closed_at")}) f
GROUP BY GROUPING SETS ((type_code), (type_code, department_id)) {_NOT_OF_NONE}
ORDER BY 1, 3
"""),  # noqa: S608 - our own words
    text(f"""
INSERT INTO portal.counted_decisions
    (department_id, monday, type_code, stage_key, group_code, stage_name, decisions, late,
    {", ".join(_KINDS)}, known, unopened, working, waiting, reviewing)
SELECT {_ALL_OR_ONE}, :monday, type_code, stage_key, COALESCE(group_code, ''), max(stage_name),
    count(*), count(*) FILTER (WHERE is_late), {_KIND_SUMS}, {_HASTY_SUMS},
    {", ".join(_packed(each, in_order=True) for each in ("working", "waiting", "reviewing"))}
FROM (SELECT {_DECISION} FROM portal.decision_facts f WHERE {_WEEK_OF.format("decided_at")}) f,
    {_SINCE}
GROUP BY GROUPING SETS ((type_code, stage_key, COALESCE(group_code, '')),
    (type_code, stage_key, COALESCE(group_code, ''), department_id)) {_NOT_OF_NONE}
ORDER BY 1, 3, 4
"""),  # noqa: S608 - our own words
)
# Weeks that are over and not counted, or that much was changed in since; the newest first.
DUE = text(f"""
WITH changed AS (
    SELECT monday, sum(n) AS n FROM (
        SELECT monday, count(*) AS n FROM portal.request_fact_changes GROUP BY 1
        UNION ALL
        SELECT monday, count(*) FROM portal.decision_fact_changes GROUP BY 1
    ) each GROUP BY 1
), first AS (
    SELECT least((SELECT min(closed_at) FROM portal.request_facts),
        (SELECT min(decided_at) FROM portal.decision_facts)) AS at
)
SELECT CAST(week AS date) FROM first,
    generate_series(date_trunc('week', first.at AT TIME ZONE 'UTC'),
        now() AT TIME ZONE 'UTC' - interval '7 days', interval '7 days') week
WHERE NOT EXISTS (
        SELECT FROM portal.counted_weeks w WHERE w.monday = CAST(week AS date) {_SAME_LOOKS})
    OR (SELECT n FROM changed WHERE changed.monday = CAST(week AS date)) > :many
ORDER BY 1 DESC
""")  # noqa: S608 - our own words


def count_values(monday: date) -> dict[str, Any]:
    """The parameters of `COUNT`."""
    start = begins(monday)
    return {"monday": monday, "start": start, "until": start + WEEK, "all": ALL_DEPARTMENTS}
