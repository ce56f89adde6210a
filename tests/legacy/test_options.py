"""The mover's options, and what it says when a server goes away under it."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from scripts.local.temporal import running_temporal
from tests.legacy.conftest import INSTANCES, OldDatabase, totals

pytestmark = [pytest.mark.temporal, pytest.mark.slow]
PATIENCE = 120.0
EVERYTHING = ("portal", "gloria_ops", "gloria_master")
RUNS = "SELECT exit_code, finished_at IS NOT NULL FROM portal.legacy_runs ORDER BY started_at"
MOVED = "SELECT workflow_code, count(*) FROM portal.legacy_moves GROUP BY 1"
STARTED = "SELECT count(*) FROM portal.legacy_moves WHERE started_at IS NOT NULL"


def workflows(address: str) -> set[str]:
    """The ids of everything that Temporal holds."""

    async def ids() -> set[str]:
        client = await Client.connect(address)
        return {each.id async for each in client.list_workflows()}

    return asyncio.run(ids())


def test_a_dry_run_leaves_both_sides_as_they_were(old: OldDatabase, tmp_path: Path) -> None:
    address = old.environment["TEMPORAL_ADDRESS"]
    before, known = old.checksums(*EVERYTHING), workflows(address)
    dry = old.move("--dry-run", "--report", str(tmp_path / "dry.csv"))

    assert dry.returncode == 3, dry.stderr
    assert old.checksums(*EVERYTHING) == before
    assert workflows(address) == known
    assert len((tmp_path / "dry.csv").read_text().splitlines()) > INSTANCES
    assert (Path(old.environment["LEGACY_DIR"]) / "dry-run.json").exists()


def test_one_kind_at_a_time_and_so_many_of_it(old: OldDatabase) -> None:
    some = old.move("--only", "TRAVEL", "--limit", "5")
    there = totals(some.stdout)
    assert sum(there[name] for name in ("moved", "on hold", "needs a person")) == 5
    assert old.rows(MOVED) == [("TRAVEL", 5)]
    rest = old.move("--only", "TRAVEL")
    assert totals(rest.stdout)["already there"] == 5 - there["needs a person"]
    assert {row[0] for row in old.rows(MOVED)} == {"TRAVEL"}


def test_rejected_ones_that_ran_on_close_when_asked_to(old: OldDatabase) -> None:
    old.move("--rejected-running", "close", "--grace", "1h")
    held = old.rows("""SELECT instance_id FROM portal.legacy_moves
        WHERE result = 'on_hold' AND reasons::text LIKE '%%run on%%'""")
    closed = old.rows("""SELECT DISTINCT status FROM portal.legacy_moves
        WHERE kind = 'active' AND result = 'history'""")

    assert not held
    assert closed == [("REJECTED",)]
    assert old.program("verify_migration").returncode == 0


@pytest.fixture
def mortal(old: OldDatabase, tmp_path: Path) -> Iterator[OldDatabase]:
    """The old database with a Temporal of its own that ends as soon as the run has begun."""
    with running_temporal(tmp_path / "temporal.log") as server:
        old.environment["TEMPORAL_ADDRESS"] = server.address
        process = old.begin_move("--concurrency", "1")
        limit = time.monotonic() + PATIENCE
        while not old.rows("SELECT 1 FROM portal.legacy_runs"):
            assert time.monotonic() < limit
    try:
        yield old
    finally:
        process.kill()
        process.wait()


def test_temporal_going_away_ends_the_run_with_one_sentence(
    mortal: OldDatabase, temporal_server: object
) -> None:
    limit = time.monotonic() + PATIENCE
    while mortal.rows(RUNS)[-1][0] is None:
        assert time.monotonic() < limit
        time.sleep(0.1)

    assert mortal.rows(RUNS) == [(2, True)]
    assert mortal.rows(STARTED)[0][0] < INSTANCES
    mortal.environment["TEMPORAL_ADDRESS"] = temporal_server.address  # type: ignore[attr-defined]
    again = mortal.move()
    assert again.returncode == 3, again.stderr
    assert not mortal.rows("""SELECT 1 FROM portal.legacy_moves
        WHERE result IN ('moved', 'on_hold') AND started_at IS NULL""")
