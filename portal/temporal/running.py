"""What runs on the server: listed by its visibility, looked at one by one, and ended.

Visibility may lag behind, or stay wrong; what `look` says is so. Everything is paced: a server
allows about ten questions to its visibility a second, and others ask it, too.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, WorkflowExecutionStatus, WorkflowTaskFailedCause
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryReverseRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from portal.workflows import names

PAGE = 1000
LISTS_A_SECOND = 4.0
LOOKS_A_SECOND = 100.0
LIMIT = timedelta(seconds=10)
PROBLEMS = "TemporalReportedProblems"
LAST_EVENTS = 20
RUNNING = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING


@dataclass(frozen=True, slots=True)
class Running:
    """A workflow that runs. `place`: up to which event it has recorded, where it says so.
    `problems`: what the server itself reports, such as tasks that fail again and again."""

    workflow_id: str
    run_id: str
    queue: str
    place: int | None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trying:
    """An activity that was tried often: of which workflow, what it is, and why it failed last."""

    workflow_id: str
    activity: str
    attempts: int
    failure: str

    def __str__(self) -> str:
        """In words."""
        last = f"; the last time: {self.failure}" if self.failure else ""
        return f"{self.activity} was tried {self.attempts} times{last}"


@dataclass
class Pace:
    """So many turns a second, whoever takes them."""

    per_second: float
    _next: float = field(default=0.0)

    async def turn(self) -> None:
        """Wait for the next one."""
        now = time.monotonic()
        at = max(now, self._next)
        self._next = at + 1 / self.per_second
        await asyncio.sleep(at - now)


async def pages(client: Client, query: str, pace: Pace) -> AsyncIterator[list[Running]]:
    """What visibility says of this query, page by page. Raises RPCError."""
    token = b""
    while True:
        await pace.turn()
        request = ListWorkflowExecutionsRequest(
            namespace=client.namespace, page_size=PAGE, query=query, next_page_token=token
        )
        answer = await client.workflow_service.list_workflow_executions(
            request, retry=True, timeout=LIMIT
        )
        yield [_running(info) for info in answer.executions]
        token = answer.next_page_token
        if not token:
            return


def on_queues(*queues: str) -> str:
    """The query for what runs on these task queues."""
    listed = ", ".join('"' + queue.replace('"', '\\"') + '"' for queue in queues)
    return f'ExecutionStatus = "Running" AND TaskQueue IN ({listed})'


async def look(client: Client, workflow_id: str) -> Running | None:
    """The workflow of that id as the server has it now; None where none runs. Raises RPCError."""
    answer = await _describe(client, workflow_id)
    if answer is None or answer.workflow_execution_info.status != RUNNING:
        return None
    return _running(answer.workflow_execution_info)


async def tried_often(client: Client, workflow_id: str, least: int) -> list[Trying]:
    """The activities of a workflow that were tried so often. Raises RPCError."""
    answer = await _describe(client, workflow_id)
    return [
        Trying(workflow_id, each.activity_type.name, each.attempt, each.last_failure.message[:300])
        for each in ([] if answer is None else answer.pending_activities)
        if each.attempt >= least
    ]


async def why_failing(client: Client, found: Running) -> str:
    """What the last failed task of a workflow said; "" where its history does not tell."""
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=found.workflow_id, run_id=found.run_id),
        maximum_page_size=LAST_EVENTS,
    )
    answer = await client.workflow_service.get_workflow_execution_history_reverse(
        request, retry=True, timeout=LIMIT
    )
    for event in answer.history.events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            failed = event.workflow_task_failed_event_attributes
            cause = WorkflowTaskFailedCause.Name(failed.cause)
            words = cause.removeprefix("WORKFLOW_TASK_FAILED_CAUSE_").replace("_", " ").lower()
            await client.data_converter.decode_failure(failed.failure)  # in place, where sealed
            return f"{words}: {failed.failure.message[:300]}" if failed.failure.message else words
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
            return "no worker finished its task in time"
    return ""


async def end(client: Client, found: Running, reason: str) -> None:
    """End this run, with a reason; one that has ended is well. Raises RPCError."""
    handle = client.get_workflow_handle(found.workflow_id, run_id=found.run_id)
    try:
        await handle.terminate(reason=reason, rpc_timeout=LIMIT)
    except RPCError as error:
        if error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION):
            raise


async def _describe(client: Client, workflow_id: str) -> DescribeWorkflowExecutionResponse | None:
    question = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    try:
        return await client.workflow_service.describe_workflow_execution(
            question, retry=True, timeout=LIMIT
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None


def _running(info: WorkflowExecutionInfo) -> Running:
    """As the server tells it; the values of attributes are JSON, and read as such."""
    fields = info.search_attributes.indexed_fields
    place = _json(fields[names.PLACE.name].data) if names.PLACE.name in fields else None
    problems = _json(fields[PROBLEMS].data) if PROBLEMS in fields else None
    return Running(
        workflow_id=info.execution.workflow_id,
        run_id=info.execution.run_id,
        queue=info.task_queue,
        place=int(place) if isinstance(place, str) and place.isdigit() else None,
        problems=tuple(problems) if isinstance(problems, list) else (),
    )


def _json(data: bytes) -> Any:
    return json.loads(data) if data else None
