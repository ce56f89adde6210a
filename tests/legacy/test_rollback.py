"""The way back on the real tables: before a cutover, with odd rows, killed, and twice."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from portal.activities.record import record_batch
from portal.config import Settings
from portal.domain import codec
from portal.domain.request import apply as approval
from portal.domain.request.commands import Approve
from portal.domain.request.events import kind_of
from portal.legacy.back.returning import Returner
from portal.legacy.back.rows import EngineTables
from portal.legacy.runs import RunReport
from portal.models.columns import new_id
from portal.models.states import kept_state
from portal.workflows.messages import RecordBatch, RecordedEvent
from tests.legacy.conftest import OldDatabase, totals

pytestmark = [pytest.mark.temporal, pytest.mark.slow]
OLD = ("gloria_ops", "gloria_master")
OPEN = """SELECT r.id::text, h.temporal_workflow_id, h.workflow_type FROM portal.requests r
    JOIN portal.workflow_history h ON h.id = r.id::text WHERE r.status = 'PENDING'
    AND EXISTS (SELECT FROM portal.tasks t WHERE t.request_id = r.id AND t.status = 'OPEN')
    AND r.settles_at IS NULL ORDER BY r.number LIMIT 12"""
WRITTEN = """SELECT data #>> '{portal,number}', action::text, comment
    FROM gloria_ops.workflow_actions WHERE data -> 'portal' IS NOT NULL ORDER BY 1"""
GIVEN_BACK = "SELECT count(*) FROM portal.legacy_moves WHERE rolled_back_at IS NOT NULL"


def decide(old: OldDatabase, comment: Callable[[int], str] = lambda _: "Fine.") -> list[str]:
    """Somebody approves in each of a dozen requests, as their workflows would have recorded it."""
    engine = create_engine(Settings.from_environment(old.environment).sqlalchemy_url)
    numbers = []
    for place, (request_id, ref, kind) in enumerate(old.rows(OPEN)):
        with engine.begin() as connection:
            state = kept_state(connection, request_id)
            task = state.open_tasks[0]
            given = Approve(
                command_id=new_id(), request_id=request_id, actor_id=task.assignee_id,
                at=datetime.now(UTC), task_id=task.id, comment=comment(place),
            )  # fmt: skip
            events = approval.apply(state, given, datetime.now(UTC))
            for event in events:
                state = approval.evolve(state, event)
            told = [RecordedEvent(kind_of(event), codec.encode(event)) for event in events]
            batch = RecordBatch(request_id, ref, "", kind, told, codec.encode(state))
            record_batch(connection, batch)
            numbers.append(state.number)
    engine.dispose()
    return numbers


def roll_back(old: OldDatabase, *options: str, code: int = 0) -> str:
    """Run the command to its end; what it said."""
    done = old.flask("portal", "rollback", "--drain", "0", *options)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_back_before_a_cutover_and_there_again(old: OldDatabase, tmp_path: Path) -> None:
    old.move()
    numbers = decide(old)
    before, ours = old.checksums(*OLD), old.checksums("portal")
    dry = roll_back(old, "--dry-run")
    assert (old.checksums(*OLD), old.checksums("portal")) == (before, ours)

    done = roll_back(old, "--report", str(tmp_path / "back.jsonl"))
    assert totals(done) == totals(dry)
    assert [row[0] for row in old.rows(WRITTEN)] == sorted(numbers)
    lines = [json.loads(line) for line in (tmp_path / "back.jsonl").read_text().splitlines()]
    assert {line["number"] for line in lines if line["result"] == "written back"} >= set(numbers)
    after = old.checksums(*OLD)
    again = totals(roll_back(old))
    assert again["already given back"] == sum(old.rows(GIVEN_BACK)[0])
    assert (again["written back"], again["failed"]) == (0, 0)
    assert old.checksums(*OLD) == after

    assert old.move().returncode == 3
    assert old.program("verify_migration").returncode == 0
    assert old.flask("portal", "reopen").returncode == 0
    assert old.rows(GIVEN_BACK) == [(0,)]


def test_a_command_that_was_never_applied_is_listed(old: OldDatabase, tmp_path: Path) -> None:
    old.move("--limit", "40")
    old.change("""INSERT INTO portal.commands (id, request_id, number, kind, actor_id, payload)
        SELECT r.id, r.id, r.number, 'Approve', r.requester_id, '{"comment": "Do not lose me"}'
        FROM portal.requests r WHERE r.status = 'PENDING' LIMIT 1""")
    old.change("""INSERT INTO portal.delegations (id, delegator_id, delegate_id, starts_at, ends_at)
        SELECT gen_random_uuid(), min(id::text)::uuid, max(id::text)::uuid, now(),
        now() + interval '9 days' FROM portal.users""")
    said = roll_back(old, "--report", str(tmp_path / "back.csv"), code=3)

    assert totals(said)["absences to see to"] == 1
    assert "make it in the old system" in (tmp_path / "back.csv").read_text()
    assert totals(said)["commands never applied"] == 1
    assert "Do not lose me" in (tmp_path / "back.csv").read_text()
    assert old.rows("SELECT count(*) FROM portal.commands WHERE applied_at IS NULL") == [(1,)]


class Killed(BaseException):
    """The process is gone."""


def test_killed_in_the_middle_and_with_a_bad_row(
    old: OldDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.move()
    numbers = decide(old, lambda place: "bad" if place == 5 else "good")
    old.change("""ALTER TABLE gloria_ops.workflow_actions
        ADD CONSTRAINT not_bad CHECK (comment IS DISTINCT FROM 'bad') NOT VALID""")
    monkeypatch.setattr("portal.legacy.back.selecting.CHUNK", 20)
    real, calls = EngineTables.update, [0]

    def dying(store: EngineTables, rows: Any) -> None:
        calls[0] += 1
        if calls[0] == 50:
            raise Killed
        real(store, rows)

    monkeypatch.setattr(EngineTables, "update", dying)
    with pytest.raises(Killed):
        give_back(old)
    half = len(old.rows(WRITTEN))
    failed = give_back(old).results["failed"]
    written = [row[0] for row in old.rows(WRITTEN)]
    assert (failed, len(written)) == (1, len(numbers) - 1)
    assert half <= len(written)
    assert written == sorted(set(written))

    old.change("ALTER TABLE gloria_ops.workflow_actions DROP CONSTRAINT not_bad")
    assert give_back(old).results["written back"] == 1
    assert [row[0] for row in old.rows(WRITTEN)] == sorted(numbers)


def give_back(old: OldDatabase) -> Any:
    """What the command does last, in this process."""
    engine = create_engine(Settings.from_environment(old.environment).sqlalchemy_url)
    try:
        with engine.connect() as connection:
            return Returner(connection, RunReport(None), dry_run=False).run(lambda _: None)
    finally:
        engine.dispose()
