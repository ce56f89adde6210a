"""Workflows that begin from a state, and those that continue as new."""

from dataclasses import replace

import pytest

from portal.domain import codec
from portal.domain.request import commands
from portal.domain.request.state import Approval
from tests.workflows.given import ANA, BEN, DAN, stage
from tests.workflows.journey import Journey

pytestmark = pytest.mark.temporal


async def recorded_so_far(journey: Journey) -> Approval:
    """A request whose first stage is open, and whose workflow was lost."""
    lost = Journey(journey.client, journey.sleep_for, request=journey.request)
    async with lost.served():
        await lost.start(stage("manager", ANA), stage("budget", BEN))
        await lost.handle.terminate()
    journey.recorder.events = list(lost.recorder.events)
    journey.router.stages = lost.router.stages
    return lost.recorder.state


async def test_goes_on_from_a_state(journey: Journey) -> None:
    state = await recorded_so_far(journey)
    await journey.begin(state=codec.encode(state))
    await journey.give(journey.request.approve(ANA))
    await journey.give(journey.request.approve(BEN, opening=2))
    assert await journey.outcome() == "APPROVED"
    assert [each.data["seq"] for each in journey.recorder.events] == list(range(1, 11))


async def test_goes_on_from_a_state_older_than_the_record(journey: Journey) -> None:
    """As after Temporal's store was put back from a backup: the record is followed."""
    await recorded_so_far(journey)
    await journey.begin(state=codec.encode(Approval(request_id=journey.request.id)))
    await journey.send(journey.request.submit())
    await journey.give(journey.request.approve(ANA))
    await journey.give(journey.request.approve(BEN, opening=2))
    assert await journey.outcome() == "APPROVED"
    assert journey.recorder.kinds.count("RequestSubmitted") == 1


async def test_commands_that_wait_beside_a_state_are_applied(journey: Journey) -> None:
    state = await recorded_so_far(journey)
    await journey.begin(state=codec.encode(state), pending=[journey.request.reject(ANA)])
    assert await journey.outcome() == "REJECTED"


async def test_continues_as_new_and_loses_nothing(journey: Journey) -> None:
    journey.continue_after = 20
    await journey.start(stage("manager", ANA))
    first = await journey.run_id()
    for number in range(12):
        comment = journey.request.give(commands.Comment, DAN, comment=f"Number {number}")
        await journey.give(comment)
    await journey.until_run_is_not(first)
    repeated = replace(comment, kind="Comment")
    await journey.send(repeated)
    await journey.give(journey.request.approve(ANA))
    assert await journey.outcome() == "APPROVED"
    assert journey.recorder.kinds.count("CommentAdded") == 12


async def test_a_timer_survives_continuing_as_new(journey: Journey) -> None:
    journey.continue_after = 8
    await journey.start(stage("manager", ANA, undo=3600))
    await journey.give(journey.request.approve(ANA))
    await journey.give(journey.request.give(commands.Comment, DAN, comment="Good"))
    await journey.sleep(minutes=61)
    assert await journey.outcome() == "APPROVED"
