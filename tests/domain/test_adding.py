"""Asking one person more: the stage needs them beside its own votes."""

from typing import Any

import pytest

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Mode
from portal.domain.request import commands
from tests.domain.story import Story, kinds, refusal


def opened(*people: str, **values: Any) -> Story:
    story = Story()
    story.submits(on_behalf_of="bob")
    story.opens(*people, **values)
    return story


def adds(story: Story, by: str, who: str, **values: Any) -> Any:
    given = {"to_id": who, "to_name": who.title(), "round": story.state.round, **values}
    return story.says(commands.AddApprover, by, **given)


@pytest.mark.parametrize("by", ["rita", "bob", "ana"])
@pytest.mark.parametrize("first", ["ana", "cleo"])
def test_the_stage_waits_for_both(by: str, first: str) -> None:
    story = opened("ana", "ben", mode=Mode.ANY)
    assert kinds(adds(story, by, "cleo", comment="It is her budget.")) == ["ApproverAdded"]
    second = "cleo" if first == "ana" else "ana"
    story.approves(first)
    assert story.state.stage is not None
    assert story.state.stage.settles_at is None
    story.approves(second)
    story.waits(seconds=10)
    assert set(story.state.passed[0].deciders) == {"ana", "cleo"}


def test_a_friend_who_was_added_cannot_pass_it_alone() -> None:
    story = opened("ana", mode=Mode.ANY, undo_seconds=0)
    adds(story, "rita", "cleo")
    assert kinds(story.approves("cleo")) == ["TaskDecided"]
    assert kinds(story.rejects("ana"))[-1] == "RequestRejected"


def test_the_no_of_somebody_added_counts_also_where_others_are_a_quorum() -> None:
    counts = {"mode": Mode.QUORUM, "needed": 1, "rejection": "counts"}
    story = opened("ana", "ben", undo_seconds=0, **counts)
    adds(story, "ana", "cleo")
    assert kinds(story.rejects("cleo"))[-1] == "RequestRejected"


def test_undone_it_is_needed_still() -> None:
    story = opened("ana")
    adds(story, "ana", "cleo")
    story.approves("cleo")
    story.says(commands.Retract, "cleo", task_id=story.task_of("cleo").id)
    assert story.task_of("cleo").added
    story.approves("ana")
    assert story.state.stage is not None
    assert story.state.stage.settles_at is None


@pytest.mark.parametrize(
    ("by", "who", "name", "reason"),
    [
        ("eve", "cleo", "Cleo", Refusal.NOT_ALLOWED),
        ("rita", "rita", "Rita", Refusal.BARRED),
        ("rita", "ana", "Ana", Refusal.ALREADY_ASKED),
        ("rita", "ghost", "", Refusal.NOBODY),
    ],
)
def test_who_may_not_add_or_be_added(by: str, who: str, name: str, reason: Refusal) -> None:
    assert refusal(adds(opened("ana"), by, who, to_name=name)) == reason


def test_it_is_for_this_round_and_before_the_verdict() -> None:
    story = opened("ana")
    assert refusal(adds(story, "rita", "cleo", round=2)) == Refusal.STALE
    story.approves("ana")
    assert refusal(adds(story, "rita", "cleo")) == Refusal.LATE


def test_somebody_whose_task_went_away_can_be_added() -> None:
    story = opened("ana")
    given = {"task_id": story.task_of("ana").id, "to_id": "ben", "to_name": "Ben"}
    story.says(commands.Reassign, "ana", **given)
    adds(story, "ben", "ana")
    assert story.task_of("ana").id != story.task_of("ben").id


def test_there_is_an_end_to_it() -> None:
    story = opened("ana")
    for number in range(10):
        adds(story, "rita", f"person-{number}")
    assert refusal(adds(story, "rita", "cleo")) == Refusal.ADDED_ENOUGH
