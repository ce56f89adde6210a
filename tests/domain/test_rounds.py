"""Sent back and sent again: what is asked once more, and what stays approved."""

import pytest

from portal.domain.errors import Refusal
from portal.domain.request import commands
from portal.domain.request.apply import question
from portal.domain.request.state import Content, Status
from portal.domain.routing.plan import RoutePlan, StageSkip
from tests.domain.story import Story, kinds, refusal

SAME = Content(title="Chairs", fields={"seats": 4, "colour": "red"})
MORE_SEATS = Content(title="Chairs", fields={"seats": 6, "colour": "red"})


def returned() -> Story:
    """Ana approved what reads the seats, Ben what reads everything; Cleo sent it back."""
    story = Story()
    story.submits()
    story.opens("ana", undo_seconds=0, reads=("seats",))
    story.approves("ana")
    story.opens("ben", undo_seconds=0)
    story.approves("ben")
    story.opens("cleo", undo_seconds=0)
    story.sends_back("cleo")
    return story


def resubmits(story: Story, content: Content, who: str = "rita", version: int = 1) -> list[object]:
    return [*story.says(commands.Resubmit, who, content=content, content_version=version)]


@pytest.mark.parametrize(
    ("content", "changed", "carried"),
    [
        (SAME, (), ("stage-0", "stage-1")),
        (MORE_SEATS, ("seats",), ()),
        (Content(title="Chairs", fields={"seats": 4}), ("colour",), ("stage-0",)),
        (Content(title="Stools", fields=SAME.fields), ("title",), ("stage-0",)),
    ],
)
def test_only_what_the_change_touches_is_asked_again(
    content: Content, changed: tuple[str, ...], carried: tuple[str, ...]
) -> None:
    story = returned()
    (event,) = resubmits(story, content)
    assert event.changed == changed  # type: ignore[attr-defined]
    assert event.carried == carried  # type: ignore[attr-defined]
    assert story.state.carried == carried
    assert tuple(stage.key for stage in story.state.passed) == carried
    assert (story.state.round, story.state.content_version) == (2, 2)


def test_the_next_round_asks_routing_from_the_start() -> None:
    story = returned()
    resubmits(story, SAME)
    asks = question(story.state, story.now)
    assert (asks.from_index, asks.round, asks.deciders) == (0, 2, ())
    assert asks.carried == ("stage-0", "stage-1")
    assert [each.deciders for each in asks.earlier] == [("ana",), ("ben",)]


def test_carried_approvals_count_when_nothing_else_is_asked() -> None:
    story = returned()
    resubmits(story, SAME)
    skips = tuple(
        StageSkip(index=n, key=f"stage-{n}", name=f"Stage {n}", reason="Approved.") for n in (0, 1)
    )
    assert kinds(story.routed(RoutePlan(skipped=skips)))[-1] == "RequestApproved"


def test_approvals_that_lost_their_standing_do_not_count() -> None:
    story = returned()
    resubmits(story, MORE_SEATS)
    assert kinds(story.routed(RoutePlan())) == ["AttentionNeeded"]


def test_a_carried_stage_that_is_asked_again_after_all_loses_its_old_approval() -> None:
    story = returned()
    resubmits(story, SAME)
    story.opens("ana", index=0, key="stage-0")
    assert [stage.key for stage in story.state.passed] == ["stage-1"]
    assert story.state.carried == ("stage-1",)


def test_tasks_of_the_new_round_are_new_tasks() -> None:
    story = returned()
    before = {event.task_id for event in story.log if hasattr(event, "task_id")}
    resubmits(story, MORE_SEATS)
    story.opens("ana")
    assert story.task_of("ana").id not in before
    assert refusal(story.approves("ana", round=1)) == Refusal.STALE
    assert refusal(story.approves("ana", content_version=1)) == Refusal.STALE


def test_only_a_returned_request_is_sent_again_by_its_requester_from_what_stands() -> None:
    story = returned()
    assert refusal(resubmits(story, SAME, who="ana")) == Refusal.NOT_ALLOWED  # type: ignore[arg-type]
    assert refusal(resubmits(story, SAME, version=2)) == Refusal.STALE  # type: ignore[arg-type]
    resubmits(story, SAME)
    assert refusal(resubmits(story, SAME, version=2)) == Refusal.NOT_RETURNED  # type: ignore[arg-type]


def test_a_returned_request_can_be_discussed_and_taken_back() -> None:
    story = returned()
    assert story.state.status is Status.RETURNED
    assert kinds(story.says(commands.Comment, "cleo", comment="Fewer, please.")) == ["CommentAdded"]
    assert refusal(story.says(commands.Remind, "rita")) == Refusal.NOT_ALLOWED
    assert kinds(story.says(commands.Withdraw, "rita")) == ["RequestWithdrawn"]
