"""Handing a task over for good."""

import pytest

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Mode
from portal.domain.request import commands
from portal.domain.request.events import TaskReassigned
from portal.domain.routing.plan import PlannedEscalation
from tests.domain.story import Story, asked, at, kinds, refusal


def opened(*people: str, **values: object) -> Story:
    story = Story()
    story.submits(on_behalf_of="bob")
    story.opens(*people, **values)
    return story


def hands_over(story: Story, owner: str, to: str, by: str = "", **values: object) -> list[object]:
    given = {"task_id": story.task_of(owner).id, "to_id": to, "to_name": to.title(), **values}
    return [*story.says(commands.Reassign, by or owner, **given)]


def test_the_owner_hands_it_over_and_the_other_decides() -> None:
    story = opened("ana")
    (event,) = hands_over(story, "ana", "ben", comment="Your field.")
    assert isinstance(event, TaskReassigned)
    assert (event.from_id, event.to_id) == ("ana", "ben")
    task = story.task_of("ben")
    assert refusal(story.approves("ana", task_id=task.id)) == Refusal.NOT_YOURS
    assert kinds(story.approves("ben")) == ["TaskDecided"]
    story.waits(seconds=10)
    assert story.state.passed[0].deciders == ("ben",)


def test_an_admin_has_to_say_why() -> None:
    story = opened("ana")
    given = {"as_admin": True}
    assert refusal(hands_over(story, "ana", "ben", "admin")) == Refusal.NOT_YOURS
    assert refusal(hands_over(story, "ana", "ben", "admin", **given)) == Refusal.COMMENT_REQUIRED
    events = hands_over(story, "ana", "ben", "admin", comment="She left.", **given)
    assert kinds(events) == ["TaskReassigned"]


@pytest.mark.parametrize("owner", ["rita", "bob"])
def test_nobody_chooses_who_decides_their_own_request(owner: str) -> None:
    story = opened("ana")
    events = hands_over(story, "ana", "ben", owner, as_admin=True, comment="Please.")
    assert refusal(events) == Refusal.OWN_REQUEST


@pytest.mark.parametrize(
    ("to", "name", "reason"),
    [
        ("rita", "Rita", Refusal.BARRED),
        ("bob", "Bob", Refusal.BARRED),
        ("eve", "Eve", Refusal.BARRED),
        ("cleo", "Cleo", Refusal.ALREADY_ASKED),
        ("ana", "Ana", Refusal.ALREADY_ASKED),
        ("ghost", "", Refusal.NOBODY),
        ("ben", None, Refusal.NOBODY),
    ],
)
def test_who_can_never_be_given_a_task(to: str, name: str | None, reason: Refusal) -> None:
    story = opened("ana", "cleo", excluded=("eve",))
    assert refusal(hands_over(story, "ana", to, to_name=name)) == reason


def test_who_has_voted_gets_no_second_vote() -> None:
    story = opened("ana", "cleo", "dan", mode=Mode.QUORUM, needed=2)
    story.approves("cleo")
    assert refusal(hands_over(story, "ana", "cleo")) == Refusal.ALREADY_ASKED


def test_a_decided_task_is_late_and_an_undone_one_is_not() -> None:
    story = opened("ana", "cleo")
    story.approves("ana")
    assert refusal(hands_over(story, "ana", "ben")) == Refusal.LATE
    assert refusal(hands_over(story, "cleo", "ben")) == Refusal.LATE
    story.says(commands.Retract, "ana", task_id=story.task_of("ana").id)
    assert kinds(hands_over(story, "ana", "ben")) == ["TaskReassigned"]


def test_sent_back_there_is_nothing_to_hand_over() -> None:
    story = opened("ana", undo_seconds=0)
    task = story.task_of("ana").id
    story.sends_back("ana")
    gone = story.says(commands.Reassign, "ana", task_id=task, to_id="ben", to_name="Ben")
    assert refusal(gone) == Refusal.LATE


def test_on_hold_it_can_change_hands() -> None:
    story = opened("ana")
    story.says(commands.Hold, "admin", reason="Ana left.")
    assert kinds(hands_over(story, "ana", "ben")) == ["TaskReassigned"]
    assert refusal(story.approves("ben")) == Refusal.ON_HOLD
    story.says(commands.Resume, "admin")
    assert kinds(story.approves("ben")) == ["TaskDecided"]


def test_an_escalation_takes_it_from_the_new_owner() -> None:
    level = PlannedEscalation(level=1, at=at(60), to=asked("ben", "dan"))
    story = opened("ana", escalations=(level,))
    hands_over(story, "ana", "ben")
    (event,) = story.waits(minutes=60)
    assert (event.from_id, event.to_id) == ("ben", "dan")  # type: ignore[attr-defined]


def test_after_the_end_it_is_late() -> None:
    story = opened("ana")
    task = story.task_of("ana").id
    story.says(commands.Withdraw, "rita")
    gone = story.says(commands.Reassign, "ana", task_id=task, to_id="ben", to_name="Ben")
    assert refusal(gone) == Refusal.LATE
