"""Changing a request that waits: what is asked again, what stays, what is not needed any more."""

import pytest

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Decision, Mode, Rejection, StageKind
from portal.domain.request import commands
from portal.domain.request.apply import question
from portal.domain.request.events import Event
from portal.domain.request.state import Content, Status, TaskStatus
from portal.domain.routing.plan import RoutePlan, StagePlan, StageSkip
from tests.domain.story import Story, kinds, refusal, stage

MORE_SEATS = Content(title="Chairs", fields={"seats": 6, "colour": "red"})
BLUE = Content(title="Chairs", fields={"seats": 4, "colour": "blue"})
COLOUR_ONLY = {"reads": ("colour",)}
SEATS_ONLY = {"reads": ("seats",)}


def amends(story: Story, content: Content, who: str = "rita", **values: object) -> list[Event]:
    given = {"content": content, "content_version": story.state.content_version, **values}
    return story.says(commands.Amend, who, **given)


def skip(index: int, reason: str = "Approved in round 1.") -> StageSkip:
    return StageSkip(index=index, key=f"stage-{index}", name=f"Stage {index}", reason=reason)


def finds(story: Story, *skipped: int, plan: StagePlan | None = None) -> list[str]:
    """Routing answers; the names of what followed."""
    given = tuple(skip(index) for index in skipped)
    return kinds(story.routed(RoutePlan(skipped=given, stage=plan)))


def at_finance(**values: object) -> Story:
    """Ana approved by the seats; Ben and Cleo are asked together, and Ben has approved."""
    story = Story()
    story.submits()
    story.opens("ana", undo_seconds=0, **SEATS_ONLY)
    story.approves("ana")
    story.opens("ben", "cleo", mode=Mode.ALL, **{"undo_seconds": 0, **COLOUR_ONLY, **values})
    story.approves("ben")
    return story


def finance(**values: object) -> StagePlan:
    return stage("ben", "cleo", index=1, mode=Mode.ALL, **{**COLOUR_ONLY, **values})


def test_a_change_that_nothing_reads_lets_the_stage_go_on_as_it_was() -> None:
    story = at_finance()
    before = story.state.stage
    (event,) = amends(story, Content(title="Stools", fields=MORE_SEATS.fields | {"seats": 4}))
    assert (event.changed, event.asked_again) == (("title",), ())  # type: ignore[attr-defined]
    assert finds(story, 0, plan=finance()) == ["StageSkipped", "StageContinued"]
    assert story.state.stage == before
    assert (story.state.content_version, story.state.round) == (2, 1)


def test_votes_that_read_the_change_are_asked_again_and_others_stay() -> None:
    story = at_finance()
    events = amends(story, BLUE)
    assert kinds(events) == ["TaskWithdrawn", "RequestAmended"]
    assert events[-1].asked_again == ("stage-1",)  # type: ignore[attr-defined]
    assert question(story.state, story.now).carried == ("stage-0",)
    finds(story, 0, plan=finance(undo_seconds=0))
    assert [task.status for task in story.state.stage.tasks] == [TaskStatus.OPEN] * 2  # type: ignore[union-attr]
    assert refusal(story.approves("ben", content_version=1)) == Refusal.STALE
    story.approves("ben")
    story.approves("cleo")
    assert finds(story) == ["RequestApproved"]


def test_an_earlier_stage_that_reads_it_comes_first_and_the_votes_after_it_stand() -> None:
    story = at_finance()
    (event,) = amends(story, MORE_SEATS)
    assert (event.carried, event.asked_again) == ((), ("stage-0",))  # type: ignore[attr-defined]
    assert finds(story, plan=stage("ana", index=0, undo_seconds=0, **SEATS_ONLY)) == [
        "TaskWithdrawn", "StageOpened", "TaskAssigned",
    ]  # fmt: skip
    assert [task.assignee_id for task in story.state.open_tasks] == ["ana"]
    story.approves("ana")
    assert finds(story, plan=finance()) == ["StageOpened", "DecisionCarried", "TaskAssigned"]
    assert [task.assignee_id for task in story.state.open_tasks] == ["cleo"]
    story.approves("cleo")
    story.waits(seconds=10)
    assert story.log[-1].deciders == ("ben", "cleo")  # type: ignore[attr-defined]


def test_votes_that_suffice_when_the_stage_opens_anew_pass_it() -> None:
    story = at_finance()
    amends(story, MORE_SEATS)
    finds(story, plan=stage("ana", index=0, undo_seconds=0, **SEATS_ONLY))
    story.approves("ana")
    only_one = stage("ben", "cleo", index=1, mode=Mode.ANY, **COLOUR_ONLY)
    assert finds(story, plan=only_one) == ["StageOpened", "DecisionCarried", "StagePassed"]


def test_a_vote_of_a_moment_ago_can_still_be_undone_when_it_is_carried() -> None:
    story = at_finance(undo_seconds=3600)
    amends(story, MORE_SEATS)
    finds(story, plan=stage("ana", index=0, undo_seconds=0, **SEATS_ONLY))
    story.approves("ana")
    finds(story, plan=stage("ben", index=1, mode=Mode.ANY, **COLOUR_ONLY))
    assert story.state.stage is not None
    assert story.state.stage.settles_at is not None
    story.says(commands.Retract, "ben", task_id=story.task_of("ben").id)
    assert [task.assignee_id for task in story.state.open_tasks] == ["ben"]


def test_who_may_not_decide_any_more_keeps_no_vote() -> None:
    story = at_finance()
    amends(story, MORE_SEATS)
    finds(story, plan=stage("ben", index=0, undo_seconds=0, **SEATS_ONLY))
    story.approves("ben")
    finds(story, plan=finance(excluded=("ben",)))
    assert [task.assignee_id for task in story.state.stage.tasks] == ["cleo"]  # type: ignore[union-attr]


def test_a_stage_that_is_not_needed_any_more_leaves_the_inboxes() -> None:
    story = at_finance()
    amends(story, MORE_SEATS)
    assert finds(story, 0, 1)[:3] == ["TaskWithdrawn", "StageSkipped", "StageSkipped"]
    assert not story.state.interrupted


def test_other_people_are_asked_where_the_change_means_others() -> None:
    story = at_finance()
    amends(story, MORE_SEATS)
    finds(story, 0, plan=stage("ben", "dan", index=1, mode=Mode.ALL, **COLOUR_ONLY))
    assert [task.assignee_id for task in story.state.open_tasks] == ["dan"]


def test_a_notice_in_between_disturbs_nobody() -> None:
    story = at_finance()
    amends(story, MORE_SEATS)
    told = stage("eve", index=0, kind=StageKind.NOTIFY)
    assert finds(story, plan=told) == ["StageOpened", "StagePassed"]
    assert finds(story, plan=finance()) == ["StageContinued"]


def test_an_approval_in_its_undo_window_gives_way_to_a_change_it_reads() -> None:
    story = Story()
    story.submits()
    story.opens("ana")
    story.approves("ana")
    amends(story, BLUE)
    finds(story, plan=stage("ana", index=0))
    assert [task.assignee_id for task in story.state.open_tasks] == ["ana"]


def test_an_approval_in_its_undo_window_that_does_not_read_it_moves_on() -> None:
    story = Story()
    story.submits()
    story.opens("ana", **SEATS_ONLY)
    story.approves("ana")
    amends(story, BLUE)
    finds(story, plan=stage("ana", index=0, **SEATS_ONLY))
    assert kinds(story.waits(seconds=10)) == ["StagePassed"]


@pytest.mark.parametrize("decision", [commands.Reject, commands.SendBack])
def test_a_change_does_not_wipe_out_a_rejection(decision: type[commands.TaskCommand]) -> None:
    story = Story()
    story.submits()
    story.opens("ana")
    story.decides(decision, "ana")
    assert refusal(amends(story, BLUE)) == Refusal.LATE


def test_a_rejection_that_only_counts_stands_if_it_does_not_read_the_change() -> None:
    story = Story()
    story.submits()
    counts = {"mode": Mode.QUORUM, "needed": 2, "rejection": Rejection.COUNTS, **SEATS_ONLY}
    story.opens("ana", "ben", "cleo", **counts)
    story.rejects("ana")
    amends(story, BLUE)
    finds(story, plan=stage("ana", "ben", "cleo", index=0, **counts))
    assert story.task_of("ana").decision is Decision.REJECT


def test_a_hold_in_between_moves_the_clocks_of_what_was_interrupted() -> None:
    story = at_finance(due_at=None, expires_at=None)
    amends(story, MORE_SEATS)
    story.says(commands.Hold, "admin", reason="Audit.")
    assert refusal(amends(story, BLUE)) == Refusal.ON_HOLD
    story.now = story.now.replace(hour=12)
    story.says(commands.Resume, "admin")
    assert story.state.wants_route
    assert finds(story, 0, plan=finance()) == ["StageSkipped", "StageContinued"]


def test_who_may_change_what_and_when() -> None:
    story = at_finance()
    assert refusal(amends(story, BLUE, who="ana")) == Refusal.NOT_ALLOWED
    assert refusal(amends(story, BLUE, content_version=2)) == Refusal.STALE
    assert refusal(amends(story, story.state.content)) == Refusal.UNCHANGED
    story.sends_back("cleo")
    assert story.state.status is Status.RETURNED
    assert refusal(amends(story, BLUE)) == Refusal.RETURNED


def test_a_change_can_help_where_nobody_could_be_asked() -> None:
    story = Story()
    story.submits(on_behalf_of="bob")
    story.routed(RoutePlan(attention="The cost centre has no head."))
    amends(story, BLUE, who="bob")
    assert (story.state.attention, story.state.wants_route) == (None, True)


def test_taking_it_back_takes_interrupted_tasks_along() -> None:
    story = at_finance()
    amends(story, MORE_SEATS)
    assert kinds(story.says(commands.Withdraw, "rita")) == ["TaskWithdrawn", "RequestWithdrawn"]
    assert not story.state.open_tasks
