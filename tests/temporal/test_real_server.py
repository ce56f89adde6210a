"""Workflows on the real server: deadlines, and floods of signals around the close and a new run."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from portal.domain.request import commands
from portal.domain.routing.plan import RouteQuestion
from portal.workflows.messages import CommandMessage
from scripts.local.temporal import TemporalServer
from tests.workflows.given import ANA, BEN, DAN, stage
from tests.workflows.journey import Journey

pytestmark = pytest.mark.temporal


@pytest.fixture
def journey(loop: asyncio.AbstractEventLoop, temporal_server: TemporalServer) -> Iterator[Journey]:
    """A request with fakes behind it, served by a worker, on the real server."""
    client = loop.run_until_complete(Client.connect(temporal_server.address))
    journey = Journey(client, lambda span: asyncio.sleep(span.total_seconds()))
    served = journey.served()
    loop.run_until_complete(served.__aenter__())
    yield journey
    loop.run_until_complete(served.__aexit__(None, None, None))


def comment(journey: Journey, words: str = "Hello") -> CommandMessage:
    """Dan says something."""
    return journey.request.give(commands.Comment, DAN, comment=words)


async def send_while_open(journey: Journey, count: int) -> list[CommandMessage]:
    """Send comments until the request is closed; returns those that the server took."""
    taken = []
    for number in range(count):
        message = comment(journey, f"Number {number}")
        try:
            await journey.send(message)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            break
        taken.append(message)
    return taken


async def test_signals_sent_while_it_closes_all_have_an_answer(journey: Journey) -> None:
    await journey.start(stage("manager", ANA))
    flood = asyncio.create_task(send_while_open(journey, 200))
    await asyncio.sleep(0.05)
    await journey.send(journey.request.approve(ANA))
    assert await journey.outcome() == "APPROVED"
    taken = await flood
    assert {message.command_id for message in taken} <= journey.answered()
    assert [each.data["seq"] for each in journey.recorder.events] == list(
        range(1, len(journey.recorder.events) + 1)
    )


async def test_signals_sent_while_it_continues_as_new_are_all_applied(journey: Journey) -> None:
    journey.continue_after = 30
    await journey.start(stage("manager", ANA))
    first = await journey.handle.describe()
    taken = await send_while_open(journey, 60)
    await journey.until(lambda: journey.recorder.kinds.count("CommentAdded") == 60)
    assert len(taken) == 60
    assert (await journey.handle.describe()).run_id != first.run_id
    words = [each.data["comment"] for each in journey.recorder.events if "comment" in each.data]
    assert words == [f"Number {number}" for number in range(60)]


async def test_a_decision_at_the_very_deadline_counts_once_or_is_late(journey: Journey) -> None:
    def soon(question: RouteQuestion) -> object:
        return question.now + timedelta(seconds=1)

    await journey.start(stage("manager", ANA, expires_at=soon))
    opened = journey.recorder.state.stage
    assert opened is not None
    await asyncio.sleep(0.98)
    decision = journey.request.approve(ANA)
    await journey.send(decision)
    outcome = await journey.outcome()
    assert decision.command_id in journey.answered()
    refused = journey.recorder.kinds.count("CommandRefused")
    assert (outcome, refused) in {("APPROVED", 0), ("TIMEOUT", 1)}


async def test_commands_sent_without_a_worker_are_handled_in_order(journey: Journey) -> None:
    alone = Journey(journey.client, journey.sleep_for)
    alone.router.stages = [stage("manager", ANA), stage("budget", BEN)]
    await alone.begin(command=alone.request.submit())
    sent = [comment(alone, f"Number {number}") for number in range(4)]
    await alone.send(*sent, alone.request.approve(ANA), alone.request.approve(BEN, opening=2))
    async with alone.served():
        assert await alone.outcome() == "APPROVED"
    assert [kind for kind in alone.recorder.kinds if "C" in kind[0]] == ["CommentAdded"] * 4
    assert len(alone.recorder.batches) < 4
