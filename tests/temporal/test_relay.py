"""The relay: what waits is delivered, once, in order; what was lost is brought back."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text, update

from portal import models
from portal.activities.record import refuse_late
from portal.background import outbox
from portal.background.relay import TRIES, Relay
from portal.temporal import client as clients
from tests.temporal.history import History
from tests.temporal.office import Desk, until
from tests.temporal.serving import worker_inside

pytestmark = pytest.mark.temporal


async def relay_of(desk: Desk, address: str | None = None) -> Relay:
    """A relay of the desk, perhaps to another address."""
    settings = replace(desk.settings, temporal_address=address or desk.settings.temporal_address)
    client = await clients.connect(settings)
    return Relay(desk.engine, client, settings, refuse_late)


async def until_applied(desk: Desk, relay: Relay, *given: object) -> None:
    """Turn the relay until the commands have their outcome."""
    for _ in range(400):
        await relay.turn()
        if all(desk.row(each).applied_at for each in given):  # type: ignore[arg-type]
            return
        await asyncio.sleep(0.02)
    raise AssertionError("no outcome")


async def test_what_a_dead_web_left_is_delivered_and_applied(desk: Desk, worker: None) -> None:
    submit = desk.submit()
    desk.store(submit)
    await until_applied(desk, await relay_of(desk), submit)
    assert desk.status() == "PENDING"


async def test_commands_of_a_request_keep_their_order(desk: Desk, worker: None) -> None:
    submit, withdraw = desk.submit(), desk.comment()
    approve = desk.decide(desk.office.ana)
    desk.store(submit, withdraw, approve)
    await until_applied(desk, await relay_of(desk), submit, withdraw, approve)
    order = [kind for kind in desk.events() if kind in {"CommentAdded", "TaskDecided"}]
    assert order == ["CommentAdded", "TaskDecided"]


async def test_two_relays_at_once_deliver_once(desk: Desk) -> None:
    desks = [desk.another(f"PR-{number}") for number in range(2000, 2030)]
    for each in desks:
        each.store(each.submit())
    relays = [await relay_of(desk), await relay_of(desk)]
    taken = await asyncio.gather(*(relay.turn() for relay in relays))
    assert sum(taken) == len(desks)
    with desk.engine.connect() as connection:
        tried = connection.scalars(text("SELECT attempts FROM portal.commands")).all()
    assert set(tried) == {1}


async def test_a_server_that_is_away_is_tried_again_with_pauses(desk: Desk) -> None:
    submit = desk.submit()
    desk.store(submit)
    relay = await relay_of(desk, "127.0.0.1:1")
    await relay.turn()
    row = desk.row(submit)
    assert row.delivered_at is None
    assert row.attempts == 1
    assert row.last_error
    assert await relay.turn() == 0


async def test_a_late_command_is_refused_by_the_record(desk: Desk, worker: None) -> None:
    desk.issue(desk.submit())
    desk.issue(desk.decide(desk.office.ana, approve=False))
    await asyncio.to_thread(until, lambda: has_closed(desk))
    late = desk.comment()
    desk.store(late)
    await (await relay_of(desk)).turn()
    row = desk.row(late)
    assert (row.outcome, row.reason) == ("refused", "closed")
    assert desk.events()[-1] == "CommandRefused"


def has_closed(desk: Desk) -> bool:
    """The workflow has ended."""
    return History(desk).is_closed()


async def test_a_workflow_that_was_ended_from_outside_comes_back(desk: Desk, worker: None) -> None:
    desk.issue(desk.submit())
    await asyncio.to_thread(History(desk).terminate)
    approve = desk.decide(desk.office.ana)
    desk.store(approve)
    await until_applied(desk, await relay_of(desk), approve)
    assert desk.row(approve).outcome == "applied"
    assert desk.events().count("RequestSubmitted") == 1


async def test_a_delivered_command_without_an_outcome_is_delivered_again(desk: Desk) -> None:
    submit = desk.submit()
    desk.store(submit)
    relay = await relay_of(desk)
    await relay.turn()
    assert desk.row(submit).delivered_at is not None
    assert await relay.turn() == 0
    desk.due_now()
    assert await relay.turn() == 1


async def test_what_was_swallowed_is_told_again_under_another_name_and_counts_once(
    desk: Desk,
) -> None:
    submit, comment = desk.submit(), desk.comment()
    desk.store(submit, comment)
    relay = await relay_of(desk)
    for _ in range(4):  # the fourth bears the third one's name: the server takes it once
        await relay.turn()
        desk.due_now()
    signals = History(desk).events
    told = await asyncio.to_thread(signals, "WORKFLOW_EXECUTION_SIGNALED")
    assert len(told) == 2
    with worker_inside(desk.settings):
        await until_applied(desk, relay, submit, comment)
    assert desk.events().count("CommentAdded") == 1


async def test_a_request_whose_workflow_was_ended_before_it_began_begins(desk: Desk) -> None:
    submit = desk.submit()
    desk.store(submit)
    relay = await relay_of(desk)
    await relay.turn()
    await asyncio.to_thread(History(desk).terminate)
    desk.due_now()
    with worker_inside(desk.settings):
        await until_applied(desk, relay, submit)
    assert desk.events().count("RequestSubmitted") == 1


async def test_a_command_for_a_request_that_never_began_waits_for_its_submit(
    desk: Desk, worker: None
) -> None:
    submit, comment = desk.submit(), desk.comment()
    desk.store(submit, comment)
    with desk.engine.begin() as connection:
        row = models.Command
        lost = update(row).where(row.id == submit.command_id)
        connection.execute(lost.values(delivered_at=text("now()"), next_attempt_at="infinity"))
    relay = await relay_of(desk)
    await relay.turn()
    desk.due_now()
    await until_applied(desk, relay, submit)
    desk.due_now()
    await until_applied(desk, relay, comment)


async def test_nonsense_is_parked_after_some_tries_and_the_rest_flows(
    desk: Desk, worker: None
) -> None:
    poison, other = desk.submit(), desk.another("PR-2000")
    desk.store(poison)
    with desk.engine.begin() as connection:
        row = models.Command
        connection.execute(update(row).where(row.id == poison.command_id).values(payload={}))
    submit = other.submit()
    other.store(submit)
    relay = await relay_of(desk)
    for _ in range(TRIES):
        await relay.turn()
        desk.due_now()
    assert desk.row(poison).parked_at is not None
    await until_applied(other, relay, submit)


def test_a_taken_command_is_nobody_elses_until_the_lease_ends(desk: Desk) -> None:
    desk.store(desk.submit())
    assert len(outbox.take(desk.engine, desk.settings, 10)) == 1
    assert outbox.take(desk.engine, desk.settings, 10) == []


@pytest.mark.parametrize(("attempts", "least", "most"), [(1, 24, 36), (9, 384, 576)])
def test_watching_grows_rarer(desk: Desk, attempts: int, least: float, most: float) -> None:
    submit = desk.submit()
    desk.store(submit)
    (taken,) = outbox.take(desk.engine, desk.settings, 1)
    with desk.engine.begin() as connection:
        outbox.delivered(connection, replace(taken, attempts=attempts))
        wait = connection.scalar(
            text("SELECT extract(epoch FROM next_attempt_at - now()) FROM portal.commands")
        )
    assert least <= float(wait) <= most
