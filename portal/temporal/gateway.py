"""Starting and signalling a request's workflow, and the synchronous door to it for web processes.

One daemon thread with one event loop and one client for each process, made on first use: a client
does not survive a fork. Every call has a limit, because a connect to a silent server hangs, and
after two failures in a row the door stays shut for a moment, so that pages stay quick while
Temporal is away; the relay delivers what was recorded meanwhile.
"""

import asyncio
import os
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

import temporalio.converter
from temporalio.api.common.v1 import Payloads, WorkflowExecution, WorkflowType
from temporalio.api.enums.v1 import WorkflowIdConflictPolicy, WorkflowIdReusePolicy
from temporalio.api.sdk.v1 import UserMetadata
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    SignalWorkflowExecutionRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.client import Client, ScheduleOverlapPolicy
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from portal.config import Settings
from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.commands import Submit
from portal.domain.request.state import Priority, Status
from portal.temporal import client as clients
from portal.temporal.client import NotYet
from portal.workflows import names
from portal.workflows.messages import CommandMessage, StartApproval


async def start_request(
    client: Client,
    queue: str,
    kind: WorkflowKind,
    start: StartApproval,
    *,
    request_id: str,
    summary: str,
    attributes: TypedSearchAttributes,
    again: bool = False,
    workflow_id: str = "",
) -> StartWorkflowExecutionRequest:
    """The start of a request's workflow.

    An id is used once, unless `again`: a workflow that was lost or ended from outside while its
    request is open. `workflow_id`: where it is not made of the request's id (`names.address`).
    """
    reuse = WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
    if again:
        reuse = WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
    encode = client.data_converter.encode
    message = StartWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_id=workflow_id or names.workflow_id(kind, start.request_id),
        workflow_type=WorkflowType(name=names.workflow_type(kind)),
        task_queue=TaskQueue(name=queue),
        input=Payloads(payloads=await encode([start])),
        identity=client.identity,
        request_id=request_id,
        workflow_id_reuse_policy=reuse,
        workflow_id_conflict_policy=WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
        user_metadata=UserMetadata(summary=(await encode([summary]))[0]),
    )
    temporalio.converter.encode_search_attributes(attributes, message.search_attributes)
    return message


async def signal_request(
    client: Client, workflow_id: str, message: CommandMessage, signal_id: str
) -> SignalWorkflowExecutionRequest:
    """The signal that brings a command to its request's workflow; see `CommandDelivery`."""
    return SignalWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow_id),
        signal_name=names.COMMAND_SIGNAL,
        input=Payloads(payloads=await client.data_converter.encode([message])),
        identity=client.identity,
        request_id=signal_id,
    )


def attributes_of_submit(payload: dict[str, Any]) -> TypedSearchAttributes:
    """The search attributes of a request that begins with this Submit (its JSON form)."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(names.STATUS, Status.PENDING.value),
        SearchAttributePair(names.REQUEST_TYPE, str(payload["type_code"])),
        SearchAttributePair(names.PRIORITY, str(payload.get("priority", Priority.MEDIUM))),
        SearchAttributePair(names.OPENED_AT, datetime.fromisoformat(payload["at"])),
    ]
    if payload.get("first_stage"):
        pairs.append(SearchAttributePair(names.STAGE, str(payload["first_stage"])))
    return TypedSearchAttributes(pairs)


SUBMIT = Submit.__name__
_FOR_GOOD = (
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.OUT_OF_RANGE,
    RPCStatusCode.UNIMPLEMENTED,
)


class Delivery(StrEnum):
    """What became of a delivery.

    CLOSED: no workflow of that id is running. UNKNOWN: no answer in time, or none that says; the
    command may have arrived, and delivering it again is safe. REFUSED: the server or we ourselves
    can make nothing of it, and trying again will not help.
    """

    DELIVERED = "delivered"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class CommandDelivery:
    """A command as it stands in `portal.commands`. `workflow`: see `names.address`.

    `repeat`: not 0 where it was delivered and nothing came of it. A server that was put back to an
    older state answers OK to what it was told before, and does nothing; so the signal gets another
    name. The workflow knows the commands that it handled.
    """

    command_id: str
    request_id: str
    number: str
    kind: str
    payload: dict[str, Any]
    workflow: str = WorkflowKind.APPROVAL.value
    repeat: int = 0

    @property
    def signal_id(self) -> str:
        """The server's name for this delivery: what it was told under one name, it ignores then."""
        return f"{self.command_id}-{self.repeat}" if self.repeat else self.command_id


@dataclass(frozen=True)
class DeliveryResult:
    """What became of a delivery, and the error behind it if there was one."""

    delivery: Delivery
    error: str = ""


async def deliver(
    client: Client, queue: str, command: CommandDelivery, limit: float
) -> DeliveryResult:
    """Start the workflow (Submit) or signal it, within `limit` seconds. Never raises for a failure.

    A Submit whose workflow exists, running or closed, counts as delivered.
    """
    try:
        async with asyncio.timeout(limit):
            if command.kind == SUBMIT:
                await _start(client, queue, command, limit)
            else:
                await _signal(client, command, limit)
    except RPCError as error:
        return _answer(command, error)
    except TimeoutError:
        return DeliveryResult(Delivery.UNKNOWN, f"no answer within {limit:g} s")
    except RuntimeError as error:  # what a failed connect raises
        return DeliveryResult(Delivery.UNKNOWN, _short(error))
    except (KeyError, TypeError, ValueError) as error:  # a payload that makes no message
        return DeliveryResult(Delivery.REFUSED, f"{type(error).__name__}: {_short(error)}")
    return DeliveryResult(Delivery.DELIVERED)


async def _start(client: Client, queue: str, command: CommandDelivery, limit: float) -> None:
    request = await start_request(
        client,
        queue,
        WorkflowKind(command.workflow),
        StartApproval(
            command.request_id, command=_message(command), is_lean=True, tells_place=True
        ),
        request_id=command.signal_id,
        summary=names.summary(command.number, str(command.payload["type_code"])),
        attributes=attributes_of_submit(command.payload),
        # Nothing is recorded of it: a workflow that has ended without that was ended from outside.
        again=command.repeat > 0,
    )
    await client.workflow_service.start_workflow_execution(
        request, retry=True, timeout=timedelta(seconds=limit)
    )


async def _signal(client: Client, command: CommandDelivery, limit: float) -> None:
    _, workflow_id = names.address(command.workflow, command.request_id)
    request = await signal_request(client, workflow_id, _message(command), command.signal_id)
    await client.workflow_service.signal_workflow_execution(
        request, retry=True, timeout=timedelta(seconds=limit)
    )


def _message(command: CommandDelivery) -> CommandMessage:
    return CommandMessage(command_id=command.command_id, kind=command.kind, payload=command.payload)


def _answer(command: CommandDelivery, error: RPCError) -> DeliveryResult:
    if command.kind == SUBMIT and error.status is RPCStatusCode.ALREADY_EXISTS:
        return DeliveryResult(Delivery.DELIVERED)
    if command.kind != SUBMIT and error.status is RPCStatusCode.NOT_FOUND:
        return DeliveryResult(Delivery.CLOSED)
    delivery = Delivery.REFUSED if error.status in _FOR_GOOD else Delivery.UNKNOWN
    return DeliveryResult(delivery, f"{error.status.name}: {_short(error)}")


def _short(error: Exception) -> str:
    return str(error)[:300]


__all__ = ["CommandDelivery", "Delivery", "Gateway", "bind", "current"]

T = TypeVar("T")

LIMIT_SECONDS = 0.8
SHUT_SECONDS = 1.5
FAILURES_TO_SHUT = 2
_SLACK_SECONDS = 0.5


class Scheduled(StrEnum):
    """What runs by a schedule, and may be asked for at once."""

    COMPARISON = "comparison"
    SEALING = "sealing"
    VERIFICATION = "verification"
    CLEANING = "cleaning"


SCHEDULES = {
    Scheduled.COMPARISON: names.check_schedule,
    Scheduled.SEALING: names.seal_schedule,
    Scheduled.VERIFICATION: names.verify_schedule,
    Scheduled.CLEANING: names.cleaning_schedule,
}


async def _trigger(client: Client, schedule: str) -> bool:
    try:
        handle = client.get_schedule_handle(schedule)
        limit = timedelta(seconds=LIMIT_SECONDS)
        await handle.trigger(overlap=ScheduleOverlapPolicy.SKIP, rpc_timeout=limit)
    except (RPCError, TimeoutError, RuntimeError):  # the last: a connect that failed
        return False
    return True


class Gateway:
    """Delivers commands from threads that know nothing of event loops."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._line: _LoopThread | None = None
        self._failures = 0
        self._shut_until = 0.0

    @property
    def is_shut(self) -> bool:
        """Temporal failed just now; a delivery would be answered UNKNOWN without being tried."""
        return time.monotonic() < self._shut_until

    def deliver(self, command: CommandDelivery) -> Delivery:
        """Bring a command to Temporal, within about a second. Never raises for a failure."""
        if self.is_shut:
            return Delivery.UNKNOWN
        line = self._connected()
        queue = self.settings.temporal_task_queue
        answer = line.call(deliver(line.client, queue, command, LIMIT_SECONDS))
        if answer is None:
            answer = DeliveryResult(Delivery.UNKNOWN)
        self._note(answer.delivery is not Delivery.UNKNOWN)
        return answer.delivery

    def answers(self) -> bool:
        """Whether the server serves our namespace now; within about a second."""
        line = self._connected()
        return bool(line.call(_answers(line.client)))

    def trigger(self, what: Scheduled) -> bool:
        """Have it run now, unless it runs; whether the server took that, within a second."""
        line = self._connected()
        schedule = SCHEDULES[what](self.settings.temporal_task_queue)
        return bool(line.call(_trigger(line.client, schedule)))

    def close(self) -> None:
        """End the thread, if this process has one. A later call makes another."""
        with self._lock:
            if self._line is not None and self._line.pid == os.getpid():
                self._line.stop()
            self._line = None

    def _connected(self) -> "_LoopThread":
        with self._lock:
            if self._line is None or self._line.pid != os.getpid():
                self._line = _LoopThread(self.settings)
            return self._line

    def _note(self, success: bool) -> None:
        self._failures = 0 if success else self._failures + 1
        if self._failures >= FAILURES_TO_SHUT:
            self._shut_until = time.monotonic() + SHUT_SECONDS


class _LoopThread:
    """A thread with an event loop and a client, in one process."""

    def __init__(self, settings: Settings) -> None:
        self.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="temporal-gateway", daemon=True)
        self._thread.start()
        # Connects with the first call, so this cannot hang.
        self.client: Client = asyncio.run_coroutine_threadsafe(
            clients.connect(settings), self._loop
        ).result()

    def call(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Run on the loop and wait; None if even the work's own limit did not end it."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(LIMIT_SECONDS + _SLACK_SECONDS)
        except TimeoutError:
            future.cancel()
            return None

    def stop(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()


async def _answers(client: Client) -> bool:
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            await clients.require_namespace(client)
    except (NotYet, TimeoutError):
        return False
    return True


_gateway: Gateway | None = None


def bind(settings: Settings) -> Gateway:
    """Make the process's gateway (`create_app` calls this); nothing is connected yet."""
    global _gateway  # noqa: PLW0603 - one door for each process
    if _gateway is not None:
        _gateway.close()
    _gateway = Gateway(settings)
    return _gateway


def current() -> Gateway:
    """The process's gateway. Raises RuntimeError before `bind`."""
    if _gateway is None:
        raise RuntimeError("portal.temporal.gateway.bind was not called")
    return _gateway
