"""Starting workflows from a recorded state: for recovery, the demonstration, and the cutover."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from portal.config import Settings
from portal.domain import codec
from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.state import Approval
from portal.temporal import client as clients
from portal.temporal import gateway
from portal.workflows import names
from portal.workflows.messages import CommandMessage, StartApproval

# An unbounded burst of starts starves the worker.
IN_FLIGHT = 8
LIMIT = timedelta(seconds=10)


class Start(StrEnum):
    """What became of a start. THERE: the id was used before, so nothing was started."""

    STARTED = "started"
    THERE = "there"


@dataclass(frozen=True, kw_only=True)
class StateToStart:
    """A request's state, and which workflow runs it: see `names.address`. `pending`: commands that
    it takes along, in order."""

    state: Approval
    workflow: str = WorkflowKind.APPROVAL.value
    pending: tuple[CommandMessage, ...] = ()


async def start_from_state(
    client: Client, queue: str, wanted: StateToStart, *, again: bool = False
) -> Start:
    """Start a request's workflow where its state is. Safe to repeat. Raises RPCError.

    `again` also starts where a workflow of that id has ended: only for a request that is open.
    The server answers a request id that it knows with the run it began, even an ended one; so
    the id of a start again names the run that it follows.
    """
    state = wanted.state
    kind, workflow_id = names.address(wanted.workflow, state.request_id)
    request_id = f"state-{state.request_id}-{state.seq}"
    if again:
        request_id += f"-after-{await _last_run(client, workflow_id)}"
    request = await gateway.start_request(
        client,
        queue,
        kind,
        StartApproval(
            state.request_id,
            state=codec.encode(state),
            pending=list(wanted.pending),
            is_lean=True,
            tells_place=True,
        ),
        request_id=request_id,
        summary=names.summary(state.number, state.type_code),
        attributes=names.attributes_of(state),
        again=again,
        workflow_id=workflow_id,
    )
    try:
        await client.workflow_service.start_workflow_execution(request, retry=True, timeout=LIMIT)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
        return Start.THERE
    return Start.STARTED


async def _last_run(client: Client, workflow_id: str) -> str:
    """The id of the workflow's newest run; empty where the server knows none."""
    question = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    try:
        answer = await client.workflow_service.describe_workflow_execution(
            question, retry=True, timeout=LIMIT
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return ""
    return answer.workflow_execution_info.execution.run_id


async def start_many(
    client: Client, queue: str, wanted: Iterable[StateToStart], *, in_flight: int = IN_FLIGHT
) -> Counter[Start]:
    """Start many, `in_flight` at a time; the first failure ends it with its RPCError."""
    counts: Counter[Start] = Counter()
    waiting = iter(wanted)

    async def work() -> None:
        for each in waiting:
            counts[await start_from_state(client, queue, each)] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(work())
    return counts


def start_all(settings: Settings, wanted: Iterable[StateToStart]) -> Counter[Start]:
    """`start_many` for code that has no event loop."""

    async def work() -> Counter[Start]:
        client = await clients.connect(settings, patient=True)
        return await start_many(client, settings.temporal_task_queue, wanted)

    return asyncio.run(work())
