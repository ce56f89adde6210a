"""Somebody is away: the delegate decides in their place; what binds one of them binds both."""

from datetime import timedelta
from typing import Any

import pytest

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Mode
from portal.domain.request import commands
from portal.domain.request.apply import question
from portal.domain.request.events import SYSTEM
from portal.domain.routing.plan import PlannedEscalation
from tests.domain.story import Story, asked, at, kinds, refusal


def opened(*people: str, **values: Any) -> Story:
    story = Story()
    story.submits()
    story.opens(*people, undo_seconds=0, **values)
    return story


def goes(story: Story, who: str, delegate: str, **values: Any) -> Any:
    given = {"task_id": story.task_of(who).id, "delegation_id": "d1", "until": at(600), **values}
    actor = given.pop("actor", SYSTEM)
    return story.says(
        commands.StartDelegation, actor, on_behalf_of=who, delegate_id=delegate, **given
    )


def returns(story: Story, delegate: str, **values: Any) -> Any:
    given = {"task_id": story.task_of(delegate).id, "delegation_id": "d1", **values}
    return story.says(commands.EndDelegation, given.pop("actor", SYSTEM), **given)


def test_the_delegate_decides_and_both_names_stand_with_the_decision() -> None:
    story = opened("ana")
    (moved,) = goes(story, "ana", "ben")
    assert (moved.from_id, moved.to_id, moved.until) == ("ana", "ben", at(600))
    assert refusal(story.approves("ana", task_id=story.task_of("ben").id)) == Refusal.NOT_YOURS
    decided, passed = story.approves("ben", on_behalf_of="somebody else")
    assert (decided.actor, decided.on_behalf_of) == ("ben", "ana")
    assert (passed.deciders, passed.acted_for) == (("ben",), ("ana",))


def test_an_open_task_comes_back_and_a_decided_one_stays_decided() -> None:
    story = opened("ana", "cleo", mode=Mode.ALL)
    goes(story, "ana", "ben")
    assert kinds(returns(story, "ben")) == ["TaskGivenBack"]
    assert story.task_of("ana").acting_for is None
    goes(story, "ana", "ben")
    story.approves("ben")
    assert refusal(returns(story, "ben")) == Refusal.LATE


def test_another_absence_takes_nothing_back() -> None:
    story = opened("ana")
    goes(story, "ana", "ben")
    assert refusal(returns(story, "ben", delegation_id="d2")) == Refusal.NOT_YOURS


def test_only_the_portal_moves_tasks_by_absence() -> None:
    story = opened("ana")
    assert refusal(goes(story, "ana", "ben", actor="ben")) == Refusal.NOT_ALLOWED
    goes(story, "ana", "ben")
    assert refusal(returns(story, "ben", actor="ana")) == Refusal.NOT_ALLOWED


@pytest.mark.parametrize("delegate", ["rita", "bob", "eve"])
def test_a_delegate_who_may_never_decide_gets_nothing(delegate: str) -> None:
    story = Story()
    story.submits(on_behalf_of="bob")
    story.opens("ana", excluded=("eve",))
    assert refusal(goes(story, "ana", delegate)) == Refusal.EXCLUDED
    assert story.task_of("ana").acting_for is None


def test_one_person_has_one_vote_in_a_stage() -> None:
    story = opened("ana", "ben", "cleo", mode=Mode.ALL)
    assert refusal(goes(story, "ana", "ben")) == Refusal.ALREADY_ASKED
    goes(story, "ana", "dan")
    assert refusal(goes(story, "ben", "dan")) == Refusal.ALREADY_ASKED
    assert refusal(goes(story, "ben", "ana")) == Refusal.ALREADY_ASKED


def test_there_are_no_chains() -> None:
    story = opened("ana")
    goes(story, "ana", "ben")
    assert refusal(goes(story, "ben", "cleo", delegation_id="d2")) == Refusal.NOT_YOURS


def test_nothing_escalates_to_somebody_who_is_represented_there() -> None:
    to = asked("ana", "ben", "dan")
    level = PlannedEscalation(level=1, at=at(60), to=to)
    story = opened("ana", "cleo", mode=Mode.ALL, escalations=(level,))
    goes(story, "ana", "ben")
    escalated, _ = story.waits(minutes=60)
    assert (escalated.from_id, escalated.to_id) == ("ben", "dan")
    assert story.task_of("dan").acting_for is None


def test_whoever_was_represented_decided_too_for_a_stage_of_distinct_people() -> None:
    story = opened("ana")
    goes(story, "ana", "ben")
    story.approves("ben")
    assert question(story.state, story.now).deciders == ("ben", "ana")


def test_a_decision_undone_is_the_delegates_again() -> None:
    story = Story()
    story.submits()
    story.opens("ana")
    goes(story, "ana", "ben")
    story.approves("ben")
    story.now += timedelta(seconds=5)
    assert kinds(story.says(commands.Retract, "ben", task_id=story.task_of("ben").id)) == [
        "DecisionRetracted"
    ]
    assert story.task_of("ben").acting_for == "ana"
    assert kinds(returns(story, "ben")) == ["TaskGivenBack"]
