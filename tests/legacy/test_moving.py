"""The mover as a program, on a generated database with the real Temporal server."""

import asyncio
import csv
import json
import time
from pathlib import Path

import pytest
from temporalio.client import Client

from portal.temporal.gateway import CommandDelivery, Delivery, deliver
from scripts.legacy import move
from tests.legacy.conftest import INSTANCES, OldDatabase, totals

pytestmark = [pytest.mark.temporal, pytest.mark.slow]
OURS, THEIRS = ("portal", "gloria_ops"), ("gloria_ops", "gloria_master")
DONE = "SELECT count(*) FROM portal.legacy_moves WHERE result IN ('moved', 'on_hold', 'history')"
TWICE = "SELECT request_id, seq FROM portal.audit_events GROUP BY 1, 2 HAVING count(*) > 1"
UNSTARTED = """SELECT instance_id FROM portal.legacy_moves
    WHERE result IN ('moved', 'on_hold') AND (started_at IS NULL OR run_ref IS NULL)"""


def test_a_second_run_moves_nothing(old: OldDatabase, tmp_path: Path) -> None:
    theirs = [each for each in old.checksums(*THEIRS) if each[1] != "workflow_history_next"]
    first = old.move("--report", str(tmp_path / "first.csv"))
    before = old.checksums("portal")
    second = old.move("--report", str(tmp_path / "second.jsonl"))
    there = totals(first.stdout)

    assert (first.returncode, second.returncode) == (3, 3), first.stderr
    assert there["found"] == INSTANCES == sum(there.values()) - there["found"]
    again = totals(second.stdout)
    assert again["already there"] == INSTANCES - there["needs a person"]
    assert again["moved"] == again["imported as history"] == again["on hold"] == 0
    assert [each for each in old.checksums(*THEIRS) if each[1] != "workflow_history_next"] == theirs
    unchanged = {"audit_events", "requests", "tasks", "users", "notifications", "participants"}
    after = old.checksums("portal")
    assert [e for e in before if e[1] in unchanged] == [e for e in after if e[1] in unchanged]
    with (tmp_path / "first.csv").open() as file:
        lines = [row for row in csv.DictReader(file) if row["table"] == "workflow_instances"]
    assert len(lines) == INSTANCES
    assert all(json.loads(line) for line in (tmp_path / "second.jsonl").read_text().splitlines())
    assert old.program("verify_migration").returncode == 0


def test_a_dry_run_touches_nothing_and_gives_the_same_code(old: OldDatabase) -> None:
    before = old.checksums(*OURS)
    dry = old.move("--dry-run")

    assert old.checksums(*OURS) == before
    real = old.move()
    assert dry.returncode == real.returncode == 3
    assert totals(dry.stdout) == totals(real.stdout)


def test_killed_in_the_middle_it_goes_on(old: OldDatabase) -> None:
    process = old.begin_move("--concurrency", "1")
    limit = time.monotonic() + 120
    while old.rows(DONE)[0][0] == 0 and time.monotonic() < limit:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert old.rows(UNSTARTED)

    assert old.move("--resume").returncode == 3
    assert not old.rows(UNSTARTED)
    assert not old.rows(TWICE)
    assert old.program("verify_migration").returncode == 0


def test_two_at_once_start_nothing_twice(old: OldDatabase) -> None:
    both = [old.begin_move(), old.begin_move()]

    assert [process.wait(60) for process in both] == [3, 3]
    assert not old.rows(TWICE)
    assert not old.rows(UNSTARTED)
    assert old.program("verify_migration").returncode == 0


def test_everybody_gets_one_message_and_requesters_none(old: OldDatabase) -> None:
    old.move()
    messages = old.rows("SELECT user_id, count(*) FROM portal.notifications GROUP BY 1")
    asked = old.rows("""SELECT DISTINCT assignee_id FROM portal.tasks t JOIN portal.users u
        ON u.id = t.assignee_id WHERE t.status = 'OPEN' AND u.is_active""")

    assert {row[0] for row in asked} <= {row[0] for row in messages}
    assert {row[1] for row in messages} == {1}


def test_one_bad_row_is_reported_and_stops_nothing(old: OldDatabase, tmp_path: Path) -> None:
    old.change("""ALTER TABLE gloria_ops.workflow_instances DROP CONSTRAINT
        workflow_instances_workflow_id_fkey, DROP CONSTRAINT workflow_instances_request_id_key""")
    old.change("""UPDATE gloria_ops.workflow_instances SET request_id = 'twice'
        WHERE state = 'COMPLETED' AND id IN (SELECT id FROM gloria_ops.workflow_instances
        WHERE state = 'COMPLETED' AND context ->> 'amount' = '120' LIMIT 2)""")
    old.change(
        "UPDATE gloria_ops.workflow_instances SET workflow_id = 'x' WHERE error LIKE 'Type%'"
    )
    report = tmp_path / "report.jsonl"
    done = old.move("--report", str(report))
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    failed = [line for line in lines if line["result"] == "failed"]

    assert done.returncode == 1
    assert totals(done.stdout)["failed"] == len(failed) > 1
    assert all(line["table"] and line["key"] and line["reasons"] for line in failed)
    assert len([line for line in lines if "another request" in str(line["reasons"])]) <= 1


def test_a_choice_moves_what_needed_a_person(old: OldDatabase) -> None:
    first = totals(old.move().stdout)
    old.change("""UPDATE portal.legacy_moves SET choice = '{"kind": "close",
        "outcome": "CANCELLED"}' WHERE result = 'needs_person'""")
    second = old.move()

    assert second.returncode == 0
    assert totals(second.stdout)["imported as history"] == first["needs a person"]


def test_a_request_id_that_is_no_uuid_stays_the_workflows(old: OldDatabase) -> None:
    odd = "SELECT min(id) FROM gloria_ops.workflow_instances WHERE error LIKE 'Budget%'"
    old.change(
        f"UPDATE gloria_ops.workflow_instances SET request_id = 'REQ 7/ü' WHERE id = ({odd})"
    )
    old.move()
    ((request, workflow, ref),) = old.rows("""SELECT r.id::text, r.workflow, h.temporal_workflow_id
        FROM portal.requests r JOIN portal.workflow_history h ON h.id = r.id::text
        WHERE h.request_id = 'REQ 7/ü'""")
    command = CommandDelivery(
        command_id="c", request_id=request, number="", kind="Resume", payload={}, workflow=workflow
    )
    queue = old.environment["TEMPORAL_TASK_QUEUE"]

    async def signal() -> Delivery:
        client = await Client.connect(old.environment["TEMPORAL_ADDRESS"])
        return (await deliver(client, queue, command, 5.0)).delivery

    assert ref == "approval-REQ 7/ü"
    assert asyncio.run(signal()) is Delivery.DELIVERED


UNUSABLE = (
    (["--only", "NO_SUCH"], "no workflow with the code"),
    (["--grace", "soon"], "length of time"),
    (["--limit", "0"], "number from 1 up"),
    (["--report", "/no/such/place.csv"], "cannot be written"),
    (["--report", "report.txt"], "has to end in"),
    (["--rejected-running", "maybe"], "invalid"),
)


def test_unusable_arguments(
    old: OldDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in old.environment.items():
        monkeypatch.setenv(name, value)
    for options, words in UNUSABLE:
        try:
            code: object = move.main([*options, "--quiet"])
        except SystemExit as end:
            code = end.code
        assert code == 2
        assert words in capsys.readouterr().err


@pytest.mark.parametrize("name", ["TEMPORAL_ADDRESS", "DATABASE_URL"])
def test_a_server_that_is_away(
    old: OldDatabase,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nowhere = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}
    for each, value in (old.environment | {name: nowhere[name]}).items():
        monkeypatch.setenv(each, value)

    assert move.main(["--dry-run", "--quiet"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
