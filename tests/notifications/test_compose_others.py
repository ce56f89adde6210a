"""What the others hear: those who were asked, when the rest is decided without them."""

from portal.domain.request import commands
from portal.domain.routing.plan import RoutePlan
from tests.notifications.test_compose import opened, told


def whole(story, events) -> list[tuple[str, str]]:
    """Person and kind of what the last events tell, with all before them known."""
    told_before = len(told(story.log[: -len(events)]))
    return [each[:2] for each in told(story.log)[told_before:]]


def test_the_outcome_goes_to_who_was_asked_and_did_not_decide_it() -> None:
    story = opened("ana", "ben", undo_seconds=0)
    events = [*story.approves("ana"), *story.routed(RoutePlan(total=1))]
    assert whole(story, events) == [("rita", "approved"), ("ben", "decided")]


def test_a_task_that_is_not_needed_any_more_is_told_while_the_request_goes_on() -> None:
    story = opened("ana", "ben", undo_seconds=0)
    events = story.approves("ana")
    kinds = [each for each in told(story.log) if each[1] == "decided"]
    assert [person for person, _, _ in kinds] == ["ben"]
    assert "no longer needs your approval" in kinds[0][2]
    assert len(events) > 1


def test_a_withdrawal_goes_to_who_was_asked() -> None:
    story = opened("ana", "ben", mode="all")
    events = story.says(commands.Withdraw, "rita")
    assert whole(story, events) == [("ana", "withdrawn"), ("ben", "withdrawn")]


def test_who_decided_an_earlier_stage_hears_the_outcome() -> None:
    story = opened("ana", undo_seconds=0)
    story.approves("ana")
    story.opens("ben", key="second", undo_seconds=0)
    events = [*story.approves("ben"), *story.routed(RoutePlan(total=2))]
    assert whole(story, events) == [("rita", "approved"), ("ana", "decided")]
