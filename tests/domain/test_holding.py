"""Stopping the clocks, and ending a request from outside."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import Refusal
from portal.domain.request import apply as approval
from portal.domain.request import commands
from portal.domain.request.events import RequestResumed
from portal.domain.request.state import Status
from portal.domain.routing.plan import PlannedEscalation, RoutePlan
from tests.domain.story import Story, asked, at, kinds, refusal


def opened(*people: str, **values: object) -> Story:
    story = Story()
    story.submits(on_behalf_of="bob")
    story.opens(*people, **values)
    return story


def holds(story: Story, reason: str = "Wait for the audit.") -> list[object]:
    return [*story.says(commands.Hold, "admin", reason=reason)]


def test_a_held_request_waits_and_every_time_moves_later() -> None:
    level = PlannedEscalation(level=1, at=at(90), to=asked("dora"))
    times = {"reminders": (at(60),), "escalations": (level,), "expires_at": at(120)}
    story = opened("ana", due_at=at(90), **times)
    holds(story)
    assert approval.next_due(story.state) is None
    assert story.waits(minutes=600) == []
    (resumed,) = story.says(commands.Resume, "admin")
    assert isinstance(resumed, RequestResumed)
    assert resumed.seconds == 600 * 60
    stage = story.state.stage
    assert stage is not None
    assert stage.plan.reminders == (at(660),)
    assert stage.plan.escalations[0].at == at(690)
    assert (stage.plan.expires_at, stage.plan.due_at) == (at(720), at(690))
    assert stage.tasks[0].due_at == at(690)


def test_a_part_of_a_second_counts_as_a_whole_one_so_nothing_is_early() -> None:
    story = opened("ana", reminders=(at(60),))
    holds(story)
    story.now += timedelta(seconds=0.2)
    story.says(commands.Resume, "admin")
    assert approval.next_due(story.state) == at(60) + timedelta(seconds=1)


@given(st.integers(0, 3599), st.floats(0, 10**7), st.booleans())
def test_a_hold_takes_nothing_from_the_time_that_is_left(
    before: int, held: float, decided: bool
) -> None:
    story = opened("ana", "ben", expires_at=at(60))
    story.waits(seconds=before)
    if decided:
        story.approves("ana")
    due = approval.next_due(story.state)
    assert due is not None
    left = due - story.now
    holds(story)
    story.waits(seconds=held)
    story.says(commands.Resume, "admin")
    due = approval.next_due(story.state)
    assert due is not None
    assert left <= due - story.now <= left + timedelta(seconds=1)


def test_on_hold_nobody_decides_or_undoes() -> None:
    story = opened("ana", "ben")
    story.approves("ana")
    holds(story)
    anas = story.task_of("ana").id
    assert refusal(story.approves("ben")) == Refusal.ON_HOLD
    assert refusal(story.says(commands.Retract, "ana", task_id=anas)) == Refusal.ON_HOLD
    assert refusal(story.says(commands.Remind, "rita")) == Refusal.ON_HOLD
    assert refusal(holds(story)) == Refusal.ON_HOLD  # type: ignore[arg-type]


def test_settling_waits_for_the_resume_and_so_does_the_undo_window() -> None:
    story = opened("ana")
    story.approves("ana")
    story.now += timedelta(seconds=4)
    holds(story)
    assert story.waits(minutes=60) == []
    story.says(commands.Resume, "admin")
    assert story.waits(seconds=5.9) == []
    undone = story.says(commands.Retract, "ana", task_id=story.task_of("ana").id)
    assert kinds(undone) == ["DecisionRetracted"]
    story.approves("ana")
    assert kinds(story.waits(seconds=10)) == ["StagePassed"]


def test_an_answer_of_routing_that_comes_during_a_hold_is_asked_for_again() -> None:
    story = Story()
    story.submits()
    holds(story)
    assert not story.state.wants_route
    assert story.opens("ana") == []
    story.says(commands.Resume, "admin")
    assert story.state.wants_route
    assert "StageOpened" in kinds(story.opens("ana"))


def test_what_is_not_held_cannot_be_resumed_and_a_returned_request_not_held() -> None:
    story = opened("ana", undo_seconds=0)
    assert refusal(story.says(commands.Resume, "admin")) == Refusal.NOT_HELD
    story.sends_back("ana")
    assert refusal(holds(story)) == Refusal.NOT_ALLOWED  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [commands.Hold, commands.Cancel])
def test_stopping_needs_a_reason(kind: type[commands.Command]) -> None:
    story = opened("ana")
    assert refusal(story.says(kind, "admin", reason="  ")) == Refusal.COMMENT_REQUIRED


@pytest.mark.parametrize("who", ["rita", "bob"])
def test_the_requester_or_beneficiary_takes_the_request_back(who: str) -> None:
    story = opened("ana", "ben")
    story.approves("ana")
    events = story.says(commands.Withdraw, who, comment="Not needed any more.")
    assert kinds(events) == ["TaskWithdrawn", "RequestWithdrawn"]
    assert {event.actor for event in events} == {who}
    assert story.state.status is Status.WITHDRAWN
    assert approval.next_due(story.state) is None


def test_nobody_else_takes_it_back() -> None:
    assert refusal(opened("ana").says(commands.Withdraw, "ana")) == Refusal.NOT_ALLOWED


def test_a_cancelled_request_is_closed_for_everything() -> None:
    story = opened("ana")
    story.says(commands.Hold, "admin", reason="Wait.")
    events = story.says(commands.Cancel, "admin", reason="A duplicate of PR-0.")
    assert kinds(events) == ["TaskWithdrawn", "RequestCancelled"]
    for kind, values in (
        (commands.Withdraw, {}),
        (commands.Comment, {"comment": "Why?"}),
        (commands.Resume, {}),
        (commands.Cancel, {"reason": "Again."}),
        (commands.Remind, {}),
    ):
        assert refusal(story.says(kind, "rita", **values)) == Refusal.CLOSED
    assert story.routed(RoutePlan()) == []
