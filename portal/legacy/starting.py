"""Starting the workflows of requests that are in the record, so many at a time, beside the rest."""

import asyncio
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from portal.config import Settings
from portal.domain import codec
from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.state import Approval
from portal.domain.request.values import Status
from portal.temporal import client as clients
from portal.temporal import requests, search_attributes
from portal.temporal.waiting import NotYet
from portal.workflows import names
from portal.workflows.messages import StartApproval

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
class Started:
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

    def start(self, wanted: Iterable[ToStart]) -> "Future[list[Started]]":
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

    async def _start_all(self, wanted: list[ToStart]) -> list[Started]:
        waiting, done = iter(wanted), list[Started]()

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

    async def _start(self, each: ToStart) -> Started:
        assert self._client is not None
        state = each.state
        message = await requests.start_request(
            self._client,
            self._settings.temporal_task_queue,
            WorkflowKind.APPROVAL,
            StartApproval(state.request_id, state=codec.encode(state), shows_end=False),
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
            return Started(each.instance_id, None, f"Temporal refuses it: {error}", on_hold)
        return Started(each.instance_id, run_ref)

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
