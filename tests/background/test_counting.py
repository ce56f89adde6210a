"""Figures that were counted ahead are those of a plain scan, whatever was changed since."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, delete, insert, select, text, update
from temporalio.testing import ActivityEnvironment

from portal.background.check import CheckActivity
from portal.background.counting import count_week, count_weeks
from portal.config import Settings
from portal.directory import insights
from portal.directory.counted_weeks import WEEK, pieces
from portal.directory.insights import FigureScope, HastyFigure, StageFigure
from portal.models import CountedWeek, DecisionFact, RequestFact
from portal.models.columns import new_id
from scripts.local.postgres import PostgresServer
from tests.directory.organisation import insert_organisation

T = TypeVar("T")
Row = dict[str, Any]
NOW = datetime.now(UTC).replace(microsecond=0)
USES = ("settling", "nobody", "question", "returned", "held")
DEPARTMENTS = (new_id(), new_id(), None)
PEOPLE = tuple(new_id() for _ in range(6))
TYPES = ("chairs", "tables", "lamps")
ZONES = ("UTC", "Asia/Jakarta", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati")

# Whose request and look it was makes no difference.
LOOKED_AT = """
SET session_replication_role = replica;
INSERT INTO portal.first_looks (request_id, person_id, round, at)
VALUES (gen_random_uuid(), gen_random_uuid(), 1, '{at}')
"""
# A type with a target, and a group that is large enough.
NAMED = """
WITH kind AS (
    INSERT INTO portal.request_types (id, code, name, prefix, target_minutes)
    VALUES (gen_random_uuid(), 'chairs', 'chairs', 'CH', 900))
INSERT INTO portal.group_members (group_id, user_id)
SELECT g.id, u.id FROM portal.groups g, portal.users u
WHERE g.code = 'finance' ON CONFLICT DO NOTHING
"""
BESIDE = """
SELECT (SELECT count(*) FROM portal.request_fact_changes JOIN portal.counted_weeks USING (monday))
    + (SELECT count(*) FROM portal.decision_fact_changes JOIN portal.counted_weeks USING (monday))
"""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database with an organisation, and a group of five."""
    engine = create_engine(database_url.replace("postgresql", "postgresql+psycopg", 1))
    with engine.begin() as connection:
        insert_organisation(connection)
    yield engine
    engine.dispose()


class Facts:
    """What is in the tables, kept here, too; every change is made to both."""

    def __init__(self, engine: Engine, draw: random.Random) -> None:
        self.engine, self.draw = engine, draw
        self.requests: dict[str, Row] = {}
        self.decisions: dict[str, Row] = {}

    def moment(self) -> datetime:
        """Within the last ten weeks; often close to where a week begins somewhere."""
        at = NOW - timedelta(minutes=self.draw.randrange(10 * 7 * 24 * 60))
        if self.draw.random() < 0.4:
            monday = at - timedelta(days=at.weekday(), hours=at.hour, minutes=at.minute)
            at = monday.replace(second=0) + timedelta(minutes=15 * self.draw.randrange(-60, 60))
        return min(at, NOW)

    def add(self, number: int) -> None:
        """So many closed requests, with up to three decisions each."""
        requests = [self.request() for _ in range(number)]
        decisions = [
            self.decision(row, n) for row in requests for n in range(self.draw.randrange(4))
        ]
        self.requests |= {row["request_id"]: row for row in requests}
        self.decisions |= {row["task_id"]: row for row in decisions}
        with self.engine.begin() as connection:
            connection.execute(insert(RequestFact), requests)
            if decisions:
                connection.execute(insert(DecisionFact), decisions)

    def request(self) -> Row:
        """One, of whoever."""
        draw, at = self.draw, self.moment()
        person = draw.randrange(len(PEOPLE))
        elapsed = draw.choice((draw.randrange(60), draw.randrange(20_000)))
        return {
            "request_id": new_id(), "type_code": draw.choice(TYPES),
            "department_id": DEPARTMENTS[person % 3], "requester_id": PEOPLE[person],
            "outcome": draw.choice(("APPROVED", "APPROVED", "REJECTED", "WITHDRAWN")),
            "submitted_at": at - timedelta(minutes=elapsed), "closed_at": at, "elapsed": elapsed,
            "working": elapsed // 3, "rounds": draw.randrange(1, 3),
            "sent_back": draw.randrange(2), "escalations": draw.randrange(2),
            **{use: draw.randrange(9) for use in USES},
        }  # fmt: skip

    def decision(self, request: Row, number: int) -> Row:
        """One of those on a request, mostly from before it was closed."""
        draw = self.draw
        asked = min(self.moment(), request["closed_at"])
        decided = asked + timedelta(seconds=draw.randrange(500_000))
        looked = asked + (decided - asked) * draw.random()
        names = ("request_id", "type_code", "department_id", "requester_id", "elapsed")
        return {
            "task_id": new_id(), "stage_key": f"s{number}", "stage_name": f"Stage {number}",
            "group_code": draw.choice((None, "finance", "board")),
            "decision": draw.choice(("approve", "approve", "send_back", "reject")),
            "asked_at": asked, "looked_at": looked if draw.random() < 0.7 else None,
            "decided_at": decided, "working": draw.randrange(3_000),
            "is_late": draw.random() < 0.2, **{name: request[name] for name in names},
        }  # fmt: skip

    def change(self) -> None:
        """Some are written anew, some taken away with all that belongs to them."""
        ids = self.draw.sample(sorted(self.requests), len(self.requests) // 6)
        half = len(ids) // 2
        with self.engine.begin() as connection:
            for id_ in ids[:half]:
                new = {"closed_at": self.moment(), "working": self.draw.randrange(9_000)}
                self.requests[id_] |= new
                mine = RequestFact.request_id == id_
                connection.execute(update(RequestFact).where(mine).values(**new))
            gone = ids[half:]
            for table in (RequestFact, DecisionFact):
                connection.execute(delete(table).where(table.request_id.in_(gone)))
        self.requests = {key: row for key, row in self.requests.items() if key not in gone}
        self.decisions = {
            key: row for key, row in self.decisions.items() if row["request_id"] not in gone
        }


def percentile(minutes: list[int], percent: int) -> int | None:
    """The least that so many in a hundred do not exceed."""
    return sorted(minutes)[ceil(len(minutes) * percent / 100) - 1] if minutes else None


def kept(rows: dict[str, Row], at: str, scope: FigureScope) -> list[Row]:
    """Those that a scope is about."""
    return [
        row
        for row in rows.values()
        if scope.start <= row[at] < scope.end
        and (scope.people is None or row["requester_id"] in scope.people)
        and scope.type_code in (None, row["type_code"])
        and scope.department_id in (None, row["department_id"])
    ]


def expect_totals(facts: Facts, scope: FigureScope, targets: dict[str, int]) -> None:
    """Totals, bins, the period before, and types."""
    found, rows = (
        facts_of(facts.engine, insights.totals, scope),
        kept(facts.requests, "closed_at", scope),
    )
    decided = [row for row in rows if row["outcome"] != "WITHDRAWN"]
    working = [row["working"] for row in decided]
    targeted = [row for row in decided if row["type_code"] in targets]
    assert (found.decided, found.others) == (len(decided), len(rows) - len(decided))
    assert (found.median, found.slow) == (percentile(working, 50), percentile(working, 90))
    elapsed = [row["elapsed"] for row in decided]
    assert found.median_elapsed == percentile(elapsed, 50)
    assert found.slow_elapsed == percentile(elapsed, 90)
    assert found.targeted == len(targeted)
    assert found.in_time == sum(r["working"] <= targets[r["type_code"]] for r in targeted)
    assert found.first_pass == sum((r["rounds"], r["sent_back"]) == (1, 0) for r in decided)
    for name in ("rounds", "escalations", *USES):
        assert getattr(found, name) == sum(row[name] for row in decided), name
    review = (row["elapsed"] - sum(row[use] for use in USES) for row in decided)
    assert found.review == sum(review)
    bins = Counter(min(minutes // 480, 10) for minutes in working)
    assert found.histogram(480, 10) == tuple(bins[n] for n in range(11))
    middles = facts_of(facts.engine, insights.middles, scope)
    assert (middles.median, middles.slow) == (found.median, found.slow)
    by_type = {each.code: each for each in facts_of(facts.engine, insights.by_type, scope)}
    for code in TYPES:
        own = [row["working"] for row in decided if row["type_code"] == code]
        assert (code in by_type) == bool(own)
        if own:
            assert by_type[code].decided == len(own)
            assert by_type[code].median == percentile(own, 50)


def expect_stages(facts: Facts, scope: FigureScope) -> None:
    """The slowest ones, in order."""
    rows, wanted = kept(facts.decisions, "decided_at", scope), []

    def minutes(row: Row, first: str, second: str) -> int:
        return round((row[second] - row[first]).total_seconds() / 60)

    for code, key in {(row["type_code"], row["stage_key"]) for row in rows}:
        own = [row for row in rows if (row["type_code"], row["stage_key"]) == (code, key)]
        working = [row["working"] for row in own]
        seen = [row for row in own if row["looked_at"] is not None]
        if len(own) < insights.LEAST:
            continue
        wanted.append(
            StageFigure(
                type_name=code, stage_name=own[0]["stage_name"], decisions=len(own),
                median=percentile(working, 50) or 0, slow=percentile(working, 90) or 0,
                waiting=percentile([minutes(r, "asked_at", "looked_at") for r in seen], 50),
                reviewing=percentile([minutes(r, "looked_at", "decided_at") for r in seen], 50),
                late=sum(row["is_late"] for row in own),
            )
        )  # fmt: skip
    wanted.sort(key=lambda x: (-x.median, -x.slow, x.type_name, x.stage_name))
    found = facts_of(facts.engine, insights.slowest_stages, scope)
    assert found == tuple(wanted[: insights.SHOWN])


def expect_decisions(facts: Facts, scope: FigureScope, since: datetime | None) -> None:
    """By the reader's week, and those taken unopened."""
    rows, zone = kept(facts.decisions, "decided_at", scope), ZoneInfo(scope.zone)

    def monday(row: Row) -> date:
        day = row["decided_at"].astimezone(zone).date()
        return day - timedelta(days=day.weekday())

    weeks: dict[date, Counter[str]] = {}
    for row in rows:
        weeks.setdefault(monday(row), Counter())[row["decision"]] += 1
    found = facts_of(facts.engine, insights.weeks, scope)
    assert {x.monday: (x.approved, x.returned, x.rejected) for x in found} == {
        day: tuple(count[kind] for kind in ("approve", "send_back", "reject"))
        for day, count in weeks.items()
    }
    known = [
        row
        for row in rows
        if since is not None and row["asked_at"] >= since and row["group_code"] == "finance"
    ]
    unopened = Counter(row["type_code"] for row in known if row["looked_at"] is None)
    whole = Counter(row["type_code"] for row in known)
    assert facts_of(facts.engine, insights.hasty, scope) == tuple(
        HastyFigure(code, "Finance", whole[code], number)
        for code, number in sorted(unopened.items(), key=lambda x: (-x[1], x[0]))
    )


def facts_of(
    engine: Engine, figures: Callable[[Connection, FigureScope], T], scope: FigureScope
) -> T:
    """What the portal says of a scope."""
    with engine.connect() as connection:
        return figures(connection, scope)


def scopes(draw: random.Random) -> Iterator[FigureScope]:
    """Some periods: whole weeks of a reader, months, and odd ones; with some filters."""
    for _ in range(5):
        zone = ZoneInfo(draw.choice(ZONES))
        today = NOW.astimezone(zone).date()
        weeks = draw.choice((1, 4, 9))
        monday = today - timedelta(days=today.weekday(), weeks=weeks - 1)
        start = insights.midnight(monday - timedelta(days=draw.choice((0, 3, 5))), zone)
        end = insights.midnight(today + timedelta(days=draw.choice((1, -2, -4))), zone)
        scope = FigureScope(start=start, end=max(start, end), zone=zone.key)
        month = insights.scope_of_month(today.replace(day=1), zone, None)
        for base in (scope, scope.before, month):
            yield replace(
                base,
                people=draw.choice((None, None, PEOPLE[:2], ())),
                type_code=draw.choice((None, None, *TYPES)),
                department_id=draw.choice((None, None, DEPARTMENTS[0])),
            )


def expect_all(facts: Facts, since: datetime | None) -> None:
    """Every figure of every scope is that of a plain scan."""
    for scope in scopes(facts.draw):
        expect_totals(facts, scope, {"chairs": 900})
        expect_stages(facts, scope)
        expect_decisions(facts, scope, since)


def look(engine: Engine, server: PostgresServer, at: datetime) -> None:
    """Somebody's first look, so that from then on those are kept."""
    with psycopg.connect(server.admin_url(engine.url.database or "")) as connection:
        connection.execute(LOOKED_AT.format(at=at).encode())


def counted(engine: Engine) -> list[date]:
    """The weeks that are counted."""
    with engine.connect() as connection:
        return sorted(connection.scalars(select(CountedWeek.monday)))


def changes(engine: Engine) -> int:
    """How many changes lie beside weeks that are counted."""
    with engine.connect() as connection:
        return connection.scalar(text(BESIDE)) or 0


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_are_those_of_a_plain_scan_whatever_is_counted(
    engine: Engine, postgres_server: PostgresServer, seed: int
) -> None:
    facts, since = Facts(engine, random.Random(seed)), NOW - timedelta(weeks=6)
    with engine.begin() as connection:
        connection.execute(text(NAMED))
    facts.add(120)
    expect_all(facts, None)
    look(engine, postgres_server, since)
    assert count_weeks(engine, lambda: None) > 8
    assert changes(engine) == 0
    expect_all(facts, since)
    facts.add(40)
    facts.change()
    assert changes(engine) > 0
    assert count_weeks(engine, lambda: None) == 0
    expect_all(facts, since)
    look(engine, postgres_server, since - timedelta(weeks=1))
    expect_all(facts, since - timedelta(weeks=1))
    for monday in facts.draw.sample(counted(engine), 5):
        count_week(engine, monday)
    expect_all(facts, since - timedelta(weeks=1))


@given(st.integers(0, 400 * 24), st.integers(0, 40 * 24))
def test_pieces_make_up_the_period_and_no_more_than_half_a_week_is_read_at_each_end(
    ago: int, hours: int
) -> None:
    begun = NOW - timedelta(hours=ago)
    end, read, weeks = begun + timedelta(hours=hours), timedelta(0), timedelta(0)
    for piece in pieces(begun, end):
        if piece.as_week:
            weeks += WEEK
        else:
            read += abs(length := piece.sign * (piece.until - piece.start))
            weeks += length
    assert weeks == end - begun
    assert read <= WEEK


def test_a_week_is_counted_anew_once_much_changed_in_it(engine: Engine) -> None:
    facts = Facts(engine, random.Random(3))
    facts.add(3)
    count_weeks(engine, lambda: None)
    with engine.begin() as connection:
        connection.execute(update(RequestFact).values(working=RequestFact.working + 1))
    assert changes(engine) >= 6
    assert count_weeks(engine, lambda: None) == 0
    assert count_weeks(engine, lambda: None, many=0) > 0
    assert changes(engine) == 0


def test_a_change_that_was_committed_while_a_week_was_counted_stays_beside_it(
    engine: Engine,
) -> None:
    facts = Facts(engine, random.Random(4))
    facts.add(30)
    scope = FigureScope(start=NOW - timedelta(weeks=11), end=NOW + timedelta(days=1), zone="UTC")
    with engine.connect() as late:
        late.execute(delete(DecisionFact))
        late.execute(delete(RequestFact).where(RequestFact.type_code == "chairs"))
        count_weeks(engine, lambda: None)
        late.commit()
    facts.requests = {k: row for k, row in facts.requests.items() if row["type_code"] != "chairs"}
    facts.decisions = {}
    expect_totals(facts, scope, {})
    expect_stages(facts, scope)


def test_tables_that_are_emptied_leave_nothing_counted(
    engine: Engine, postgres_server: PostgresServer
) -> None:
    facts = Facts(engine, random.Random(5))
    facts.add(30)
    count_weeks(engine, lambda: None)
    with psycopg.connect(postgres_server.url(engine.url.database or "")) as owner:
        owner.execute("TRUNCATE portal.request_facts, portal.decision_facts")
    facts.requests, facts.decisions = {}, {}
    assert counted(engine) == []
    expect_all(facts, None)


def test_one_counts_at_a_time(engine: Engine) -> None:
    facts = Facts(engine, random.Random(6))
    facts.add(5)
    found = []

    def meanwhile() -> None:
        found.append(count_weeks(engine, lambda: None))

    assert count_weeks(engine, meanwhile) > 0
    assert set(found) == {0}


def test_the_check_of_every_five_minutes_counts_also_while_temporal_is_away(
    engine: Engine, settings: Settings
) -> None:
    Facts(engine, random.Random(7)).add(5)
    with pytest.raises(Exception, match=r"\w"):
        ActivityEnvironment().run(CheckActivity(settings, engine).check)
    assert counted(engine) != []
