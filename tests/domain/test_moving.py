"""An open request moves to a newer version of its policy."""

import pytest

from portal.domain.errors import Refusal
from portal.domain.policy.difference import difference
from portal.domain.policy.policy import Mode, Policy
from portal.domain.request import commands
from portal.domain.request.apply import question
from portal.domain.request.events import Event
from portal.domain.request.state import Content, Status
from portal.domain.routing.plan import RoutePlan, StageSkip
from tests.domain import office
from tests.domain.story import Story, kinds, refusal, stage

NEW = ("legal", "stage-0", "stage-1")


def at_finance() -> Story:
    """Ana approved; Ben approved and Cleo is asked."""
    story = Story()
    story.submits(on_behalf_of="bob")
    story.opens("ana", undo_seconds=0)
    story.approves("ana")
    story.opens("ben", "cleo", mode=Mode.ALL, is_last=True)
    story.approves("ben")
    return story


def moves(story: Story, who: str = "admin", **values: object) -> list[Event]:
    given = {
        "policy_version_id": "v2", "from_version_id": "v1", "version": 2, "stages": NEW,
        "same": ("stage-0", "stage-1"), "reason": "The new rules hold for all.", **values,
    }  # fmt: skip
    return story.says(commands.MoveToPolicy, who, **given)


def test_what_is_the_same_stays_at_its_new_place() -> None:
    story = at_finance()
    (event,) = moves(story)
    assert (event.carried, event.asked_again) == (("stage-0",), ())  # type: ignore[attr-defined]
    asks = question(story.state, story.now)
    assert (asks.policy_version_id, asks.from_index, asks.carried) == ("v2", 0, ("stage-0",))
    assert [(each.key, each.index) for each in asks.earlier] == [("stage-0", 1)]
    skip = StageSkip(index=1, key="stage-0", name="Stage 0", reason="Approved in round 1.")
    legal = StageSkip(index=0, key="legal", name="Legal", reason="Not needed.")
    again = stage("ben", "cleo", index=2, key="stage-1", mode=Mode.ALL)
    events = story.routed(RoutePlan(skipped=(legal, skip), stage=again))
    assert kinds(events)[-1] == "StageContinued"
    assert story.state.stage is not None
    assert (story.state.stage.plan.index, story.state.stage.plan.is_last) == (2, True)


def test_a_new_stage_before_comes_first_and_the_votes_stand() -> None:
    story = at_finance()
    moves(story)
    story.opens("dan", index=0, key="legal", undo_seconds=0)
    assert [task.assignee_id for task in story.state.open_tasks] == ["dan"]
    story.approves("dan")
    skip = StageSkip(index=1, key="stage-0", name="Stage 0", reason="Approved in round 1.")
    again = stage("ben", "cleo", index=2, key="stage-1", mode=Mode.ALL)
    story.routed(RoutePlan(skipped=(skip,), stage=again))
    assert [task.assignee_id for task in story.state.open_tasks] == ["cleo"]


def test_what_changed_or_is_gone_is_asked_anew() -> None:
    story = at_finance()
    events = moves(story, same=(), stages=("legal", "stage-1"))
    assert kinds(events) == ["TaskWithdrawn", "RequestMovedToPolicy"]
    assert events[-1].asked_again == ("stage-0", "stage-1")  # type: ignore[attr-defined]
    assert (story.state.passed, story.state.interrupted) == ((), ())


def test_on_hold_and_returned_it_moves_and_waits() -> None:
    story = at_finance()
    story.says(commands.Hold, "admin", reason="Audit.")
    moves(story)
    assert (story.state.status, story.state.wants_route) == (Status.ON_HOLD, False)
    story.says(commands.Resume, "admin")
    assert story.state.wants_route
    story = at_finance()
    story.sends_back("cleo")
    story.waits(seconds=10)
    moves(story)
    assert (story.state.status, story.state.wants_route) == (Status.RETURNED, False)
    story.says(commands.Resubmit, "rita", content=Content(title="Stools"))
    assert question(story.state, story.now).policy_version_id == "v2"


@pytest.mark.parametrize(
    ("who", "values", "reason"),
    [
        ("rita", {}, Refusal.OWN_REQUEST),
        ("bob", {}, Refusal.OWN_REQUEST),
        ("admin", {"reason": " "}, Refusal.COMMENT_REQUIRED),
        ("admin", {"from_version_id": "v0"}, Refusal.STALE),
        ("admin", {"policy_version_id": "v1"}, Refusal.NOT_ALLOWED),
        ("admin", {"stages": ()}, Refusal.NOT_ALLOWED),
    ],
)
def test_what_is_refused(who: str, values: dict[str, object], reason: Refusal) -> None:
    assert refusal(moves(at_finance(), who, **values)) == reason


def test_a_rejection_in_its_undo_window_is_not_wiped_out() -> None:
    story = at_finance()
    story.rejects("cleo")
    assert refusal(moves(story)) == Refusal.LATE


def test_the_difference_of_two_versions() -> None:
    first, second = office.stage(office.manager()), office.stage(office.group("FIN"), key="second")
    third = office.stage(office.group("IT"), key="third")
    before = Policy(stages=(first, second))
    after = Policy(stages=(third, first, office.stage(office.group("IT"), key="second")))
    found = difference(before, after)
    assert (found.added, found.gone, found.same) == ((third,), (), ("first",))
    assert [(each.after.key, each.parts) for each in found.changed] == [("second", ("rules",))]
    assert difference(after, before).gone == (third,)
