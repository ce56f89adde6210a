"""The messages to the server, built by hand: only so do they carry a request id of our own.

With the command's id as request id, the server takes a repeated start or signal once, and answers
a repeat with success even after the workflow has closed.
"""

from datetime import datetime
from typing import Any

import temporalio.converter
from temporalio.api.common.v1 import Payloads, WorkflowExecution, WorkflowType
from temporalio.api.enums.v1 import WorkflowIdConflictPolicy, WorkflowIdReusePolicy
from temporalio.api.sdk.v1 import UserMetadata
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    SignalWorkflowExecutionRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.values import Priority, Status
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
    client: Client, workflow_id: str, message: CommandMessage
) -> SignalWorkflowExecutionRequest:
    """The signal that brings a command to its request's workflow."""
    return SignalWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow_id),
        signal_name=names.COMMAND_SIGNAL,
        input=Payloads(payloads=await client.data_converter.encode([message])),
        identity=client.identity,
        request_id=message.command_id,
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
