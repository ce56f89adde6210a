"""A cutover while others use the old tables, and a way back after they changed something."""

import threading
import time

import psycopg
import pytest

from portal.legacy.cutover import schema
from tests.legacy.cutover.conftest import Site

pytestmark = pytest.mark.slow
READ = "SELECT count(*) FROM gloria_ops.workflow_instances"
LOCKED = """
SELECT count(*) FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock'
    AND relation = 'gloria_ops.workflows'::regclass
"""


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "TIMEOUT", "100ms")
    monkeypatch.setattr(schema, "PAUSE", 0.05)


def test_it_gives_up_naming_who_is_in_the_way(moved: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "TRIES", 3)
    before = moved.schema_dump()
    with psycopg.connect(moved.database.url, application_name="old-engine") as other:
        other.execute(READ)
        assert "old-engine (process" in moved.cut_over(status=1)
    assert moved.schema_dump() == before


def test_it_tries_again_and_lets_go_in_between(
    moved: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "TRIES", 10_000)
    with psycopg.connect(moved.database.url) as other:
        other.execute(READ)
        done = threading.Thread(target=moved.cut_over)
        done.start()
        seen = set()
        limit = time.monotonic() + 60
        while seen != {0, 1} and time.monotonic() < limit:
            seen.add(moved.database.rows(LOCKED)[0][0])
        assert seen == {0, 1}
        other.rollback()
        done.join(60)
    assert moved.database.rows("SELECT count(*) FROM portal.cutovers") == [(1,)]


def test_a_row_that_does_not_fit_any_more_stops_the_way_back(moved: Site) -> None:
    moved.cut_over()
    moved.database.change("UPDATE gloria_ops.schools SET default_workflow_id = 'since'")
    before = moved.schema_dump()
    said = moved.run("db", "downgrade", status=1)
    assert "schools_workflows_fkey cannot be put back" in said
    assert "(default_workflow_id)=(since)" in said
    assert moved.schema_dump() == before
    moved.database.change("UPDATE gloria_ops.schools SET default_workflow_id = NULL")
    moved.run("db", "downgrade")


def test_a_name_that_was_taken_since_stops_the_way_back(moved: Site) -> None:
    moved.cut_over()
    moved.database.change("CREATE TABLE gloria_ops.workflow_actions (id int)")
    assert "has the name workflow_actions" in moved.run("db", "downgrade", status=1)
    moved.database.change("DROP TABLE gloria_ops.workflow_actions")
    moved.run("db", "downgrade")


def test_requests_are_recorded_through_it(moved: Site) -> None:
    write = """INSERT INTO portal.workflow_history (id, workflow_type, request_id, status)
        VALUES (%s, 'ApprovalWorkflow', %s, 'STARTED')"""
    with psycopg.connect(moved.database.url, autocommit=True, prepare_threshold=0) as writer:
        for step in ("before", "between", "after"):
            writer.execute(write, [step, step])
            if step == "before":
                moved.cut_over()
            if step == "between":
                assert moved.database.rows("SELECT count(*) FROM gloria_ops.workflow_history") == [
                    (2,)
                ]
                moved.run("db", "downgrade")
    assert moved.database.rows("SELECT count(*) FROM gloria_ops.workflow_history_next") == [(3,)]
