"""Reminders, escalation, expiry: what time does to a stage."""

from dataclasses import replace
from datetime import datetime

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Mode
from portal.domain.request import apply as approval
from portal.domain.request.events import ReminderDue, TaskEscalated
from portal.domain.request.state import Status, TaskStatus
from portal.domain.routing.plan import PlannedEscalation
from tests.domain.story import Story, asked, at, kinds, refusal


def level(minutes: int, *people: str, message: str = "") -> PlannedEscalation:
    return PlannedEscalation(level=1, at=at(minutes), to=asked(*people), message=message)


def opened(*people: str, **values: object) -> Story:
    story = Story()
    story.submits(on_behalf_of="bob")
    story.opens(*people, **values)
    return story


def test_reminders_come_on_time_never_early_and_once() -> None:
    story = opened("ana", "ben", reminders=(at(60), at(120)))
    assert approval.next_due(story.state) == at(60)
    assert story.waits(minutes=59.99) == []
    (reminder,) = story.waits(minutes=0.01)
    assert isinstance(reminder, ReminderDue)
    assert reminder.number == 1
    assert set(reminder.task_ids) == {task.id for task in story.state.open_tasks}
    assert story.waits() == []
    assert approval.next_due(story.state) == at(120)


def test_overdue_reminders_become_one() -> None:
    story = opened("ana", reminders=(at(60), at(120), at(180)))
    (reminder,) = story.waits(minutes=150)
    assert reminder.number == 2  # type: ignore[attr-defined]
    assert approval.next_due(story.state) == at(180)


def test_only_those_still_asked_are_reminded() -> None:
    story = opened("ana", "ben", mode=Mode.ALL, reminders=(at(60),))
    story.approves("ana")
    (reminder,) = story.waits(minutes=60)
    assert reminder.task_ids == (story.task_of("ben").id,)  # type: ignore[attr-defined]


def test_escalation_moves_one_task_and_reminds_the_rest() -> None:
    story = opened("ana", "ben", escalations=(level(60, "dora", message="Please help."),))
    anas, bens = story.task_of("ana").id, story.task_of("ben").id
    escalated, reminder = story.waits(minutes=60)
    assert isinstance(escalated, TaskEscalated)
    assert (escalated.task_id, escalated.from_id, escalated.to_id) == (anas, "ana", "dora")
    assert (escalated.message, escalated.why) == ("Please help.", "Why not.")
    assert reminder.task_ids == (bens,)  # type: ignore[attr-defined]
    assert refusal(story.approves("ana", task_id=anas)) == Refusal.NOT_YOURS
    assert kinds(story.approves("dora")) == ["TaskDecided"]


def test_escalation_passes_over_whoever_may_not_or_is_asked_already() -> None:
    to = level(60, "rita", "bob", "eve", "ben", "dora")
    story = opened("ana", "ben", excluded=("eve",), escalations=(to,))
    story.waits(minutes=60)
    assert story.task_of("dora")


def test_escalation_passes_over_who_has_voted_already() -> None:
    story = opened("ana", "ben", mode=Mode.ALL, escalations=(level(60, "ana", "dora"),))
    story.approves("ana")
    story.waits(minutes=60)
    assert story.task_of("dora")


def test_escalation_without_a_target_is_never_silent() -> None:
    story = opened("ana", "ben", escalations=(level(60, "rita"), level(90)))
    (reminder,) = story.waits(minutes=60)
    assert len(reminder.task_ids) == 2  # type: ignore[attr-defined]
    assert approval.next_due(story.state) == at(90)
    assert kinds(story.waits(minutes=30)) == ["ReminderDue"]
    assert approval.next_due(story.state) is None


def test_a_level_without_any_open_task_does_not_hold_the_clock_up() -> None:
    story = opened("ana", escalations=(level(60, "dora"), level(90)))
    assert story.state.stage is not None
    gone = replace(story.state.stage.tasks[0], status=TaskStatus.WITHDRAWN)
    story.state = replace(story.state, stage=replace(story.state.stage, tasks=(gone,)))
    story.waits(minutes=60)
    assert approval.next_due(story.state) == at(90)


def test_each_level_goes_up_from_the_one_before() -> None:
    story = opened("ana", escalations=(level(60, "dora"), level(90, "emil")))
    story.waits(minutes=60)
    story.waits(minutes=30)
    assert [task.assignee_id for task in story.state.open_tasks] == ["emil"]


def test_a_stage_without_a_verdict_expires() -> None:
    story = opened("ana", "ben", mode=Mode.ALL, expires_at=at(60))
    story.approves("ana")
    assert story.waits(minutes=59) == []
    assert kinds(story.waits(minutes=1)) == ["TaskExpired", "RequestTimedOut"]
    assert story.state.status is Status.TIMEOUT
    assert refusal(story.approves("ben", task_id="any")) == Refusal.LATE


def test_a_decision_in_time_is_not_undone_by_a_late_clock() -> None:
    story = opened("ana", expires_at=at(60))
    story.waits(minutes=59.99)
    story.approves("ana")
    assert kinds(story.waits(minutes=600)) == ["StagePassed"]


def test_a_decision_after_the_deadline_counts_while_the_clock_has_not_fired() -> None:
    story = opened("ana", expires_at=at(60))
    story.now = at(61)
    assert kinds(story.approves("ana")) == ["TaskDecided"]


def test_a_worker_that_was_away_catches_up_in_the_order_of_the_times() -> None:
    story = opened(
        "ana",
        reminders=(at(30), at(90)),
        escalations=(level(60, "dora"), level(120, "emil")),
    )
    assert kinds(story.waits(minutes=500)) == ["TaskEscalated", "ReminderDue", "TaskEscalated"]
    assert approval.next_due(story.state) is None


def test_when_everything_was_missed_nobody_is_reminded_of_what_just_expired() -> None:
    story = opened("ana", reminders=(at(30),), escalations=(level(60, "dora"),), expires_at=at(90))
    events = story.waits(minutes=500)
    assert kinds(events) == ["TaskEscalated", "TaskExpired", "RequestTimedOut"]


def test_while_a_stage_settles_only_settling_is_due() -> None:
    story = opened("ana", "ben", reminders=(at(0.1),), expires_at=at(0.15))
    story.approves("ana")
    due = approval.next_due(story.state)
    assert isinstance(due, datetime)
    assert (due - story.now).total_seconds() == 10
    assert story.waits(seconds=9.5) == []
