"""What is asked is what is still needed: parts of a stage that have their votes ask nobody more."""

import pytest

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Mode, Rejection
from portal.domain.request import apply as approval
from portal.domain.request import commands
from portal.domain.request.events import ReminderDue, TaskEscalated, TaskExpired, TaskWithdrawn
from portal.domain.request.reasons import sentence
from portal.domain.request.state import Status, TaskStatus
from portal.domain.routing.plan import LeftOut, PlannedEscalation, RoutePlan, RouteReview
from tests.domain.story import Story, asked, at, kinds, refusal, stage

BOTH = ("ana@IT", "ben@IT", "cleo@HR", "dan@HR")


def opened(*people: str, **values: object) -> Story:
    story = Story()
    story.submits()
    story.opens(*people, **{"mode": Mode.PER_GROUP, "parts_settle": True, **values})
    return story


def waiting(story: Story) -> list[str]:
    return [task.assignee_id for task in story.state.open_tasks]


def test_a_settled_group_is_not_asked_any_more() -> None:
    story = opened(*BOTH, undo_seconds=0)
    _decided, withdrawn = story.approves("ana")
    assert isinstance(withdrawn, TaskWithdrawn)
    assert sentence(withdrawn.reason) == "The part of the group IT is settled."
    assert waiting(story) == ["cleo", "dan"]
    assert story.state.status is Status.PENDING
    assert "StagePassed" in kinds(story.approves("dan"))


def test_it_is_asked_until_nobody_can_undo() -> None:
    story = opened(*BOTH)
    assert kinds(story.approves("ana")) == ["TaskDecided"]
    assert approval.next_due(story.state) == at(10 / 60)
    assert refusal(story.approves("ben")) == Refusal.LATE
    story.says(commands.Retract, "ana", task_id=story.task_of("ana").id)
    assert story.waits(minutes=1) == []
    assert waiting(story) == ["ana", "ben", "cleo", "dan"]
    story.approves("ben")
    assert kinds(story.waits(seconds=10)) == ["TaskWithdrawn"]
    assert waiting(story) == ["cleo", "dan"]


@pytest.mark.parametrize("rejection", list(Rejection))
def test_a_late_rejection_does_not_override_the_approval_of_the_own_group(
    rejection: Rejection,
) -> None:
    story = opened(*BOTH, rejection=rejection)
    story.approves("ana")
    assert refusal(story.rejects("ben")) == Refusal.LATE
    story.waits(minutes=1)
    assert refusal(story.rejects("ben")) == Refusal.LATE
    assert refusal(story.sends_back("ben")) == Refusal.LATE
    story.approves("cleo")
    story.waits(minutes=1)
    assert [each.deciders for each in story.state.passed] == [("ana", "cleo")]


def test_reminders_go_to_the_group_that_lacks_its_vote() -> None:
    story = opened(*BOTH, reminders=(at(60),))
    story.approves("ana")
    *_withdrawn, reminder = story.waits(minutes=60)
    assert isinstance(reminder, ReminderDue)
    assert set(reminder.task_ids) == {story.task_of(each).id for each in ("cleo", "dan")}


def test_a_nudge_goes_to_nobody_of_a_settled_group_not_even_before_its_undo_window_ends() -> None:
    story = opened(*BOTH)
    story.approves("ana")
    (nudge,) = story.says(commands.Remind, "rita")
    assert set(nudge.task_ids) == {story.task_of(each).id for each in ("cleo", "dan")}  # type: ignore[attr-defined]


def test_an_escalation_brings_the_missing_group_forward() -> None:
    story = opened(*BOTH, escalations=(PlannedEscalation(level=1, at=at(60), to=asked("eve")),))
    story.approves("ana")
    escalated, reminder = story.waits(minutes=60)[1:]
    assert isinstance(escalated, TaskEscalated)
    assert (escalated.from_id, escalated.to_id) == ("cleo", "eve")
    assert reminder.task_ids == (story.task_of("dan").id,)  # type: ignore[attr-defined]


def test_an_escalation_moves_one_task_of_each_missing_group() -> None:
    level = PlannedEscalation(level=1, at=at(60), to=asked("eve", "finn"))
    story = opened(*BOTH, escalations=(level,))
    moved = [each for each in story.waits(minutes=60) if isinstance(each, TaskEscalated)]
    assert [(each.from_id, each.to_id) for each in moved] == [("ana", "eve"), ("cleo", "finn")]
    assert waiting(story) == ["eve", "ben", "finn", "dan"]


def test_who_is_not_needed_in_one_group_can_be_escalated_to_in_another() -> None:
    level = PlannedEscalation(level=1, at=at(60), to=asked("ben"))
    story = opened(*BOTH, escalations=(level,))
    story.approves("ana")
    story.waits(minutes=60)
    assert waiting(story) == ["ben", "dan"]
    assert kinds(story.approves("ben", task_id=story.state.open_tasks[0].id)) == ["TaskDecided"]


def test_what_expires_is_what_lacked_votes() -> None:
    story = opened(*BOTH, expires_at=at(60))
    story.waits(minutes=59.95)
    story.approves("ana")
    events = story.waits(seconds=3)
    assert kinds(events) == ["TaskWithdrawn", "TaskExpired", "TaskExpired", "RequestTimedOut"]
    gone = {story.log[-4].task_id}  # type: ignore[attr-defined]
    assert gone.isdisjoint(each.task_id for each in events if isinstance(each, TaskExpired))


def test_a_quorum_that_waits_for_an_added_approver_asks_nobody_else() -> None:
    story = opened("ana", "ben", "cleo", mode=Mode.QUORUM, needed=2, undo_seconds=0)
    story.says(
        commands.AddApprover, "rita", to_id="eve", to_name="Eve", to_reach="own", comment="Why."
    )
    assert kinds(story.approves("ana")) == ["TaskDecided"]
    _decided, withdrawn = story.approves("ben")
    expected = "The others have given the approvals that were needed."
    assert sentence(withdrawn.reason) == expected  # type: ignore[attr-defined]
    assert waiting(story) == ["eve"]


def test_a_stage_opened_anew_asks_only_the_groups_without_a_standing_vote() -> None:
    story = opened(*BOTH, undo_seconds=0, reads=("seats",))
    story.approves("ana")
    content = story.state.content
    changed = type(content)(title=content.title, fields=content.fields | {"colour": "blue"})
    story.says(commands.Amend, "rita", content=changed, content_version=1)
    plan = stage(*BOTH, "eve@HR", mode=Mode.PER_GROUP, parts_settle=True, reads=("seats",))
    story.routed(RoutePlan(stage=plan))
    assert waiting(story) == ["cleo", "dan", "eve"]


def test_nobody_is_looked_for_in_place_of_somebody_who_is_not_needed() -> None:
    story = opened(*BOTH)
    story.approves("ana")
    story.says(commands.ReviewPeople, "system", cause="Ben left.")
    left = (LeftOut(person_id="ben", name="Ben", reason="is no longer active"),)
    new = asked("eve@IT", "finn@IT")
    story.routed(RoutePlan(review=RouteReview(people=new, unfit=left, parts_settle=True)))
    assert waiting(story) == ["cleo", "dan"]


def test_a_stage_of_before_this_rule_goes_on_as_it_was_until_people_are_reviewed() -> None:
    story = opened(*BOTH, undo_seconds=0, parts_settle=False)
    assert kinds(story.approves("ana")) == ["TaskDecided"]
    assert waiting(story) == ["ben", "cleo", "dan"]
    story.says(commands.ReviewPeople, "system", cause="Somebody left.")
    events = story.routed(RoutePlan(review=RouteReview(parts_settle=True)))
    assert kinds(events) == ["RouteReviewed", "TaskWithdrawn"]
    assert waiting(story) == ["cleo", "dan"]


def test_an_undone_decision_goes_to_whoever_may_decide_now() -> None:
    story = opened("ana", "ben", mode=Mode.ALL)
    story.approves("ana")
    undone = story.says(commands.Retract, "ana", task_id=story.task_of("ana").id, entitled=False)
    assert kinds(undone) == ["DecisionRetracted", "RouteQuestioned"]
    left = (LeftOut(person_id="ana", name="Ana", reason="is no longer in the group"),)
    story.routed(RoutePlan(review=RouteReview(people=asked("eve"), unfit=left)))
    assert waiting(story) == ["eve", "ben"]


def test_an_undone_decision_that_is_not_needed_is_not_asked_for_again() -> None:
    """Two approvals of one group stand from before a change; one of them is undone."""
    story = opened(*BOTH, parts_settle=False, reads=("seats",))
    story.approves("ana")
    story.approves("ben")
    content = story.state.content
    changed = type(content)(title=content.title, fields=content.fields | {"colour": "blue"})
    story.says(commands.Amend, "rita", content=changed, content_version=1)
    plan = stage(*BOTH, "eve@HR", mode=Mode.PER_GROUP, parts_settle=True, reads=("seats",))
    story.routed(RoutePlan(stage=plan))
    story.waits(seconds=5)
    story.says(commands.Retract, "ben", task_id=story.task_of("ben").id)
    story.waits(seconds=5)
    assert story.task_of("ben").status is TaskStatus.WITHDRAWN
    assert waiting(story) == ["cleo", "dan", "eve"]
