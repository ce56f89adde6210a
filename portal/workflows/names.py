"""Names that both sides of the server agree on: workflow ids and types, attributes, the signal."""

from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.state import Approval

COMMAND_SIGNAL = "command"

STATUS = SearchAttributeKey.for_keyword("ApprovalStatus")
STAGE = SearchAttributeKey.for_keyword("ApprovalStage")
REQUEST_TYPE = SearchAttributeKey.for_keyword("RequestType")
PRIORITY = SearchAttributeKey.for_keyword("Priority")
OPENED_AT = SearchAttributeKey.for_datetime("OpenedAt")
# The number of the newest event that the workflow knows to be in the record.
PLACE = SearchAttributeKey.for_keyword("RecordSeq")
KEYS: tuple[SearchAttributeKey[Any], ...] = (
    STATUS, STAGE, REQUEST_TYPE, PRIORITY, OPENED_AT, PLACE,
)  # fmt: skip

_PREFIXES = {WorkflowKind.APPROVAL: "approval", WorkflowKind.SIMPLE: "simple-approval"}
_TYPES = {
    WorkflowKind.APPROVAL: "ApprovalWorkflow",
    WorkflowKind.SIMPLE: "SimpleApprovalWorkflow",
}


def workflow_id(kind: WorkflowKind, request_id: str) -> str:
    """The id of a request's workflow: one for its whole life."""
    return f"{_PREFIXES[kind]}-{request_id}"


def address(workflow: str, request_id: str) -> tuple[WorkflowKind, str]:
    """The kind and the id of a request's workflow, from `portal.requests.workflow`.

    That is the kind, and for a request of the old engine whose id is no UUID, after a colon, the
    old id: its workflow is known by it. Raises ValueError for a kind that is not ours.
    """
    name, _, old_id = workflow.partition(":")
    kind = WorkflowKind(name)
    return kind, workflow_id(kind, old_id or request_id)


def workflow_type(kind: WorkflowKind) -> str:
    """The name under which the workflow's class is known to the server."""
    return _TYPES[kind]


def request_of(workflow_id: str) -> tuple[WorkflowKind, str] | None:
    """The kind and the (old) id of the request that a workflow's id names; None for another's."""
    for kind, prefix in _PREFIXES.items():
        if workflow_id.startswith(f"{prefix}-"):
            return kind, workflow_id.removeprefix(f"{prefix}-")
    return None


def sending_id(batch_id: str) -> str:
    """The id of the workflow that sends a batch."""
    return f"sending-{batch_id}"


def digest_schedule(task_queue: str) -> str:
    """The id of the schedule that sends digests; its runs add their time."""
    return f"{task_queue}-digests"


def monthly_schedule(task_queue: str) -> str:
    """The id of the schedule that mails the figures of each month; its runs add their time."""
    return f"{task_queue}-monthly"


def check_schedule(task_queue: str) -> str:
    """The id of the schedule that compares the record with the server; its runs add their time."""
    return f"{task_queue}-check"


def check_queue(task_queue: str) -> str:
    """The task queue of that comparison: it takes its time, and delays nothing else."""
    return f"{task_queue}-check"


def cleaning_schedule(task_queue: str) -> str:
    """The id of the schedule that deletes what is kept no longer."""
    return f"{task_queue}-cleaning"


def seal_schedule(task_queue: str) -> str:
    """The id of the schedule that seals the record."""
    return f"{task_queue}-seal"


def verify_schedule(task_queue: str) -> str:
    """The id of the schedule that verifies the record."""
    return f"{task_queue}-verify"


def sealing_queue(task_queue: str) -> str:
    """The task queue of the sealer, which may be a process of its own with its own key."""
    return f"{task_queue}-sealing"


def sending_queue(task_queue: str) -> str:
    """The task queue of whatever calls people: apart, so that it delays nothing else."""
    return f"{task_queue}-notifications"


def chat_queue(task_queue: str) -> str:
    """The task queue of whatever calls chat services: they delay no mail."""
    return f"{sending_queue(task_queue)}-chat"


def webhook_queue(task_queue: str) -> str:
    """The task queue of whatever calls other programs."""
    return f"{task_queue}-webhooks"


def webhook_id(batch_id: str) -> str:
    """The id of the workflow that delivers a batch of webhooks."""
    return f"webhooks-{batch_id}"


def summary(number: str, type_code: str) -> str:
    """The line that Temporal's own pages show for a workflow: nothing about people or money."""
    return f"{number} ({type_code})" if number else "Approval request"


def details(state: Approval) -> str:
    """Where a request stands, for Temporal's own pages (Markdown)."""
    lines = [f"**{state.number}** is {state.status.value}, round {state.round}."]
    if state.stage is not None:
        asked = len(state.open_tasks)
        lines.append(f"Stage `{state.stage.plan.key}`, tasks open: {asked}.")
    if state.attention is not None:
        lines.append("Needs attention: nobody could be asked.")
    return "\n\n".join(lines)


def timer_summary(state: Approval) -> str:
    """What the workflow's timer waits for."""
    if state.stage is None:
        return "Ask routing again"
    if state.stage.settles_at is not None:
        return f"End of the undo window, stage {state.stage.plan.key}"
    return f"Reminder, escalation or deadline, stage {state.stage.plan.key}"


def attributes_of(state: Approval) -> TypedSearchAttributes:
    """The search attributes of a request as it stands; plain text on the server, so codes only."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(STATUS, state.status.value),
        SearchAttributePair(REQUEST_TYPE, state.type_code),
        SearchAttributePair(PRIORITY, state.priority.value),
        SearchAttributePair(PLACE, str(state.seq)),
    ]
    if state.stage is not None:
        pairs.append(SearchAttributePair(STAGE, state.stage.plan.key))
    if state.submitted_at is not None:
        pairs.append(SearchAttributePair(OPENED_AT, state.submitted_at))
    return TypedSearchAttributes(pairs)


def changes(
    wanted: TypedSearchAttributes, present: TypedSearchAttributes
) -> list[SearchAttributeUpdate[Any]]:
    """The updates that bring `present` up to `wanted`; what is not wanted stays as it is."""
    return [
        pair.key.value_set(pair.value)
        for pair in wanted.search_attributes
        if present.get(pair.key) != pair.value
    ]
