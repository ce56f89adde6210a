"""Issuing commands: recorded once, delivered, answered, and honest where nobody answers."""

from dataclasses import replace

import pytest

from portal.domain.errors import Refusal
from portal.models.columns import new_id
from portal.services import commands
from portal.services.errors import Refused
from portal.temporal import gateway
from tests.temporal.conftest import desk, door, engine, loop, office, worker
from tests.temporal.office import Desk, seconds_for, until

__all__ = ["desk", "door", "engine", "loop", "office", "worker"]


@pytest.fixture
def away(desk: Desk) -> Desk:
    """A desk whose Temporal is not there."""
    away = replace(desk, settings=replace(desk.settings, temporal_address="127.0.0.1:1"))
    gateway.bind(away.settings)
    return away


def test_a_command_is_applied_and_its_receipt_says_so(desk: Desk, worker: None) -> None:
    submit = desk.submit()
    receipt = desk.issue(submit)
    assert (receipt.outcome, receipt.number, receipt.kind) == ("applied", "PR-1001", "Submit")
    assert desk.app is not None
    with desk.app.app_context():
        assert commands.receipt(submit.command_id) == receipt
        assert commands.receipt(new_id()) is None


def test_a_refusal_names_its_reason_and_nothing_is_recorded(desk: Desk, worker: None) -> None:
    desk.issue(desk.submit())
    command = desk.decide(desk.office.ben)
    with pytest.raises(Refused) as refused:
        desk.issue(command)
    assert (refused.value.reason, refused.value.comment) == (Refusal.UNKNOWN_TASK, "because")
    assert desk.row(command) is None


def test_what_the_workflow_refuses_is_told_with_its_reason(desk: Desk, worker: None) -> None:
    """It knew more than the web: the decision had no effect when its turn came."""
    desk.issue(desk.submit())
    command = desk.decide(desk.office.ben)
    desk.store(command)
    gateway.current().deliver(desk.delivery(command))
    until(lambda: desk.row(command).outcome is not None)
    assert desk.app is not None
    with desk.app.app_context():
        receipt = commands.receipt(command.command_id)
    assert receipt is not None
    assert (receipt.outcome, receipt.reason) == ("refused", Refusal.UNKNOWN_TASK)


def test_pressing_twice_is_one_command(desk: Desk, worker: None) -> None:
    desk.issue(desk.submit())
    approve, done = desk.decide(desk.office.ana), []
    receipts = [desk.issue(approve, also=lambda: done.append(1)) for _ in range(3)]
    assert {receipt.outcome for receipt in receipts} == {"applied"}
    assert desk.events().count("TaskDecided") == 1
    assert done == [1]


def test_another_persons_key_is_refused(away: Desk) -> None:
    submit = away.submit()
    away.issue(submit)
    with pytest.raises(Refused) as refused:
        away.issue(replace(submit, actor_id=away.office.ben))
    assert refused.value.reason is Refusal.NOT_ALLOWED


@pytest.mark.parametrize("word", ["a\x00b", "half \ud800"])
def test_text_that_cannot_be_kept_is_told_before_anything_is_stored(away: Desk, word: str) -> None:
    comment = away.comment(word)
    with pytest.raises(commands.UnusableText):
        away.issue(comment)
    assert away.row(comment) is None


def test_what_goes_with_it_goes_in_the_same_transaction(away: Desk) -> None:
    def fails() -> None:
        raise RuntimeError("the draft is gone")

    submit = away.submit()
    with pytest.raises(RuntimeError):
        away.issue(submit, also=fails)
    assert away.row(submit) is None


def test_with_temporal_away_it_is_recorded_quickly_and_left_to_the_relay(away: Desk) -> None:
    submit, answers = away.submit(), []
    others = [away.another(f"PR-{number}") for number in (7, 8)]
    tried = seconds_for(lambda: others[0].issue(others[0].submit()))
    others[1].issue(others[1].submit())
    assert seconds_for(lambda: answers.append(away.issue(submit))) < tried
    assert answers[0].outcome == "waiting"
    row = away.row(submit)
    assert row.delivered_at is None
    assert (row.next_attempt_at - row.created_at).total_seconds() < 0.1


def test_without_a_worker_it_is_delivered_and_waits(desk: Desk) -> None:
    quick = replace(desk, settings=replace(desk.settings, outcome_wait_ms=100))
    gateway.bind(quick.settings)
    submit = quick.submit()
    assert quick.issue(submit).outcome == "waiting"
    assert quick.row(submit).delivered_at is not None


def test_ones_own_next_command_never_overtakes_the_one_that_waits(desk: Desk) -> None:
    desk.store(desk.submit())
    comment = desk.comment()
    assert desk.issue(comment).outcome == "waiting"
    assert desk.row(comment).delivered_at is None
