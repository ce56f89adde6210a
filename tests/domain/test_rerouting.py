"""Somebody who is asked may no longer decide: others are asked, and the votes given stay."""

from dataclasses import replace
from typing import Any

import pytest

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Mode
from portal.domain.request import commands
from portal.domain.request.events import SYSTEM
from portal.domain.request.state import Status
from portal.domain.routing.plan import Candidate, LeftOut, RoutePlan, RouteReview, StandIn
from tests.domain.story import Story, asked, kinds, refusal, stage

LEFT = "is no longer active"
CAROL = StandIn(person_id="carol", name="carol", delegation_id="d1", why="You act for dan.")


def opened(*people: str, **values: Any) -> Story:
    story = Story()
    story.submits()
    story.opens(*people, **{"undo_seconds": 0, **values})
    return story


def all_of(*people: Candidate) -> Story:
    """All of these must approve."""
    story = Story()
    story.submits()
    plan = stage(*(each.person_id for each in people), mode=Mode.ALL, undo_seconds=0)
    story.routed(RoutePlan(stage=replace(plan, people=people)))
    return story


def unfit(*people: str) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(person_id=each, name=each.title(), reason=LEFT) for each in people)


def reviewed(story: Story, *gone: str, **values: Any) -> Any:
    """The people change, routing answers; what followed the question."""
    story.says(commands.ReviewPeople, SYSTEM, cause="Ana left.")
    assert story.state.wants_route
    return story.routed(RoutePlan(review=RouteReview(unfit=unfit(*gone), **values)))


def test_another_person_of_the_rules_gets_the_task_and_the_reason_is_kept() -> None:
    story = opened("ana", "ben")
    moved, done = reviewed(story, "ana", people=asked("ben", "rita", "dan"))
    assert (moved.from_id, moved.to_id, str(moved.reason)) == ("ana", "dan", f"Ana {LEFT}.")
    assert kinds([done]) == ["RouteReviewed"]
    assert refusal(story.approves("ana", task_id=story.task_of("dan").id)) == Refusal.NOT_YOURS
    assert kinds(story.approves("dan")) == ["TaskDecided", "StagePassed", "TaskWithdrawn"]


def test_where_the_others_are_enough_the_task_is_dropped() -> None:
    story = opened("ana", "ben")
    dropped, _ = reviewed(story, "ana", fallback=asked("dan"))
    assert dropped.dropped
    assert [task.assignee_id for task in story.state.open_tasks] == ["ben"]


def test_the_fallback_is_asked_when_the_vote_is_needed() -> None:
    story = opened("ana")
    moved, _ = reviewed(story, "ana", fallback=asked("dan"))
    assert moved.to_id == "dan"


def test_without_anybody_the_admins_are_called_and_it_goes_on_when_somebody_is_there() -> None:
    story = opened("ana")
    (called,) = reviewed(story, "ana")
    assert str(called.reason) == f"Ana {LEFT}. Nobody else may decide the stage “Stage 0”."
    assert story.state.attention == called.reason
    assert kinds(story.waits(minutes=60)) == ["RoutingRetried"]
    moved, _ = story.routed(RoutePlan(review=RouteReview(unfit=unfit("ana"), people=asked("dan"))))
    assert (moved.to_id, story.state.attention) == ("dan", None)


def test_an_admin_can_have_it_looked_at_again_at_once() -> None:
    story = opened("ana")
    reviewed(story, "ana")
    story.says(commands.Resume, "admin")
    assert story.state.wants_route
    moved, _ = story.routed(RoutePlan(review=RouteReview(unfit=unfit("ana"), people=asked("dan"))))
    assert moved.to_id == "dan"


def test_who_remains_of_a_group_that_must_all_approve_is_enough() -> None:
    people = tuple(
        Candidate(person_id=each, name=each, why="", source="group:FIN") for each in ("ana", "ben")
    )
    story = all_of(*people)
    story.approves("ben")
    dropped, reviewed_, passed = reviewed(story, "ana", people=people[1:])
    assert kinds([dropped, reviewed_, passed]) == ["TaskWithdrawn", "RouteReviewed", "StagePassed"]
    assert story.state.passed[0].deciders == ("ben",)


def test_the_only_one_a_rule_named_cannot_be_done_without() -> None:
    people = (
        Candidate(person_id="ana", name="ana", why="", source="group:LAW"),
        Candidate(person_id="ben", name="ben", why="", source="group:FIN"),
    )
    story = all_of(*people)
    story.approves("ben")
    assert kinds(reviewed(story, "ana", people=people[1:])) == ["AttentionNeeded"]
    assert story.state.status is Status.PENDING


def test_a_group_of_its_own_is_kept() -> None:
    story = opened("ana@IT", "ben@HR", mode=Mode.PER_GROUP)
    moved, _ = reviewed(story, "ana", people=asked("dan@HR", "eve@IT"))
    assert (moved.to_id, story.task_of("eve").group) == ("eve", "IT")


def test_whoever_is_asked_instead_may_be_away_themselves() -> None:
    story = opened("ana")
    dan = Candidate(person_id="dan", name="dan", why="", stand_in=CAROL)
    assert kinds(reviewed(story, "ana", people=(dan,))) == [
        "TaskReassigned", "TaskDelegated", "RouteReviewed",
    ]  # fmt: skip
    assert story.task_of("carol").acting_for == "dan"


def test_a_delegate_who_left_gives_back_and_an_owner_who_left_is_replaced() -> None:
    story = all_of(Candidate(person_id="dan", name="dan", why="", stand_in=CAROL))
    assert story.task_of("carol").acting_for == "dan"
    (back, _) = reviewed(story, "carol")
    assert (back.from_id, back.to_id, str(back.reason)) == ("carol", "dan", f"Carol {LEFT}.")
    moved, _ = reviewed(story, "dan", people=asked("eve"))
    assert (moved.from_id, moved.to_id) == ("dan", "eve")


def test_nothing_changes_where_everybody_may_decide() -> None:
    story = opened("ana", "ben")
    assert kinds(reviewed(story)) == ["RouteReviewed"]
    assert not story.state.wants_route


@pytest.mark.parametrize(
    ("before", "why"), [("hold", Refusal.ON_HOLD), ("settle", Refusal.LATE), ("end", "closed")]
)
def test_when_it_is_not_looked_at(before: str, why: str) -> None:
    story = opened("ana", undo_seconds=10)
    match before:
        case "hold":
            story.says(commands.Hold, "admin", reason="Audit.")
        case "settle":
            story.approves("ana")
        case _:
            story.says(commands.Withdraw, "rita")
    assert refusal(story.says(commands.ReviewPeople, SYSTEM)) == why
