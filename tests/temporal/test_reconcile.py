"""Comparing the record with Temporal, and starting workflows from recorded states."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import text
from temporalio.service import RPCError, RPCStatusCode

from portal.background.reconcile import reconcile
from portal.domain.request.state import Approval
from portal.models.states import kept_state
from portal.temporal import client as clients
from portal.temporal import search_attributes
from portal.temporal.start import Start, StateToStart, start_all, start_from_state
from portal.workflows.names import KEYS
from tests.temporal.history import History
from tests.temporal.office import Desk

pytestmark = pytest.mark.temporal


def state_of(desk: Desk) -> Approval:
    """The request's state as the record has it."""
    with desk.engine.connect() as connection:
        return kept_state(connection, desk.request_id)


def test_a_lost_workflow_is_found_and_started(desk: Desk, worker: None) -> None:
    desk.issue(desk.submit())
    other = desk.another("PR-1002")
    other.issue(other.submit())
    History(desk).terminate()
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
    monkeypatch.setattr("portal.background.reconcile.start_from_state", refused)
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
        assert reconcile(desk.settings, desk.engine).started == ["PR-1001"]
        assert reconcile(desk.settings, desk.engine).missing == []


async def test_registering_search_attributes_is_safe_to_repeat(desk: Desk) -> None:
    client = await clients.connect(desk.settings)
    await search_attributes.register(client)
    assert await search_attributes.missing(client) == ()
    assert await search_attributes.register(client) == ()
    await search_attributes.require(client)


def test_every_attribute_is_a_code_or_a_time() -> None:
    kinds = {key.name: key.indexed_value_type.name for key in KEYS}
    assert kinds.pop("OpenedAt") == "DATETIME"
    assert set(kinds.values()) == {"KEYWORD"}
