"""An administrator decides in place of others."""

import pytest

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Decision, Mode
from portal.domain.request import commands
from portal.domain.request.apply import question
from portal.domain.request.events import Event
from portal.domain.request.state import Content, Status
from portal.domain.routing.plan import RoutePlan
from tests.domain.story import Story, kinds, refusal


def waiting(*people: str, **values: object) -> Story:
    story = Story()
    story.submits(on_behalf_of="bob")
    story.opens(*(people or ("ana", "ben")), mode=Mode.ALL, **values)
    return story


def overrides(story: Story, who: str = "admin", **values: object) -> list[Event]:
    given = {
        "decision": Decision.APPROVE,
        "reason": "Both are away.",
        "content_version": story.state.content_version,
        **values,
    }
    return story.says(commands.Override, who, **given)


def test_the_whole_request_is_approved() -> None:
    story = waiting()
    story.approves("ana")
    events = overrides(story)
    assert kinds(events) == ["RequestOverridden", "TaskWithdrawn", "RequestApproved"]
    assert events[0].passed_over == ("ana", "ben")  # type: ignore[attr-defined]
    assert events[0].content_hash == story.state.content_hash  # type: ignore[attr-defined]
    assert story.state.status is Status.APPROVED


def test_the_whole_request_is_rejected() -> None:
    story = waiting()
    assert kinds(overrides(story, decision=Decision.REJECT))[-1] == "RequestRejected"


def test_one_stage_passes_without_deciders_and_the_route_goes_on() -> None:
    story = waiting()
    events = overrides(story, stage_key="stage-0")
    assert kinds(events) == ["RequestOverridden", "TaskWithdrawn", "TaskWithdrawn", "StagePassed"]
    asks = question(story.state, story.now)
    assert (asks.from_index, asks.deciders, asks.earlier[0].overridden_by) == (1, (), "admin")
    story.opens("ana", distinct=True)
    assert story.task_of("ana")


def test_the_last_stage_overridden_ends_the_route() -> None:
    story = waiting(is_last=True)
    assert kinds(overrides(story, stage_key="stage-0"))[-1] == "RequestApproved"
    story = waiting()
    overrides(story, stage_key="stage-0")
    assert kinds(story.routed(RoutePlan())) == ["RequestApproved"]


@pytest.mark.parametrize("how", ["hold", "attention", "returned"])
def test_the_whole_request_can_be_decided_wherever_it_stands(how: str) -> None:
    story = waiting("ana", undo_seconds=0)
    if how == "hold":
        story.says(commands.Hold, "admin", reason="Audit.")
    elif how == "returned":
        story.sends_back("ana")
    else:
        story.approves("ana")
        story.routed(RoutePlan(attention="Nobody."))
    assert kinds(overrides(story))[-1] == "RequestApproved"


@pytest.mark.parametrize("who", ["rita", "bob"])
def test_nobody_decides_their_own(who: str) -> None:
    assert refusal(overrides(waiting(), who=who)) == Refusal.EXCLUDED


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"reason": " "}, Refusal.COMMENT_REQUIRED),
        ({"content_version": 2}, Refusal.STALE),
        ({"decision": Decision.SEND_BACK}, Refusal.NOT_ALLOWED),
        ({"decision": Decision.REJECT, "stage_key": "stage-0"}, Refusal.NOT_ALLOWED),
        ({"stage_key": "stage-7"}, Refusal.LATE),
    ],
)
def test_what_is_refused(values: dict[str, object], reason: Refusal) -> None:
    assert refusal(overrides(waiting(), **values)) == reason


def test_a_stage_on_hold_or_in_its_undo_window_is_left_alone() -> None:
    story = waiting("ana")
    story.approves("ana")
    assert refusal(overrides(story, stage_key="stage-0")) == Refusal.LATE
    story = waiting()
    story.says(commands.Hold, "admin", reason="Audit.")
    assert refusal(overrides(story, stage_key="stage-0")) == Refusal.ON_HOLD


def test_a_change_asks_again_what_was_overridden_if_it_reads_it() -> None:
    story = waiting()
    overrides(story, stage_key="stage-0")
    story.opens("cleo", reads=())
    change = Content(title="Stools")
    (event,) = story.says(commands.Amend, "rita", content=change)
    assert event.asked_again == ("stage-0",)  # type: ignore[attr-defined]
