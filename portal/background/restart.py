"""Bringing back the workflow of an open request: from its kept state, with what waits for it."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text
from temporalio.client import Client

from portal.models.states import kept_state
from portal.temporal.start import Start, StateToStart, start_from_state
from portal.workflows import names
from portal.workflows.messages import CommandMessage

# What a start takes along beside the state; the rest is due as soon as it has begun.
MOST = 50
MOST_CHARACTERS = 200_000
WATCH_SECONDS = 30

# Raw: casts of ids that may be none, and steps on the server's clock.
WAITING = text("""
SELECT id::text, kind, payload FROM portal.commands
WHERE request_id = CAST(:request AS uuid) AND applied_at IS NULL AND parked_at IS NULL
ORDER BY created_at, id LIMIT :most
""")
DUE = text("""
UPDATE portal.commands SET delivered_at = NULL, next_attempt_at = now()
WHERE request_id = CAST(:request AS uuid) AND applied_at IS NULL AND parked_at IS NULL
    AND NOT id = ANY(CAST(:brought AS uuid[]))
""")
OVER = text("DELETE FROM portal.workflow_troubles WHERE workflow_id = :workflow")
BROUGHT = text("""
UPDATE portal.commands SET delivered_at = COALESCE(delivered_at, now()),
    next_attempt_at = now() + make_interval(secs => :watch)
WHERE id = ANY(CAST(:brought AS uuid[])) AND applied_at IS NULL AND parked_at IS NULL
""")


@dataclass(frozen=True)
class _Brought:
    wanted: StateToStart
    ids: tuple[str, ...]


async def restart(
    client: Client, queue: str, engine: Engine, request_id: str, workflow: str
) -> bool:
    """Start an open request's workflow where its record is; whether there was one to start.

    What waits for the request goes along in the order in which it was given, and what does not fit
    is due at once. Safe to repeat. Raises RPCError, and whatever an unreadable record raises.
    """
    found = await asyncio.to_thread(_read, engine, request_id, workflow)
    if found is None:
        return False
    start = await start_from_state(client, queue, found.wanted, again=True)
    brought = found.ids if start is Start.STARTED else ()
    workflow_id = names.address(workflow, request_id)[1]
    await asyncio.to_thread(_mark, engine, request_id, workflow_id, brought)
    return start is Start.STARTED


def _read(engine: Engine, request_id: str, workflow: str) -> _Brought | None:
    with engine.connect() as connection:
        state = kept_state(connection, request_id)
        if not state.is_open:
            return None
        messages = _fitting(_waiting(connection, request_id))
    wanted = StateToStart(state=state, workflow=workflow, pending=tuple(messages))
    return _Brought(wanted, tuple(each.command_id for each in messages))


def _waiting(connection: Connection, request_id: str) -> list[CommandMessage]:
    rows = connection.execute(WAITING, {"request": request_id, "most": MOST})
    return [CommandMessage(row.id, row.kind, row.payload) for row in rows]


def _fitting(messages: Sequence[CommandMessage]) -> list[CommandMessage]:
    """The first ones, as long as the start stays small."""
    fitting: list[CommandMessage] = []
    room = MOST_CHARACTERS
    for each in messages:
        room -= len(json.dumps(each.payload))
        if room < 0:
            break
        fitting.append(each)
    return fitting


def _mark(engine: Engine, request_id: str, workflow_id: str, brought: Sequence[str]) -> None:
    """What went along is watched for its outcome; everything else may be delivered now. What the
    former run could not do is over."""
    values = {"request": request_id, "brought": list(brought)}
    with engine.begin() as connection:
        connection.execute(BROUGHT, values | {"watch": WATCH_SECONDS})
        connection.execute(DUE, values)
        connection.execute(OVER, {"workflow": workflow_id})
