"""Asking the requester something before deciding: the task stays, the clock may stand still."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Mode
from portal.domain.request import apply as approval
from portal.domain.request import commands
from portal.domain.routing.plan import PlannedEscalation
from tests.domain.story import Story, asked, at, kinds, refusal

CLOCKS: dict[str, Any] = {
    "reminders": (at(60),),
    "escalations": (PlannedEscalation(level=1, at=at(90), to=asked("dan")),),
    "expires_at": at(240),
    "due_at": at(90),
}


def opened(*people: str, **values: Any) -> Story:
    story = Story()
    story.submits(on_behalf_of="bob")
    story.opens(*people, **{"asking_stops_clock": True, **CLOCKS, **values})
    return story


def asks(story: Story, who: str, **values: Any) -> Any:
    given = {"task_id": story.task_of(who).id, "comment": "Which colour?", **values}
    return story.says(commands.AskInformation, given.pop("by", who), **given)


def answers(story: Story, about: str, by: str = "rita", **values: Any) -> Any:
    given = {"task_id": story.task_of(about).id, "comment": "Blue.", **values}
    return story.says(commands.AnswerInformation, by, **given)


@pytest.mark.parametrize("who", ["rita", "bob"])
def test_asked_and_answered_as_often_as_needed(who: str) -> None:
    story = opened("ana")
    for _ in range(2):
        assert kinds(asks(story, "ana")) == ["InformationAsked"]
        assert refusal(asks(story, "ana")) == Refusal.ASKED_BEFORE
        assert kinds(answers(story, "ana", who)) == ["InformationGiven"]
    assert refusal(answers(story, "ana")) == Refusal.LATE
    assert kinds(story.approves("ana")) == ["TaskDecided"]


def test_only_who_has_the_task_asks_and_only_who_asked_for_it_answers() -> None:
    story = opened("ana", "ben")
    assert refusal(asks(story, "ana", by="ben")) == Refusal.NOT_YOURS
    assert refusal(asks(story, "ana", comment=" ")) == Refusal.COMMENT_REQUIRED
    asks(story, "ana")
    assert refusal(answers(story, "ana", "ben")) == Refusal.NOT_ALLOWED
    assert refusal(answers(story, "ana", comment=" ")) == Refusal.COMMENT_REQUIRED


def test_the_clock_stands_still_and_runs_on_as_much_later() -> None:
    story = opened("ana")
    story.waits(minutes=30)
    asks(story, "ana")
    assert approval.next_due(story.state) is None
    assert story.waits(minutes=600) == []
    answers(story, "ana")
    assert approval.next_due(story.state) == at(660)
    assert story.task_of("ana").due_at == at(690)
    assert kinds(story.waits(minutes=30)) == ["ReminderDue"]


def test_it_runs_on_where_the_policy_does_not_stop_it() -> None:
    story = opened("ana", asking_stops_clock=False)
    asks(story, "ana")
    assert approval.next_due(story.state) == at(60)
    story.waits(minutes=90)
    assert story.task_of("dan").asked_at is not None
    assert kinds(answers(story, "dan")) == ["InformationGiven"]


def test_two_questions_are_one_pause() -> None:
    story = opened("ana", "ben", mode=Mode.ALL)
    asks(story, "ana")
    story.waits(minutes=10)
    asks(story, "ben")
    story.waits(minutes=10)
    answers(story, "ana")
    assert approval.next_due(story.state) is None
    story.waits(minutes=10)
    answers(story, "ben")
    assert approval.next_due(story.state) == at(90)


def test_whoever_asked_may_decide_without_the_answer_and_the_clock_goes_on() -> None:
    story = opened("ana", "ben", mode=Mode.ALL)
    asks(story, "ana")
    story.waits(minutes=15)
    story.approves("ana")
    assert refusal(answers(story, "ana")) == Refusal.LATE
    assert approval.next_due(story.state) == at(75)
    story.says(commands.Retract, "ana", task_id=story.task_of("ana").id)
    assert story.task_of("ana").asked_at is None


def test_an_undo_window_is_not_stopped() -> None:
    story = opened("ana", "ben")
    asks(story, "ana")
    story.approves("ben")
    assert refusal(answers(story, "ana")) == Refusal.LATE
    assert kinds(story.waits(seconds=10)) == ["StagePassed", "TaskWithdrawn"]


def test_an_undo_leaves_the_question_open() -> None:
    story = opened("ana", "ben")
    asks(story, "ana")
    story.approves("ben")
    story.says(commands.Retract, "ben", task_id=story.task_of("ben").id)
    assert approval.next_due(story.state) is None
    assert kinds(answers(story, "ana")) == ["InformationGiven"]


def test_handed_over_the_question_goes_with_the_task() -> None:
    story = opened("ana")
    asks(story, "ana")
    given = {"task_id": story.task_of("ana").id, "to_id": "ben", "to_name": "Ben"}
    story.says(commands.Reassign, "ana", **given)
    assert approval.next_due(story.state) is None
    assert kinds(answers(story, "ben")) == ["InformationGiven"]


def test_sent_back_there_is_nothing_to_answer() -> None:
    story = opened("ana", undo_seconds=0)
    asks(story, "ana")
    task = story.task_of("ana").id
    story.sends_back("ana")
    late = story.says(commands.AnswerInformation, "rita", task_id=task, comment="Blue.")
    assert refusal(late) == Refusal.LATE


def test_on_hold_nobody_asks_but_an_answer_is_welcome() -> None:
    story = opened("ana")
    story.says(commands.Hold, "admin", reason="Wait.")
    assert refusal(asks(story, "ana")) == Refusal.ON_HOLD


def test_who_is_waited_for_has_nobody_to_remind() -> None:
    story = opened("ana", "ben")
    asks(story, "ana")
    (reminder,) = story.says(commands.Remind, "rita")
    assert reminder.task_ids == (story.task_of("ben").id,)  # type: ignore[attr-defined]
    alone = opened("ana")
    asks(alone, "ana")
    assert refusal(alone.says(commands.Remind, "rita")) == Refusal.ANSWER_FIRST


@given(st.lists(st.integers(0, 500), min_size=4, max_size=4), st.booleans())
def test_a_hold_and_a_question_stop_it_once(times: list[int], answered_first: bool) -> None:
    """However they overlap, the clock is later by the time in which either stood against it."""
    asked_at, second, third, last = sorted(times)
    story = opened("ana")
    story.now = at(0)
    plan = [("ask", asked_at), ("hold", second)]
    plan += [("answer", third), ("resume", last)] if answered_first else [
        ("resume", third), ("answer", last)
    ]  # fmt: skip
    for what, minute in plan:
        story.now = at(minute)
        if what == "ask":
            # What was due before would have happened before: this is about the rest.
            story.waits()
            if not story.state.open_tasks:
                return
            holder = story.state.open_tasks[0].assignee_id
            asks(story, holder)
        elif what == "hold":
            story.says(commands.Hold, "admin", reason="Wait.")
        elif what == "answer":
            answers(story, holder)
        else:
            story.says(commands.Resume, "admin")
    assert story.state.stage is not None
    assert story.state.stage.plan.expires_at == at(240 + last - asked_at)
