"""Ending workflows from outside: all that run for requests of this record, a few at a time."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Engine, text
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from portal.config import Settings
from portal.domain.request.commands import Submit
from portal.temporal import client as clients
from portal.workflows import names

IN_FLIGHT = 16
PAGE = 500
LIMIT = timedelta(seconds=10)
GONE = (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION)

# Open requests, and those whose Submit was delivered and is not in the record yet.
# Raw: a page of a union.
OPEN = text(f"""
SELECT id::text, number, workflow FROM portal.requests
WHERE status IN ('PENDING', 'ON_HOLD', 'RETURNED') AND id > CAST(:last AS uuid)
UNION
SELECT request_id::text, number, workflow FROM portal.commands
WHERE applied_at IS NULL AND kind = '{Submit.__name__}' AND request_id > CAST(:last AS uuid)
ORDER BY 1 LIMIT :page
""")  # noqa: S608 - our own name


@dataclass
class Ended:
    """How many were ended, how many did not run any more, and which could not be ended."""

    ended: int = 0
    gone: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def end_all(
    settings: Settings, engine: Engine, reason: str, *, in_flight: int = IN_FLIGHT
) -> Ended:
    """Terminate the workflow of every open request, with this reason. Safe to repeat.

    Raises RPCError or RuntimeError where the server is away.
    """

    async def work() -> Ended:
        client = await clients.connect(settings, patient=True)
        return await _end_all(client, engine, reason, in_flight)

    return asyncio.run(work())


async def _end_all(client: Client, engine: Engine, reason: str, in_flight: int) -> Ended:
    found = Ended()
    waiting = _addresses(engine)

    async def work() -> None:
        for number, workflow_id in waiting:
            await _end(client, number, workflow_id, reason, found)

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(work())
    return found


async def _end(client: Client, number: str, workflow_id: str, reason: str, found: Ended) -> None:
    handle = client.get_workflow_handle(workflow_id)
    try:
        await handle.terminate(reason=reason, rpc_timeout=LIMIT)
    except RPCError as error:
        if error.status in GONE:
            found.gone += 1
            return
        if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.CANCELLED):
            raise
        found.failed[number] = f"{error.status.name}: {error}"
        return
    found.ended += 1


def _addresses(engine: Engine) -> Iterator[tuple[str, str]]:
    last = "00000000-0000-0000-0000-000000000000"
    while True:
        with engine.connect() as connection:
            rows = connection.execute(OPEN, {"last": last, "page": PAGE}).all()
        for request_id, number, workflow in rows:
            yield number, names.address(workflow, request_id)[1]
        if len(rows) < PAGE:
            return
        last = rows[-1][0]
