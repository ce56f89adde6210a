"""How requests end: every outcome, and every mode of a stage."""

import pytest

from portal.domain.policy.policy import Decision, Mode, Rejection, StageKind
from portal.domain.request import commands
from portal.domain.request.state import Content
from tests.workflows.given import ANA, BEN, CAI, DAN, NEWER, stage
from tests.workflows.journey import Journey

pytestmark = pytest.mark.temporal


async def test_approved_in_two_stages(journey: Journey) -> None:
    await journey.start(stage("manager", ANA), stage("budget", BEN))
    await journey.give(journey.request.approve(ANA))
    await journey.give(journey.request.approve(BEN, opening=2))
    assert await journey.outcome() == "APPROVED"
    assert journey.recorder.kinds[-1] == "RequestApproved"


async def test_rejected(journey: Journey) -> None:
    await journey.start(stage("manager", ANA), stage("budget", BEN))
    await journey.give(journey.request.reject(ANA))
    assert await journey.outcome() == "REJECTED"
    assert "StageFailed" in journey.recorder.kinds


async def test_sent_back_resubmitted_and_approved(journey: Journey) -> None:
    await journey.start(stage("manager", ANA), stage("budget", BEN, reads=("amount",)))
    await journey.give(journey.request.send_back(ANA))
    assert journey.recorder.state.status == "RETURNED"
    again = journey.request.give(
        commands.Resubmit, DAN, content=Content(title="A better lens"), content_version=1
    )
    await journey.give(again)
    await journey.give(journey.request.approve(ANA, opening=2, round=2))
    await journey.give(journey.request.approve(BEN, opening=3, round=2))
    assert await journey.outcome() == "APPROVED"
    assert journey.recorder.state.round == 2


async def test_changed_while_it_waits(journey: Journey) -> None:
    await journey.start(stage("manager", ANA, reads=("seats",)), stage("budget", BEN))
    await journey.give(journey.request.approve(ANA))
    await journey.seen("TaskAssigned", times=2)
    await journey.give(
        journey.request.give(commands.Amend, DAN, content=Content(title="Two lenses"))
    )
    await journey.seen("TaskAssigned", times=3)
    assert journey.recorder.state.carried == ("manager",)
    assert journey.recorder.kinds.count("TaskDecided") == 1
    await journey.give(journey.request.approve(BEN, opening=3, version=2))
    assert await journey.outcome() == "APPROVED"


async def test_overridden_by_an_admin(journey: Journey) -> None:
    await journey.start(stage("manager", ANA), stage("budget", BEN))
    over = {"decision": Decision.APPROVE, "reason": "Both are away."}
    await journey.give(journey.request.give(commands.Override, CAI, stage_key="manager", **over))
    await journey.seen("TaskAssigned", times=2)
    await journey.give(journey.request.give(commands.Override, CAI, **over))
    assert await journey.outcome() == "APPROVED"
    assert "TaskDecided" not in journey.recorder.kinds


async def test_moved_to_another_policy(journey: Journey) -> None:
    await journey.start(stage("manager", ANA), stage("budget", BEN))
    await journey.give(journey.request.approve(ANA))
    await journey.seen("TaskAssigned", times=2)
    journey.router.stages = (stage("manager", ANA), stage("legal", CAI), stage("budget", BEN))
    version, same = journey.recorder.state.policy_version_id, ("manager", "budget")
    await journey.give(journey.request.move(version, "manager", "legal", "budget", same=same))
    await journey.seen("TaskAssigned", times=3)
    assert journey.router.asked[-1].policy_version_id == NEWER
    await journey.give(journey.request.approve(CAI, opening=3))
    await journey.seen("TaskAssigned", times=4)
    await journey.give(journey.request.approve(BEN, opening=4))
    assert await journey.outcome() == "APPROVED"


async def test_withdrawn_by_the_requester(journey: Journey) -> None:
    await journey.start(stage("manager", ANA))
    await journey.give(journey.request.give(commands.Withdraw, DAN))
    assert await journey.outcome() == "WITHDRAWN"
    assert not journey.recorder.state.open_tasks


async def test_cancelled_with_a_reason(journey: Journey) -> None:
    await journey.start(stage("manager", ANA))
    await journey.give(journey.request.give(commands.Cancel, CAI, reason="No budget this year"))
    assert await journey.outcome() == "CANCELLED"


async def test_a_stage_of_all_waits_for_everybody(journey: Journey) -> None:
    await journey.start(stage("board", ANA, BEN, mode=Mode.ALL, needed=2))
    await journey.give(journey.request.approve(ANA))
    assert journey.recorder.state.is_open
    await journey.give(journey.request.approve(BEN))
    assert await journey.outcome() == "APPROVED"


async def test_a_quorum_fails_as_soon_as_it_is_out_of_reach(journey: Journey) -> None:
    counts = {"mode": Mode.QUORUM, "needed": 2, "rejection": Rejection.COUNTS}
    await journey.start(stage("finance", ANA, BEN, CAI, **counts))
    await journey.give(journey.request.reject(ANA))
    assert journey.recorder.state.is_open
    await journey.give(journey.request.reject(BEN))
    assert await journey.outcome() == "REJECTED"
    assert "TaskWithdrawn" in journey.recorder.kinds


async def test_one_of_each_group(journey: Journey) -> None:
    groups = ("owner", "it")
    await journey.start(stage("access", ANA, BEN, mode=Mode.PER_GROUP, groups=groups))
    await journey.give(journey.request.approve(BEN))
    assert journey.recorder.state.is_open
    await journey.give(journey.request.approve(ANA))
    assert await journey.outcome() == "APPROVED"


async def test_a_notify_stage_waits_for_nobody(journey: Journey) -> None:
    await journey.start(stage("manager", ANA), stage("told", BEN, kind=StageKind.NOTIFY))
    await journey.give(journey.request.approve(ANA))
    assert await journey.outcome() == "APPROVED"
    assert journey.recorder.kinds.count("StagePassed") == 2
