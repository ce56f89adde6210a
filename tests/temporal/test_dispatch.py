"""From a decision to a mail through the real server, and what happens while parts are away."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from portal.background.dispatch import Dispatcher
from portal.notifications.outbox import Outbox
from portal.temporal import client as clients
from tests.mailing import Catcher, mail_server, mailing
from tests.temporal.office import Desk, until
from tests.temporal.serving import worker_inside

pytestmark = pytest.mark.temporal


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    """A mail server that takes everything."""
    with mail_server() as server:
        yield server


def statuses(desk: Desk) -> list[str]:
    """Of all messages."""
    with desk.engine.connect() as connection:
        return list(connection.scalars(text("SELECT status FROM portal.messages")))


async def turn(desk: Desk, address: str = "") -> bool:
    """One look of a dispatcher's."""
    settings = replace(desk.settings, temporal_address=address or desk.settings.temporal_address)
    outbox = Outbox(desk.engine, ("mail",))
    client = await clients.connect(settings)
    dispatcher = Dispatcher(client, settings, outbox.next_batch, outbox.put_back, outbox.hold)
    return await dispatcher.turn()


def test_who_is_asked_is_mailed(desk: Desk, catcher: Catcher) -> None:
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE portal.users SET email = id || '@example.org'"))
    with worker_inside(mailing(desk.settings, catcher.port)):
        desk.issue(desk.submit())
        until(lambda: asyncio.run(turn(desk)))
        catcher.wait(1)
        until(lambda: statuses(desk) == ["SENT"])


def test_while_temporal_is_away_messages_wait(desk: Desk, catcher: Catcher) -> None:
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE portal.users SET email = id || '@example.org'"))
    with worker_inside(mailing(desk.settings, catcher.port)):
        desk.issue(desk.submit())
        until(lambda: desk.status() == "PENDING")
        assert asyncio.run(turn(desk, "127.0.0.1:1")) is False
        assert statuses(desk) == ["WAITING"]
        with desk.engine.begin() as connection:
            connection.execute(text("UPDATE portal.messages SET due_at = now()"))
        assert asyncio.run(turn(desk))
        catcher.wait(1)


def test_while_no_worker_runs_the_batch_waits_for_one(desk: Desk, catcher: Catcher) -> None:
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE portal.users SET email = id || '@example.org'"))
    settings = mailing(desk.settings, catcher.port)
    with worker_inside(settings):
        desk.issue(desk.submit())
        until(lambda: desk.status() == "PENDING")
    assert asyncio.run(turn(desk))
    with worker_inside(settings):
        catcher.wait(1)
