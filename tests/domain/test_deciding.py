"""One stage, its people and their decisions."""

from datetime import timedelta

import pytest

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Decision, Mode, Rejection
from portal.domain.request import commands
from portal.domain.request.state import Status
from tests.domain.story import Story, kinds, refusal


def opened(*people: str, **values: object) -> Story:
    story = Story()
    story.submits()
    story.opens(*people, **values)
    return story


def test_one_approval_passes_a_stage_after_the_undo_window() -> None:
    story = opened("ana", "ben")
    decided = story.approves("ana")
    assert kinds(decided) == ["TaskDecided"]
    assert story.state.stage is not None
    assert story.state.stage.settles_at == story.now + timedelta(seconds=10)
    assert story.waits(seconds=9.9) == []
    assert kinds(story.waits(seconds=0.1)) == ["StagePassed", "TaskWithdrawn"]
    assert story.state.wants_route
    assert story.state.next_index == 1
    assert story.state.passed[0].deciders == ("ana",)


def test_without_an_undo_window_the_decision_settles_at_once() -> None:
    story = opened("ana", "ben", undo_seconds=0)
    assert kinds(story.approves("ben")) == ["TaskDecided", "StagePassed", "TaskWithdrawn"]


def test_the_person_stands_behind_the_decision_and_the_system_behind_what_follows() -> None:
    story = opened("ana", undo_seconds=0)
    decided, passed = story.approves("ana")
    assert (decided.actor, passed.actor) == ("ana", "system")
    assert decided.command_id is not None
    assert passed.command_id is None


def test_all_waits_for_everybody() -> None:
    story = opened("ana", "ben", mode=Mode.ALL, undo_seconds=0)
    assert kinds(story.approves("ana")) == ["TaskDecided"]
    assert kinds(story.approves("ben")) == ["TaskDecided", "StagePassed"]


def test_per_group_needs_one_of_each() -> None:
    story = opened("ana@IT", "ben@IT", "cleo@HR", mode=Mode.PER_GROUP, undo_seconds=0)
    assert kinds(story.approves("ana")) == ["TaskDecided"]
    assert kinds(story.approves("ben")) == ["TaskDecided"]
    assert kinds(story.approves("cleo")) == ["TaskDecided", "StagePassed"]


def test_a_quorum_that_cannot_be_reached_fails_at_once() -> None:
    people = ("ana", "ben", "cleo")
    rule = {"mode": Mode.QUORUM, "needed": 2, "rejection": Rejection.COUNTS, "undo_seconds": 0}
    story = opened(*people, **rule)
    assert kinds(story.rejects("ana")) == ["TaskDecided"]
    events = story.rejects("ben")
    assert kinds(events) == ["TaskDecided", "StageFailed", "TaskWithdrawn", "RequestRejected"]
    assert story.state.status is Status.REJECTED


def test_in_a_group_the_last_hope_counts() -> None:
    rule = {"mode": Mode.PER_GROUP, "rejection": Rejection.COUNTS, "undo_seconds": 0}
    story = opened("ana@IT", "ben@IT", "cleo@HR", **rule)
    assert kinds(story.rejects("ana")) == ["TaskDecided"]
    assert "RequestRejected" in kinds(story.rejects("cleo"))


@pytest.mark.parametrize("mode", list(Mode))
def test_one_rejection_ends_a_stage_where_the_policy_says_so(mode: Mode) -> None:
    story = opened("ana@IT", "ben@HR", "cleo@HR", mode=mode, undo_seconds=0)
    story.rejects("ben")
    assert story.state.status is Status.REJECTED
    assert story.state.stage is None


def test_sending_back_returns_the_request_and_frees_everybody() -> None:
    story = opened("ana", "ben", mode=Mode.ALL, undo_seconds=0)
    events = story.sends_back("ana")
    assert kinds(events) == ["TaskDecided", "TaskWithdrawn", "RequestReturned"]
    assert story.state.status is Status.RETURNED


@pytest.mark.parametrize("decision", [commands.Approve, commands.Reject, commands.SendBack])
def test_while_a_stage_settles_everybody_else_is_late(
    decision: type[commands.TaskCommand],
) -> None:
    story = opened("ana", "ben")
    story.approves("ana")
    assert refusal(story.decides(decision, "ben")) == Refusal.LATE


def test_deciding_ones_own_task_twice_is_late() -> None:
    story = opened("ana", "ben", mode=Mode.ALL)
    story.approves("ana")
    assert refusal(story.rejects("ana")) == Refusal.LATE


def test_a_task_of_an_earlier_stage_is_late_and_an_unknown_one_unknown() -> None:
    story = opened("ana", "ben", undo_seconds=0)
    bens = story.task_of("ben").id
    assert refusal(story.approves("ben", task_id="nonsense")) == Refusal.UNKNOWN_TASK
    story.approves("ana")
    assert refusal(story.approves("ben", task_id=bens)) == Refusal.LATE
    story.opens("cleo")
    assert refusal(story.approves("ben", task_id=bens)) == Refusal.LATE


def test_what_somebody_saw_must_be_what_they_decide() -> None:
    story = opened("ana")
    assert refusal(story.approves("ana", content_version=2)) == Refusal.STALE
    assert refusal(story.approves("ana", round=2)) == Refusal.STALE


def test_nobody_decides_for_somebody_else() -> None:
    story = opened("ana", "ben")
    anas = story.task_of("ana").id
    assert refusal(story.approves("ben", task_id=anas)) == Refusal.NOT_YOURS
    assert refusal(story.approves("zoe", task_id=anas)) == Refusal.NOT_YOURS


@pytest.mark.parametrize("who", ["rita", "bob", "eve"])
def test_requester_beneficiary_and_excluded_never_decide(who: str) -> None:
    story = Story()
    story.submits(on_behalf_of="bob")
    story.opens("ana", who, excluded=("eve",), mode=Mode.ALL)
    assert [task.assignee_id for task in story.state.open_tasks] == ["ana"]
    anas = story.task_of("ana").id
    assert refusal(story.approves(who, task_id=anas)) == Refusal.EXCLUDED


def test_a_reason_is_compulsory_where_the_policy_says_so_and_is_not_lost() -> None:
    story = opened("ana", comment_required=(Decision.APPROVE,))
    assert refusal(story.approves("ana", comment=" \n")) == Refusal.COMMENT_REQUIRED
    story.approves("ana", round=7, comment="Long and good reasons.")
    assert story.log[-1].comment == "Long and good reasons."  # type: ignore[attr-defined]
    assert kinds(story.rejects("ana", comment="")) == ["TaskDecided"]


def test_the_decision_keeps_what_was_seen() -> None:
    story = opened("ana")
    (event,) = story.approves("ana", comment="Yes.")
    assert event.content_hash == story.state.content.fingerprint()  # type: ignore[attr-defined]
    assert event.content_version == 1  # type: ignore[attr-defined]
