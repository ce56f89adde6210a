"""Delegating one task, and taking it back."""

from typing import Any

import pytest

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Mode
from portal.domain.request import commands
from portal.domain.request.events import SYSTEM
from portal.domain.routing.plan import PlannedEscalation
from tests.domain.story import Story, asked, at, kinds, refusal


def opened(*people: str, **values: Any) -> Story:
    story = Story()
    story.submits(on_behalf_of="bob")
    story.opens(*people, **values)
    return story


def lends(story: Story, owner: str, to: str, by: str = "", **values: Any) -> Any:
    given = {"task_id": story.task_of(owner).id, "to_id": to, "to_name": to.title(), **values}
    return story.says(commands.Delegate, by or owner, **given)


def takes_back(story: Story, delegate: str, by: str) -> Any:
    return story.says(commands.TakeBack, by, task_id=story.task_of(delegate).id)


def test_the_delegate_decides_and_both_names_stand_with_it() -> None:
    story = opened("ana")
    (lent,) = lends(story, "ana", "ben", comment="I know too little of chairs.")
    assert (lent.from_id, lent.to_id, lent.delegation_id) == ("ana", "ben", None)
    assert story.task_of("ben").owner_id == "ana"
    (decided,) = story.approves("ben")
    assert (decided.actor, decided.on_behalf_of) == ("ben", "ana")  # type: ignore[attr-defined]


@pytest.mark.parametrize("who", ["ana", "ben"])
def test_it_comes_back_as_often_as_either_wants(who: str) -> None:
    story = opened("ana")
    for _ in range(2):
        lends(story, "ana", "ben")
        assert refusal(story.approves("ana", task_id=story.task_of("ben").id)) == Refusal.NOT_YOURS
        assert kinds(takes_back(story, "ben", who)) == ["TaskGivenBack"]
    assert kinds(story.approves("ana")) == ["TaskDecided"]


def test_only_the_owner_lends_and_only_those_two_end_it() -> None:
    story = opened("ana")
    assert refusal(lends(story, "ana", "ben", "admin")) == Refusal.NOT_YOURS
    lends(story, "ana", "ben")
    assert refusal(lends(story, "ben", "cleo")) == Refusal.NOT_YOURS
    assert refusal(lends(story, "ben", "cleo", "ana")) == Refusal.DELEGATED
    assert refusal(takes_back(story, "ben", "cleo")) == Refusal.NOT_YOURS


@pytest.mark.parametrize(
    ("to", "name", "reason"),
    [
        ("rita", "Rita", Refusal.BARRED),
        ("bob", "Bob", Refusal.BARRED),
        ("eve", "Eve", Refusal.BARRED),
        ("cleo", "Cleo", Refusal.ALREADY_ASKED),
        ("ghost", "", Refusal.NOBODY),
    ],
)
def test_who_can_never_decide_in_anothers_place(to: str, name: str, reason: Refusal) -> None:
    story = opened("ana", "cleo", excluded=("eve",))
    assert refusal(lends(story, "ana", to, to_name=name)) == reason


def test_the_owner_can_still_hand_it_over_and_the_delegate_cannot() -> None:
    story = opened("ana")
    lends(story, "ana", "ben")
    given = {"task_id": story.task_of("ben").id, "to_id": "cleo", "to_name": "Cleo"}
    assert refusal(story.says(commands.Reassign, "ben", **given)) == Refusal.NOT_YOURS
    assert kinds(story.says(commands.Reassign, "ana", **given)) == ["TaskReassigned"]
    assert story.task_of("cleo").acting_for is None


def test_what_an_absence_moved_comes_back_with_its_end() -> None:
    story = opened("ana")
    given = {"task_id": story.task_of("ana").id, "delegation_id": "d1", "delegate_id": "ben"}
    story.says(commands.StartDelegation, SYSTEM, on_behalf_of="ana", **given)
    assert refusal(takes_back(story, "ben", "ana")) == Refusal.NOT_ALLOWED
    end = {"task_id": story.task_of("ben").id, "delegation_id": "d1"}
    assert kinds(story.says(commands.EndDelegation, SYSTEM, **end)) == ["TaskGivenBack"]
    assert refusal(takes_back(story, "ana", "ana")) == Refusal.LATE


def test_undone_it_is_the_delegates_again_and_can_be_taken_back() -> None:
    story = opened("ana")
    lends(story, "ana", "ben")
    story.approves("ben")
    assert refusal(takes_back(story, "ben", "ana")) == Refusal.LATE
    story.says(commands.Retract, "ben", task_id=story.task_of("ben").id)
    assert kinds(takes_back(story, "ben", "ana")) == ["TaskGivenBack"]


def test_an_escalation_ends_it_and_neither_is_asked_again() -> None:
    level = PlannedEscalation(level=1, at=at(60), to=asked("ben", "ana", "dan"))
    story = opened("ana", escalations=(level,))
    lends(story, "ana", "ben")
    story.waits(minutes=60)
    assert story.task_of("dan").acting_for is None


def test_on_hold_it_changes_hands_and_waits() -> None:
    story = opened("ana", "cleo", mode=Mode.ALL)
    story.says(commands.Hold, "admin", reason="Wait.")
    assert kinds(lends(story, "ana", "ben")) == ["TaskDelegated"]
    assert refusal(story.approves("ben")) == Refusal.ON_HOLD
    assert kinds(takes_back(story, "ben", "ana")) == ["TaskGivenBack"]


def test_sent_back_or_closed_there_is_nothing_to_lend() -> None:
    story = opened("ana", undo_seconds=0)
    task = story.task_of("ana").id
    story.sends_back("ana")
    gone = {"task_id": task, "to_id": "ben", "to_name": "Ben"}
    assert refusal(story.says(commands.Delegate, "ana", **gone)) == Refusal.LATE
    story.says(commands.Withdraw, "rita")
    assert refusal(story.says(commands.TakeBack, "ana", task_id=task)) == Refusal.LATE
