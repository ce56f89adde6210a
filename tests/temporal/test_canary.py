"""A canary goes the whole way of a request, and leaves nothing behind."""

import asyncio

import pytest
from sqlalchemy import Engine, create_engine, text

from portal.activities.canary import CanaryActivity, CanaryRequest
from portal.background.canary import CanaryWatch
from portal.temporal import client as clients
from tests.temporal.office import Desk

TABLES = text("""
SELECT table_schema || '.' || table_name FROM information_schema.tables
WHERE table_schema IN ('portal', 'gloria_ops') AND table_type = 'BASE TABLE'
    AND table_name <> 'checks' ORDER BY 1
""")
SAID = text("SELECT done_at, trouble, report FROM portal.checks WHERE name = 'canary'")

pytestmark = pytest.mark.temporal


def rows(engine: Engine) -> dict[str, int]:
    """How many rows each table has."""
    with engine.connect() as connection:
        return {
            name: connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0
            for name in connection.scalars(TABLES)
        }


def send(desk: Desk, engine: Engine, seconds: float) -> tuple[bool, bool]:
    """Send one now; whether it was due, and whether another was."""

    async def sent() -> tuple[bool, bool]:
        client = await clients.connect_now(desk.settings)
        watch = CanaryWatch(
            desk.engine, client, desk.settings.temporal_task_queue,
            lambda: CanaryActivity(engine, CanaryRequest()), seconds,
        )  # fmt: skip
        claims = watch.claim(), watch.claim()
        await watch.send()
        return claims

    return asyncio.run(sent())


def test_it_is_approved_once_an_hour_and_no_row_is_left(desk: Desk) -> None:
    before = rows(desk.engine)
    assert send(desk, desk.engine, 60.0) == (True, False)
    assert rows(desk.engine) == before
    with desk.engine.connect() as connection:
        said = connection.execute(SAID).one()
    assert said.trouble is None
    assert said.done_at is not None
    # Past its undo window, which is a timer of the server's.
    assert said.report["ms"] >= 1000


def test_what_stops_it_is_said(desk: Desk) -> None:
    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    send(desk, nowhere, 2.0)
    with desk.engine.connect() as connection:
        said = connection.execute(SAID).one()
    assert said.done_at is None
    assert said.trouble
