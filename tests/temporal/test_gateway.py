"""The gateway against the real server: ids, repeats, no worker, closed, away, frozen."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from portal.temporal.gateway import Delivery, Gateway
from portal.workflows import names
from scripts.local.temporal import TemporalServer, running_temporal
from tests.temporal.history import History
from tests.temporal.office import Desk, seconds_for, until

pytestmark = pytest.mark.temporal


def test_a_submit_delivered_twice_is_one_workflow(desk: Desk, door: Gateway) -> None:
    submit = desk.delivery(desk.submit())
    assert door.deliver(submit) is Delivery.DELIVERED
    assert door.deliver(submit) is Delivery.DELIVERED
    assert door.deliver(desk.delivery(desk.submit())) is Delivery.DELIVERED
    started = History(desk).events("WORKFLOW_EXECUTION_STARTED")
    assert len(started) == 1


def test_a_signal_delivered_twice_arrives_once(desk: Desk, door: Gateway) -> None:
    door.deliver(desk.delivery(desk.submit()))
    comment = desk.delivery(desk.comment())
    assert {door.deliver(comment) for _ in range(3)} == {Delivery.DELIVERED}
    assert len(History(desk).events("WORKFLOW_EXECUTION_SIGNALED")) == 1


def test_what_the_pages_of_temporal_show(desk: Desk, door: Gateway) -> None:
    door.deliver(desk.delivery(desk.submit()))
    described = History(desk).describe()
    assert described.id == f"approval-{desk.request_id}"
    assert described.static_summary == "PR-1001 (purchase)"
    found = {str(key): value[0] for key, value in described.search_attributes.items()}
    assert found["ApprovalStatus"] == "PENDING"
    assert (found["RequestType"], found["Priority"]) == ("purchase", "MEDIUM")


def test_a_request_without_a_workflow_is_closed(desk: Desk, door: Gateway) -> None:
    assert door.deliver(desk.delivery(desk.comment())) is Delivery.CLOSED


def test_a_signal_after_the_close(desk: Desk, door: Gateway, worker: None) -> None:
    desk.issue(desk.submit())
    rejection = desk.decide(desk.office.ana, approve=False)
    assert desk.issue(rejection).outcome == "applied"
    until(lambda: History(desk).is_closed())
    assert door.deliver(desk.delivery(desk.comment())) is Delivery.CLOSED
    assert door.deliver(desk.delivery(rejection)) is Delivery.DELIVERED


def test_a_command_that_makes_no_message_is_refused(desk: Desk, door: Gateway) -> None:
    nonsense = replace(desk.delivery(desk.submit()), payload={"at": "yesterday"})
    assert door.deliver(nonsense) is Delivery.REFUSED


def test_answers_whether_the_namespace_is_served(desk: Desk, door: Gateway) -> None:
    assert door.answers()
    elsewhere = Gateway(replace(desk.settings, temporal_namespace="elsewhere"))
    assert not elsewhere.answers()
    elsewhere.close()


@pytest.fixture
def away(desk: Desk) -> Iterator[Gateway]:
    """A gateway to a server that is not there."""
    door = Gateway(replace(desk.settings, temporal_address="127.0.0.1:1"))
    yield door
    door.close()


def test_a_server_that_is_away_costs_a_moment_and_then_nothing(desk: Desk, away: Gateway) -> None:
    submit = desk.delivery(desk.submit())
    tried = seconds_for(lambda: away.deliver(submit))
    assert away.deliver(submit) is Delivery.UNKNOWN
    assert away.is_shut
    assert seconds_for(lambda: away.deliver(submit)) < tried
    assert away.deliver(submit) is Delivery.UNKNOWN


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[TemporalServer]:
    """A server that this test may freeze."""
    with running_temporal(tmp_path / "temporal.log") as server:
        yield server


@pytest.mark.slow
def test_a_frozen_server_is_unknown_and_recovers(desk: Desk, own_server: TemporalServer) -> None:
    door = Gateway(replace(desk.settings, temporal_address=own_server.address))
    submit = desk.delivery(desk.submit())
    assert door.answers()
    os.kill(own_server.service.pid, signal.SIGSTOP)
    try:
        # Without a limit of our own this call would not come back before the server does.
        assert door.deliver(submit) is Delivery.UNKNOWN
    finally:
        os.kill(own_server.service.pid, signal.SIGCONT)
    until(lambda: door.deliver(submit) is Delivery.DELIVERED)
    door.close()


def test_a_request_that_goes_the_expected_way_says_once_where_it_stands_and_no_more(
    desk: Desk, door: Gateway, worker: None
) -> None:
    desk.issue(replace(desk.submit(), first_stage=desk.office.stages()[0].key))
    desk.issue(desk.decide(desk.office.ana, approve=False))
    until(lambda: History(desk).is_closed())
    (update,) = History(desk).events("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")
    said = update.upsert_workflow_search_attributes_event_attributes.search_attributes
    assert set(said.indexed_fields) == {names.PLACE.name}
