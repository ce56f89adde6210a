"""Taking a decision back while its undo window is open."""

from datetime import timedelta

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Mode, Rejection
from portal.domain.request import commands
from portal.domain.request.events import Event
from portal.domain.request.state import Status, TaskStatus
from portal.domain.routing.plan import RoutePlan
from tests.domain.story import Story, kinds, refusal


def undoes(story: Story, who: str, task_of: str | None = None) -> list[Event]:
    return story.says(commands.Retract, who, task_id=story.task_of(task_of or who).id)


def opened(*people: str, **values: object) -> Story:
    story = Story()
    story.submits()
    story.opens(*people, **values)
    return story


def test_undoing_reopens_the_task_and_the_stage() -> None:
    story = opened("ana", "ben")
    before = story.state.stage
    story.approves("ana")
    assert kinds(undoes(story, "ana")) == ["DecisionRetracted"]
    assert story.state.stage == before
    assert story.waits(minutes=5) == []
    assert kinds(story.rejects("ana")) == ["TaskDecided"]


def test_only_the_one_who_decided_can_undo() -> None:
    story = opened("ana", "ben")
    story.approves("ana")
    assert refusal(undoes(story, "ben", task_of="ana")) == Refusal.NOT_YOURS


def test_undoing_what_was_not_decided_is_not_allowed() -> None:
    story = opened("ana", "ben")
    assert refusal(undoes(story, "ana")) == Refusal.NOT_ALLOWED


def test_the_window_closes_on_time_even_if_the_clock_has_not_ticked() -> None:
    story = opened("ana", "ben")
    story.approves("ana")
    story.now += timedelta(seconds=10)
    assert refusal(undoes(story, "ana")) == Refusal.UNDO_OVER


def test_after_the_stage_moved_on_the_window_is_over() -> None:
    story = opened("ana")
    anas = story.task_of("ana").id
    story.approves("ana")
    story.waits(seconds=10)
    assert refusal(story.says(commands.Retract, "ana", task_id=anas)) == Refusal.UNDO_OVER
    story.routed(RoutePlan())
    assert story.state.status is Status.APPROVED
    assert refusal(story.says(commands.Retract, "ana", task_id=anas)) == Refusal.UNDO_OVER


def test_each_decision_has_its_own_window() -> None:
    story = opened("ana", "ben", mode=Mode.ALL)
    story.approves("ana")
    story.waits(seconds=6)
    story.approves("ben")
    story.waits(seconds=5)
    assert refusal(undoes(story, "ana")) == Refusal.UNDO_OVER
    assert kinds(undoes(story, "ben")) == ["DecisionRetracted"]
    assert story.task_of("ana").status is TaskStatus.DECIDED


def test_undoing_one_vote_of_several_stops_the_settling() -> None:
    story = opened("ana", "ben", mode=Mode.ALL)
    story.approves("ana")
    story.approves("ben")
    undoes(story, "ana")
    assert story.waits(minutes=1) == []
    story.approves("ana")
    assert kinds(story.waits(minutes=1)) == ["StagePassed"]


def test_a_verdict_that_holds_without_the_undone_vote_still_settles() -> None:
    rule = {"mode": Mode.QUORUM, "needed": 3, "rejection": Rejection.COUNTS}
    story = opened("ana", "ben", "cleo", "dan", **rule)
    story.approves("ana")
    story.rejects("ben")
    story.rejects("cleo")
    undoes(story, "ana")
    assert story.state.stage is not None
    assert story.state.stage.settles_at is not None
    assert "RequestRejected" in kinds(story.waits(seconds=10))
