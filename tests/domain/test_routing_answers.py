"""What follows from routing's answers: stages, notices, the end, and attention."""

from datetime import timedelta

from portal.domain.policy.policy import Mode, StageKind
from portal.domain.request import commands
from portal.domain.request.apply import next_due, question, task_id
from portal.domain.request.events import AttentionNeeded
from portal.domain.request.reasons import Code, reason
from portal.domain.request.state import Status
from portal.domain.routing.plan import RoutePlan, StageSkip
from tests.domain.story import Story, kinds, stage

NOBODY = RoutePlan(attention="Nobody can be asked.")
SKIP = StageSkip(index=0, key="stage-0", name="Stage 0", reason="Only from 10.")


def submitted() -> Story:
    story = Story()
    story.submits()
    return story


def test_skipped_stages_are_told_and_not_repeated() -> None:
    story = submitted()
    told = story.routed(RoutePlan(skipped=(SKIP,), attention="Nobody."))
    assert kinds(told) == ["StageSkipped", "AttentionNeeded"]
    story.waits(minutes=60)
    assert question(story.state, story.now).from_index == 1
    again = story.routed(RoutePlan(skipped=(SKIP,), attention="Nobody."))
    assert kinds(again) == ["AttentionNeeded"]


def test_a_task_has_the_same_id_however_often_it_is_worked_out() -> None:
    story = submitted()
    story.opens("ana")
    assert story.task_of("ana").id == task_id(story.state.request_id, 1, "ana")
    assert task_id("PR-1", 1, "ana") == task_id("PR-1", 1, "ana") != task_id("PR-2", 1, "ana")


def test_a_notice_waits_for_nobody_and_approves_nothing() -> None:
    story = submitted()
    events = story.opens("ana", kind=StageKind.NOTIFY, needed=0)
    assert kinds(events) == ["StageOpened", "StagePassed"]
    assert (story.state.wants_route, story.state.next_index) == (True, 1)
    (event,) = story.routed(RoutePlan())
    assert isinstance(event, AttentionNeeded)
    assert event.reason == reason(Code.NO_STAGE)


def test_the_end_of_the_route_approves_what_somebody_approved() -> None:
    story = submitted()
    story.opens("ana", undo_seconds=0)
    story.approves("ana")
    assert question(story.state, story.now).deciders == ("ana",)
    assert kinds(story.routed(RoutePlan())) == ["RequestApproved"]
    assert story.state.status is Status.APPROVED
    assert story.state.closed_at == story.now


def test_the_last_stage_ends_the_route_as_asking_would() -> None:
    endings = []
    for is_last in (True, False):
        story = submitted()
        story.opens("ana", is_last=is_last, undo_seconds=0)
        story.approves("ana")
        assert story.state.wants_route is not is_last
        story.routed(RoutePlan(total=1))
        endings.append([*kinds(story.log), story.state.status])
    assert endings[0] == endings[1]


def test_a_last_notice_is_no_approval() -> None:
    story = submitted()
    story.opens("ana", kind=StageKind.NOTIFY, is_last=True)
    assert story.state.status is Status.PENDING
    assert story.state.wants_route


def test_a_route_without_any_stage_is_never_an_approval() -> None:
    story = submitted()
    assert kinds(story.routed(RoutePlan(skipped=(SKIP,)))) == ["StageSkipped", "AttentionNeeded"]
    assert story.state.attention == reason(Code.NO_STAGE)
    assert story.state.is_open


def test_attention_is_tried_again_after_growing_waits() -> None:
    story = submitted()
    story.routed(NOBODY)
    for hours, attempt in ((1, 1), (4, 2), (24, 3), (24, 4)):
        assert story.state.attention_count == attempt
        assert next_due(story.state) == story.now + timedelta(hours=hours)
        assert story.waits(minutes=hours * 60 - 1) == []
        assert kinds(story.waits(minutes=1)) == ["RoutingRetried"]
        assert story.state.wants_route
        assert story.waits(minutes=1) == []
        story.routed(NOBODY)
    assert kinds(story.log).count("AttentionNeeded") == 5


def test_another_reason_counts_from_the_start() -> None:
    story = submitted()
    story.routed(NOBODY)
    story.waits(minutes=60)
    story.routed(RoutePlan(attention="The condition is broken."))
    assert story.state.attention_count == 1


def test_an_admin_asks_again_at_once() -> None:
    story = submitted()
    story.routed(NOBODY)
    assert kinds(story.says(commands.Resume, "admin")) == ["RequestResumed"]
    assert story.state.wants_route
    story.opens("ana")
    assert (story.state.attention, story.state.attention_retry_at) == (None, None)


def test_a_stage_that_cannot_pass_is_not_opened() -> None:
    story = submitted()
    too_few = stage("rita", "ana", mode=Mode.QUORUM, needed=2)
    assert kinds(story.routed(RoutePlan(stage=too_few))) == ["AttentionNeeded"]
    assert story.state.stage is None


def test_somebody_named_twice_is_asked_once() -> None:
    story = submitted()
    story.opens("ana", "ana", "ben", mode=Mode.ALL)
    assert [task.assignee_id for task in story.state.open_tasks] == ["ana", "ben"]


def test_an_answer_nobody_waits_for_is_ignored() -> None:
    story = submitted()
    story.opens("ana")
    assert story.opens("ben") == []
