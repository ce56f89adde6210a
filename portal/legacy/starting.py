"""Starting the workflows of requests that are in the record, so many at a time, beside the rest."""

import asyncio
import json
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import Engine
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from portal.config import Settings
from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.state import Approval, Status
from portal.legacy.outcome import InstanceResult, start_of
from portal.legacy.writing import MovingItem, workflow_ref
from portal.models.states import kept_state
from portal.temporal import client as clients
from portal.temporal import gateway, search_attributes
from portal.temporal.client import NotYet
from portal.workflows import names

LIMIT = timedelta(seconds=15)
AWAY = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)


class TemporalAway(Exception):
    """The server does not answer; the message is a sentence."""


@dataclass(frozen=True)
class ToStart:
    """A request whose workflow has to run. `ref`: the workflow's id; `again`: it ran before."""

    instance_id: str
    ref: str
    state: Approval
    again: bool = False


@dataclass(frozen=True)
class StartedInstance:
    """What became of a start: the run's id, or why there is none. `on_hold`: as it arrived."""

    instance_id: str
    run_ref: str | None
    error: str = ""
    on_hold: bool = False


class Starter:
    """A thread with an event loop and a client; at most `in_flight` starts at the same time."""

    def __init__(self, settings: Settings, in_flight: int) -> None:
        self._settings = settings
        self._in_flight = in_flight
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._client: Client | None = None

    def require_server(self, *, register: bool) -> None:
        """Return if the server serves our namespace; with `register` it learns our attributes.

        Raises TemporalAway.
        """
        asyncio.run_coroutine_threadsafe(self._require(register), self._loop).result()

    def start(self, wanted: Iterable[ToStart]) -> "Future[list[StartedInstance]]":
        """Start these; safe to repeat. The future raises TemporalAway if the server is gone."""
        return asyncio.run_coroutine_threadsafe(self._start_all(list(wanted)), self._loop)

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _require(self, register: bool) -> None:
        self._client = await clients.connect(self._settings, patient=True)
        address = self._settings.temporal_address
        try:
            async with asyncio.timeout(10):
                await clients.require_namespace(self._client)
            if register:
                await search_attributes.register(self._client)
        except (NotYet, TimeoutError, RPCError, RuntimeError) as error:
            raise TemporalAway(f"Temporal at {address} cannot be used: {error}.") from error

    async def _start_all(self, wanted: list[ToStart]) -> list[StartedInstance]:
        waiting, done = iter(wanted), list[StartedInstance]()

        async def work() -> None:
            for each in waiting:
                done.append(await self._start(each))

        lanes = [asyncio.ensure_future(work()) for _ in range(self._in_flight)]
        try:
            await asyncio.gather(*lanes)
        except BaseException:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)
            raise
        return done

    async def _start(self, each: ToStart) -> StartedInstance:
        assert self._client is not None
        state = each.state
        message = await gateway.start_request(
            self._client,
            self._settings.temporal_task_queue,
            WorkflowKind.APPROVAL,
            start_of(state),
            request_id=f"state-{state.request_id}-{state.seq}",
            summary=names.summary(state.number, state.type_code),
            attributes=names.attributes_of(state),
            again=each.again,
            workflow_id=each.ref,
        )
        try:
            run_ref = await self._run(message, each.ref)
        except RPCError as error:
            if error.status in AWAY:
                raise TemporalAway(f"Temporal does not answer any more: {error}.") from error
            on_hold = state.status is Status.ON_HOLD
            return StartedInstance(each.instance_id, None, f"Temporal refuses it: {error}", on_hold)
        return StartedInstance(each.instance_id, run_ref)

    async def _run(self, message: StartWorkflowExecutionRequest, ref: str) -> str:
        """The id of the run that was started, or that an earlier start had begun."""
        assert self._client is not None
        service = self._client.workflow_service
        try:
            answer = await service.start_workflow_execution(message, retry=True, timeout=LIMIT)
        except RPCError as error:
            if error.status is RPCStatusCode.ALREADY_EXISTS:
                return await self._run_of(ref)
            raise
        return answer.run_id

    async def _run_of(self, ref: str) -> str:
        assert self._client is not None
        question = DescribeWorkflowExecutionRequest(
            namespace=self._client.namespace, execution=WorkflowExecution(workflow_id=ref)
        )
        answer = await self._client.workflow_service.describe_workflow_execution(
            question, retry=True, timeout=LIMIT
        )
        return answer.workflow_execution_info.execution.run_id


Driver = psycopg.Connection[Any]
WAITING_CHUNKS = 2

NOT_STARTED = """
SELECT instance_id, workflow_ref, new_request_id::text FROM portal.legacy_moves
WHERE started_at IS NULL AND workflow_ref IS NOT NULL AND rolled_back_at IS NULL
    AND result IN ('moved', 'on_hold') AND instance_id > %s ORDER BY instance_id LIMIT 500
"""
STARTED = """
WITH new AS (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS s(instance_id text, run_ref text)),
    moved AS (
        UPDATE portal.legacy_moves m SET started_at = now(), run_ref = new.run_ref
        FROM new WHERE m.instance_id = new.instance_id
        RETURNING m.new_request_id::text AS id, new.run_ref
    )
UPDATE portal.workflow_history h SET temporal_run_id = moved.run_ref
FROM moved WHERE h.id = moved.id AND coalesce(h.temporal_run_id, '') = ''
"""


class Starts:
    """The starts under way, a chunk or two behind the writing."""

    def __init__(self, driver: Driver, engine: Engine, starter: Starter) -> None:
        self._driver = driver
        self._engine = engine
        self._starter = starter
        self._pending: list[Future[list[StartedInstance]]] = []

    def left_over(self) -> list[StartedInstance]:
        """Start what an earlier run recorded and did not start any more; returns the failures."""
        last, failures = "", list[StartedInstance]()
        while True:
            rows = self._driver.execute(NOT_STARTED, [last]).fetchall()
            if not rows:
                return failures
            with self._engine.connect() as connection:
                wanted = [ToStart(row[0], row[1], kept_state(connection, row[2])) for row in rows]
            self._pending.append(self._starter.start(wanted))
            failures += self.collect(everything=True)
            last = rows[-1][0]

    def begin(self, items: list[MovingItem]) -> None:
        """Start the workflows of a chunk that is written."""
        wanted = [
            ToStart(item.instance.id, workflow_ref(item.instance), item.mapped.state, item.again)
            for item in items
            if item.mapped.result in (InstanceResult.MOVED, InstanceResult.ON_HOLD)
            and item.mapped.state
        ]
        if wanted:
            self._pending.append(self._starter.start(wanted))

    def collect(self, *, everything: bool = False) -> list[StartedInstance]:
        """Note what was started; returns those that could not be. Raises TemporalAway."""
        failures: list[StartedInstance] = []
        while self._pending and (everything or len(self._pending) >= WAITING_CHUNKS):
            done = self._pending.pop(0).result()
            failures += [each for each in done if each.run_ref is None]
            started = [
                {"instance_id": each.instance_id, "run_ref": each.run_ref}
                for each in done
                if each.run_ref is not None
            ]
            self._driver.execute(STARTED, [json.dumps(started)])
        return failures
