"""The mover on databases that no generator of ours made: rows in SQL, as the document has them."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from scripts.local.migrations import migrate
from scripts.local.postgres import ROLE, PostgresServer
from scripts.local.temporal import TemporalServer
from tests.legacy import by_hand
from tests.legacy.by_hand import Case
from tests.legacy.cases_ahead import PEOPLE, STANDING, VOTES
from tests.legacy.cases_odd import ODD, OVER
from tests.legacy.conftest import OldDatabase, environment_of

pytestmark = [pytest.mark.temporal, pytest.mark.slow]
CASES = [*STANDING, *PEOPLE, *VOTES, *OVER, *ODD]


@dataclass(frozen=True)
class Moved:
    """The database after the move, and the report's lines by instance."""

    old: OldDatabase
    code: int
    dry_code: int
    lines: dict[str, dict[str, Any]]
    listed: list[dict[str, Any]]


@pytest.fixture(scope="module")
def moved(
    postgres_server: PostgresServer,
    temporal_server: TemporalServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Moved]:
    """Every case in one database, moved in one run, in a session far from UTC."""
    name = f"by_hand_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server.admin_url(), autocommit=True) as connection:
        make = "CREATE DATABASE {} OWNER {}"
        connection.execute(sql.SQL(make).format(sql.Identifier(name), sql.Identifier(ROLE)))  # type: ignore[arg-type]
        zone = "ALTER DATABASE {} SET timezone TO 'Pacific/Kiritimati'"
        connection.execute(sql.SQL(zone).format(sql.Identifier(name)))  # type: ignore[arg-type]
    url = postgres_server.url(name)
    with psycopg.connect(url) as connection:
        connection.execute(by_hand.TABLES)  # type: ignore[arg-type]
        for case in CASES:
            by_hand.write(connection, case)
    migrate(url)
    old = OldDatabase(url, environment_of(url, temporal_server.address, name))
    report = tmp_path_factory.mktemp("move") / "report.jsonl"
    dry = old.move("--dry-run")
    real = old.move("--report", str(report))
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    instances = {e["key"]: e for e in lines if e["table"] == "workflow_instances"}
    others = [e for e in lines if e["table"] != "workflow_instances"]
    assert dry.stdout.partition("This was")[0].strip() == real.stdout.strip(), real.stderr
    yield Moved(old, real.returncode, dry.returncode, instances, others)
    with psycopg.connect(postgres_server.admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_written_by_hand(moved: Moved, case: Case) -> None:
    line = moved.lines[f"i-{case.name}"]
    said = " ".join([*line["reasons"], *line["remarks"]])

    assert (line["result"], case.words in said) == (case.result, True), said
    if case.status is not None:
        assert line["status"] == case.status
    if case.result not in ("moved", "on_hold"):
        return
    ((stage, people),) = moved.old.rows(f"""SELECT stage_name, coalesce((SELECT array_agg(
        u.legacy_profile_id) FROM portal.tasks t JOIN portal.users u ON u.id = t.assignee_id
        WHERE t.request_id = r.id AND t.status = 'OPEN'), '{{}}')
        FROM portal.requests r WHERE id = '{line["new_request_id"]}'""")
    assert case.stage in (None, stage)
    assert case.people in (None, set(people))


def test_a_bad_row_fails_alone_and_the_dry_run_foresees_the_code(moved: Moved) -> None:
    assert (moved.dry_code, moved.code) == (1, 1)
    assert moved.lines.keys() == {f"i-{case.name}" for case in CASES}


def test_the_comparison_finds_nothing_beyond_what_failed(moved: Moved) -> None:
    compared = moved.old.program("verify_migration")

    assert (compared.returncode, compared.stderr) == (0, ""), compared.stdout
    assert "No differences." in compared.stdout


def test_who_came_over(moved: Moved) -> None:
    people = moved.old.rows("SELECT legacy_profile_id, name, email, is_active FROM portal.users")
    found = {row[0]: row[1:] for row in people}
    listed = {line["key"] for line in moved.listed if line["table"] == "user_profiles"}

    assert found["ann"] == ("Ann", "Shared@School.example", True)
    assert found["cat"] == ("Cat", None, True)
    assert found["gus"] == ("Gus", "gus@school.example", False)
    assert found["somebody-gone"] == ("Former user somebody-gone", None, False)
    assert found["zed"] == ("Zed", None, True)
    assert listed == {"cat", "zed"}


def test_which_personal_delegations_came_over(moved: Moved) -> None:
    came = moved.old.rows("SELECT legacy_id, type_codes IS NULL FROM portal.delegations ORDER BY 1")
    listed = {line["key"] for line in moved.listed if line["table"] == "approval_delegations"}

    assert came == [("d-hr", False), ("d-now", True)]
    assert listed == {"d-other", "d-late", "d-gus", "d-self", "d-off"}


def test_times_without_a_zone_are_utc(moved: Moved) -> None:
    times = moved.old.rows("""SELECT DISTINCT submitted_at AT TIME ZONE 'UTC' FROM portal.requests
        r JOIN portal.legacy_moves m ON m.new_request_id = r.id WHERE instance_id = 'i-approved'
        UNION SELECT closed_at AT TIME ZONE 'UTC' FROM portal.requests r JOIN portal.legacy_moves m
        ON m.new_request_id = r.id WHERE instance_id = 'i-approved' ORDER BY 1""")

    assert [str(row[0]) for row in times] == ["2020-01-01 00:00:00", "2020-02-01 00:00:00"]
