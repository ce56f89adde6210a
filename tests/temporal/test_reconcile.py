"""Comparing the record with Temporal, and starting workflows from recorded states."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text
from temporalio.service import RPCError, RPCStatusCode

from portal.background.differences import Kind, WorkflowFinding
from portal.background.reconcile import _Reconciliation, reconcile
from portal.domain.request.state import Approval
from portal.models import Check, WorkflowTrouble
from portal.models.states import kept_state
from portal.temporal import client as clients
from portal.temporal import running, search_attributes
from portal.temporal.encryption import KeyMissing
from portal.temporal.running import Running
from portal.temporal.start import Start, StateToStart, start_all, start_from_state
from portal.workflows import names
from portal.workflows.names import KEYS
from scripts.local.postgres import PostgresServer
from tests.temporal.history import History
from tests.temporal.office import Desk, until
from tests.temporal.serving import worker_process

pytestmark = pytest.mark.temporal


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look comes at once."""
    monkeypatch.setattr("portal.background.reconcile.AGAIN_SECONDS", 0.2)


def listed(desk: Desk, number: int) -> None:
    """Wait until the server's list has so many workflows of the desk's queue."""

    async def count() -> int:
        client = await clients.connect(desk.settings)
        query = running.on_queues(desk.settings.temporal_task_queue)
        return (await client.count_workflows(query)).count

    until(lambda: asyncio.run(count()) == number)


LATER = """
DELETE FROM portal.audit_events WHERE seq > {0};
DELETE FROM portal.audit_texts WHERE seq > {0};
DELETE FROM portal.comments WHERE seq > {0};
DELETE FROM portal.request_states;
DELETE FROM portal.tasks WHERE stage_index > 0;
DELETE FROM portal.commands WHERE kind <> 'Submit';
UPDATE portal.tasks SET status = 'OPEN', decided_at = NULL, decision = NULL;
UPDATE portal.requests r
SET last_seq = {0}, status = 'PENDING', closed_at = NULL, last_hash = e.hash
FROM portal.audit_events e WHERE e.request_id = r.id AND e.seq = {0}
"""
NOTHING = """
DELETE FROM portal.requests; DELETE FROM portal.request_states; DELETE FROM portal.commands
"""


@pytest.fixture
def put_back(desk: Desk, postgres_server: PostgresServer) -> Callable[[str], None]:
    """Change the record as it is after an older dump was restored."""

    def change(statements: str) -> None:
        name = desk.settings.database_url.rpartition("/")[2]
        url = f"{postgres_server.admin_url().rpartition('/')[0]}/{name}"
        with psycopg.connect(url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statements)

    return change


def state_of(desk: Desk) -> Approval:
    """The request's state as the record has it."""
    with desk.engine.connect() as connection:
        return kept_state(connection, desk.request_id)


def test_a_lost_workflow_is_found_and_started(desk: Desk, worker: None) -> None:
    desk.issue(desk.submit())
    other = desk.another("PR-1002")
    other.issue(other.submit())
    History(desk).terminate()
    listed(desk, 1)
    tried = reconcile(desk.settings, desk.engine, dry_run=True)
    assert (tried.open, tried.missing, tried.started) == (2, ["PR-1001"], [])
    done = reconcile(desk.settings, desk.engine)
    assert done.started == ["PR-1001"]
    assert desk.issue(desk.decide(desk.office.ana, approve=False)).outcome == "applied"
    again = reconcile(desk.settings, desk.engine)
    assert (again.open, again.missing) == (1, [])


def test_a_damaged_record_is_named_and_stops_nobody(desk: Desk, worker: None) -> None:
    desk.issue(desk.submit())
    History(desk).terminate()
    listed(desk, 0)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE portal.request_states SET state = state - 'request_id'"))
    report = reconcile(desk.settings, desk.engine)
    assert report.failed == {"PR-1001": "CannotDecode: Approval.request_id is missing"}


def test_a_start_that_the_server_refuses_is_named_and_stops_nobody(
    desk: Desk, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_given: object, **_more: object) -> Start:
        raise RPCError("Blob data size exceeds limit.", RPCStatusCode.INVALID_ARGUMENT, b"")

    desk.issue(desk.submit())
    History(desk).terminate()
    monkeypatch.setattr("portal.background.restart.start_from_state", refused)
    listed(desk, 0)
    report = reconcile(desk.settings, desk.engine)
    assert report.failed == {"PR-1001": "Temporal refuses it: Blob data size exceeds limit."}
    assert report.started == []


def test_many_states_start_once_each(desk: Desk, worker: None) -> None:
    desks = [desk.another(f"PR-{number}") for number in range(1, 13)]
    for each in desks:
        each.issue(each.submit())
    states = [StateToStart(state=state_of(each)) for each in desks]
    assert start_all(desk.settings, states) == Counter({Start.THERE: 12})


async def test_an_id_is_used_once_unless_its_workflow_was_lost(desk: Desk, worker: None) -> None:
    await asyncio.to_thread(desk.issue, desk.submit())
    wanted = StateToStart(state=state_of(desk))
    client = await clients.connect(desk.settings)
    queue = desk.settings.temporal_task_queue
    await client.get_workflow_handle(f"approval-{desk.request_id}").terminate()
    assert await start_from_state(client, queue, wanted) is Start.THERE
    assert await start_from_state(client, queue, wanted, again=True) is Start.STARTED
    approve = desk.decide(desk.office.ana)
    assert (await asyncio.to_thread(desk.issue, approve)).outcome == "applied"


def test_a_workflow_is_lost_twice_with_nothing_recorded_between(desk: Desk, worker: None) -> None:
    desk.issue(desk.submit())
    for _ in range(2):
        History(desk).terminate()
        listed(desk, 0)
        assert reconcile(desk.settings, desk.engine).started == ["PR-1001"]
        assert reconcile(desk.settings, desk.engine).missing == []


async def test_registering_search_attributes_is_safe_to_repeat(desk: Desk) -> None:
    client = await clients.connect(desk.settings)
    await search_attributes.register(client)
    assert await search_attributes.missing(client) == ()
    assert await search_attributes.register(client) == ()
    await search_attributes.require(client)


def test_a_workflow_ahead_of_a_record_that_was_put_back_starts_again_there(
    desk: Desk, worker: None, put_back: Callable[[str], None]
) -> None:
    desk.issue(desk.submit())
    before = desk.request().last_seq
    assert desk.issue(desk.decide(desk.office.ana)).outcome == "applied"
    until(lambda: History(desk).place() == desk.request().last_seq)
    assert reconcile(desk.settings, desk.engine).findings == []
    put_back(LATER.format(before))
    tried = reconcile(desk.settings, desk.engine, dry_run=True)
    assert [(each.kind, each.outcome) for each in tried.findings] == [(Kind.AHEAD, "")]
    (found,) = reconcile(desk.settings, desk.engine).findings
    assert (found.kind, found.outcome) == (Kind.AHEAD, "started")
    assert "the record only at" in found.sentence
    assert desk.issue(desk.decide(desk.office.ana)).outcome == "applied"
    assert desk.issue(desk.decide(desk.office.ben, opening=2)).outcome == "applied"
    assert desk.status() == "APPROVED"


def test_a_step_that_was_tried_often_is_named_with_its_reason(
    desk: Desk, worker: None, put_back: Callable[[str], None]
) -> None:
    desk.issue(desk.submit())
    before = desk.request().last_seq
    desk.issue(desk.decide(desk.office.ana))
    put_back(LATER.format(before))
    comment = desk.comment()
    desk.store(comment)
    History(desk).signal(desk.delivery(comment))
    until(lambda: troubles(desk))
    ((activity, attempts, error),) = troubles(desk)
    assert (activity, attempts >= 5) == ("record", True)
    assert error.startswith("RecordBehind: Request")
    reconcile(desk.settings, desk.engine)
    assert troubles(desk) == []
    until(lambda: desk.row(comment).applied_at)


def troubles(desk: Desk) -> list[tuple[str, int, str]]:
    """What steps of workflows told of themselves."""
    columns = WorkflowTrouble.activity, WorkflowTrouble.attempts, WorkflowTrouble.error
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns))]  # type: ignore[misc]


def test_a_workflow_behind_the_record_and_one_of_a_closed_request_are_put_right(
    desk: Desk, worker: None
) -> None:
    other = desk.another("PR-1002")
    for each in (desk, other):
        each.issue(each.submit())
        until(lambda each=each: History(each).place() == each.request().last_seq)
    with desk.engine.begin() as connection:  # as if Temporal had been put back
        connection.execute(
            text("UPDATE portal.requests SET last_seq = last_seq + 2 WHERE number = 'PR-1001'")
        )
        closed = text("UPDATE portal.requests SET status = 'WITHDRAWN' WHERE number = 'PR-1002'")
        connection.execute(closed)
        connection.execute(text("DELETE FROM portal.request_states"))
    report = reconcile(desk.settings, desk.engine)
    found = {each.number: each.kind for each in report.findings}
    assert found == {"PR-1001": Kind.BEHIND, "PR-1002": Kind.CLOSED}
    assert report.findings[0].is_repaired


def test_what_runs_without_a_request_is_named_and_left_alone(
    desk: Desk, worker: None, put_back: Callable[[str], None]
) -> None:
    desk.issue(desk.submit())
    listed(desk, 1)
    put_back(NOTHING)
    (found,) = reconcile(desk.settings, desk.engine).findings
    assert (found.kind, found.number) == (Kind.UNKNOWN, f"approval-{desk.request_id}")
    assert not History(desk).is_closed()


def test_a_request_that_has_just_begun_is_no_difference(desk: Desk) -> None:
    submit = desk.submit()
    desk.issue(submit)  # no worker runs: started, and nothing recorded yet
    listed(desk, 1)
    assert reconcile(desk.settings, desk.engine).findings == []


def test_a_start_brings_what_waits_in_its_order(desk: Desk, worker: None) -> None:
    desk.issue(desk.submit())
    History(desk).terminate()
    listed(desk, 0)
    given = [desk.comment("one"), desk.decide(desk.office.ana), desk.comment("two")]
    desk.store(*given)
    with desk.engine.begin() as connection:
        late = "UPDATE portal.commands SET next_attempt_at = now() + interval '1 hour'"
        connection.execute(text(late))
    assert reconcile(desk.settings, desk.engine).started == ["PR-1001"]
    until(lambda: all(desk.row(each).applied_at for each in given))
    order = [kind for kind in desk.events() if kind in {"CommentAdded", "TaskDecided"}]
    assert order == ["CommentAdded", "TaskDecided", "CommentAdded"]


def test_what_was_found_and_when_is_kept(desk: Desk, worker: None) -> None:
    desk.issue(desk.submit())
    History(desk).terminate()
    listed(desk, 0)
    reconcile(desk.settings, desk.engine, dry_run=True)
    assert kept(desk) is None
    reconcile(desk.settings, desk.engine)
    row = kept(desk)
    assert row.done_at >= row.begun_at
    assert (row.report["open"], row.report["left"]) == (1, 0)
    assert row.report["findings"][0]["number"] == "PR-1001"
    away = replace(desk.settings, temporal_address="127.0.0.1:1")
    with pytest.raises((RPCError, RuntimeError)):
        reconcile(away, desk.engine)
    assert kept(desk).trouble
    assert kept(desk).done_at == row.done_at


def kept(desk: Desk) -> Any:
    """What is kept of the check."""
    with desk.engine.connect() as connection:
        return connection.execute(select(Check)).one_or_none()


def test_the_check_runs_when_a_worker_starts_and_its_schedules_are_made_again(
    desk: Desk, worker: None
) -> None:
    desk.issue(desk.submit())
    History(desk).terminate()
    with worker_process(desk.settings):
        # A worker that starts, and half a minute between the two looks of the check.
        until(lambda: kept(desk) is not None and kept(desk).done_at is not None, patience=300)
        until(lambda: not History(desk).is_closed())
    asyncio.run(delete_schedules(desk))
    reconcile(desk.settings, desk.engine)
    assert asyncio.run(delete_schedules(desk)) == 2


async def delete_schedules(desk: Desk) -> int:
    """As if the server had lost them; how many there were."""
    client = await clients.connect(desk.settings)
    queue, gone = desk.settings.temporal_task_queue, 0
    for key in (names.digest_schedule(queue), names.check_schedule(queue)):
        with suppress(RPCError):
            await client.get_schedule_handle(key).delete()
            gone += 1
    return gone


def test_every_attribute_is_a_code_or_a_time() -> None:
    kinds = {key.name: key.indexed_value_type.name for key in KEYS}
    assert kinds.pop("OpenedAt") == "DATETIME"
    assert set(kinds.values()) == {"KEYWORD"}


GONE = RPCError("workflow not found", RPCStatusCode.NOT_FOUND, b"")
LOST = RPCError("no connection", RPCStatusCode.UNAVAILABLE, b"")


@pytest.mark.parametrize(
    ("error", "name"), [(GONE, "NOT_FOUND"), (KeyMissing("k"), "KeyMissing"), (LOST, "")]
)
async def test_a_reason_that_cannot_be_read_stops_nobody_unless_temporal_is_away(
    error: Exception, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_given: object) -> str:
        raise error

    monkeypatch.setattr("portal.temporal.running.why_failing", fails)
    found = WorkflowFinding(Kind.FAILING, "w", run=Running("w", "r", "q", 1, ("x",)))
    nothing: Any = SimpleNamespace(temporal_task_queue="q")
    comparison = _Reconciliation(nothing, nothing, nothing, 0, lambda: None)
    if not name:
        with pytest.raises(RPCError):
            await comparison._explained(found)
    else:
        assert (await comparison._explained(found)).detail == name
