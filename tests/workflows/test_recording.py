"""What is recorded, and that neither failures nor nonsense lose or double anything."""

import asyncio
from dataclasses import replace

import pytest

from portal.domain.request import commands
from portal.domain.request.apply import fold
from portal.domain.request.reasons import Code, reason
from tests.workflows.fakes import permanent
from tests.workflows.given import ANA, BEN, DAN, stage
from tests.workflows.journey import Journey

pytestmark = pytest.mark.temporal


async def test_submit_route_and_opening_are_one_batch(journey: Journey) -> None:
    await journey.start(stage("manager", ANA))
    assert [event.kind for event in journey.recorder.batches[0].events] == [
        "RequestSubmitted",
        "StageOpened",
        "TaskAssigned",
    ]


async def test_folding_the_events_gives_the_state(journey: Journey) -> None:
    await journey.start(stage("manager", ANA), stage("budget", BEN))
    await journey.give(journey.request.approve(ANA))
    await journey.give(journey.request.reject(BEN, opening=2))
    await journey.outcome()
    assert fold(journey.request.id, journey.recorder.decoded()) == journey.recorder.state


async def test_a_command_sent_twice_counts_once(journey: Journey) -> None:
    await journey.start(stage("manager", ANA, undo=60))
    approve = journey.request.approve(ANA)
    await journey.send(approve, approve)
    await journey.give(journey.request.give(commands.Comment, DAN, comment="Thank you"))
    assert journey.recorder.kinds.count("TaskDecided") == 1
    assert "CommandRefused" not in journey.recorder.kinds


async def test_of_two_decisions_at_once_the_first_wins(journey: Journey) -> None:
    await journey.start(stage("manager", ANA, BEN))
    await journey.send(journey.request.approve(ANA), journey.request.reject(BEN))
    assert await journey.outcome() == "APPROVED"
    assert journey.recorder.kinds[-1] == "CommandRefused"
    assert journey.recorder.events[-1].data["reason"] == "late"


async def test_an_unknown_command_is_refused_and_the_request_goes_on(journey: Journey) -> None:
    await journey.start(stage("manager", ANA))
    known = journey.request.approve(ANA)
    await journey.give(replace(known, kind="Teleport", command_id="00000000"))
    await journey.give(replace(known, payload={"task_id": 7}, command_id="11111111"))
    reasons = [each.data["reason"] for each in journey.recorder.events[-2:]]
    assert reasons == ["unsupported", "unsupported"]
    await journey.give(known)
    assert await journey.outcome() == "APPROVED"


async def test_a_lost_answer_writes_nothing_twice(journey: Journey) -> None:
    journey.recorder.lost_answers = 1
    await journey.start(stage("manager", ANA))
    await journey.give(journey.request.approve(ANA))
    assert await journey.outcome() == "APPROVED"
    assert [each.data["seq"] for each in journey.recorder.events] == list(range(1, 7))


async def test_the_workflow_follows_the_record_where_they_differ(journey: Journey) -> None:
    """As after a worker died between commit and answer and others are asked the second time."""
    other = Journey(journey.client, journey.sleep_for, request=journey.request)
    async with other.served():
        await other.start(stage("manager", BEN))
        await other.handle.terminate()
    journey.recorder.events = list(other.recorder.events)
    journey.router.stages = [stage("manager", ANA)]
    await journey.begin(command=journey.request.submit())
    await journey.give(journey.request.approve(BEN))
    assert await journey.outcome() == "APPROVED"
    assert journey.recorder.kinds.count("RequestSubmitted") == 1


async def test_a_record_that_refuses_for_good_is_tried_again_later(journey: Journey) -> None:
    journey.recorder.fail = [permanent()]
    await journey.begin(command=journey.request.submit())
    journey.router.stages = [stage("manager", ANA)]
    await journey.until(lambda: not journey.recorder.fail)
    assert not journey.recorder.events
    await asyncio.sleep(0.2)  # the failure is known; the workflow goes to sleep
    await journey.sleep(minutes=2)
    await journey.seen("TaskAssigned")


async def test_routing_that_fails_is_recorded_and_shown_to_the_admins(journey: Journey) -> None:
    journey.router.fail = [permanent(), permanent()]
    await journey.start(stage("manager", ANA))
    await journey.seen("AttentionNeeded")
    assert [len(batch.events) for batch in journey.recorder.batches] == [1, 1]
    assert journey.recorder.state.attention == reason(Code.ROUTING_FAILED)
    await journey.sleep(hours=1, minutes=1)
    await journey.seen("TaskAssigned")


async def test_a_submit_that_makes_no_sense_ends_the_workflow(journey: Journey) -> None:
    nonsense = replace(journey.request.submit(), payload={"actor_id": DAN})
    await journey.begin(command=nonsense)
    await journey.outcome()
    assert journey.recorder.kinds == ["CommandRefused"]
