"""What programs do with a request that is there: comment, withdraw, cancel, decide; and what became
of a command."""

from datetime import datetime
from typing import Any, Literal, cast

from pydantic import Field

from portal.api.approvals import asker, found, found_by_id
from portal.api.endpoints import Answer, Input, Output, endpoint
from portal.api.pages import cursor_of, invalid_cursor, text_of
from portal.api.people import actor_of
from portal.domain.people.tokens import Scope
from portal.domain.policy.policy import Decision
from portal.domain.request.files import KeptFile
from portal.domain.request.state import Via
from portal.forms.fields import uuid_of
from portal.presentation.problems import PREFIX, InputError, ProblemRaised
from portal.queries import approvals, attachments, inbox
from portal.queries import request as requests
from portal.queries.approvals import StatusRecord
from portal.queries.inbox import InboxCursor, InboxMoments, InboxTask, InboxView
from portal.queries.request import Reader
from portal.security import callers
from portal.security.sessions import click, current_settings
from portal.services import api_calls
from portal.services import requests as service
from portal.services.api_calls import Call, CallDiffers
from portal.services.commands import Outcome, Receipt
from portal.services.errors import Refused
from portal.services.tasks import LONGEST_COMMENT, Vote, decide
from portal.translation import _

WHO = "In whose name: needed with a service's token, and left out with a person's own."
Words = Field(min_length=1, max_length=LONGEST_COMMENT)


class CommandAnswer(Output):
    """What became of a command: applied, or recorded and waiting for Temporal."""

    id: str
    outcome: Literal["applied", "waiting"]
    number: str


class CommandState(Output):
    """A command: `outcome` is waiting, applied, or refused for `reason`."""

    id: str
    kind: str
    workflow_id: str
    number: str
    outcome: Outcome
    reason: str | None
    created_at: datetime
    applied_at: datetime | None


class NewComment(Input):
    """Something to say to everybody who may see the request."""

    comment: str = Words
    user_id: str | None = Field(None, min_length=1, max_length=300, description=WHO)


class Withdrawal(Input):
    """Take a request back, as its requester."""

    comment: str = Field("", max_length=LONGEST_COMMENT)
    user_id: str | None = Field(None, min_length=1, max_length=300, description=WHO)


class Cancellation(Input):
    """End a request with a reason, as an administrator."""

    reason: str = Words
    user_id: str | None = Field(None, min_length=1, max_length=300, description=WHO)


class TaskDecision(Input):
    """A decision, about the content of that version."""

    decision: Literal["approve", "reject", "send_back"]
    comment: str = Field("", max_length=LONGEST_COMMENT)
    content_version: int = Field(ge=1, le=1_000_000_000)


class TaskItem(Output):
    """An open task of the token's owner."""

    id: str
    number: str
    title: str
    request_type: str
    requester: str
    stage: str
    priority: str
    opened_at: datetime
    due_at: datetime | None
    acting_for: str | None
    url: str


class TaskPage(Output):
    """A page of tasks; `next` begins the next one."""

    items: list[TaskItem]
    next: str | None


class TasksQuery(Input):
    """How many, and where to go on."""

    limit: int = Field(50, ge=1, le=100)
    cursor: str | None = Field(None, max_length=500)


@endpoint(
    "POST", "/approvals/{workflowId}/comments", Scope.APPROVALS_WRITE, body=NewComment, keyed=True,
    answers={200: CommandAnswer, 202: CommandAnswer}, refuses=(403, 404, 409, 410, 422, 503),
    summary="Comment on a request",
)  # fmt: skip
def add_comment(workflow_id: str, command_id: str, body: NewComment) -> Answer:
    """Everybody who may see the request reads it. Files that were uploaded with the same key come
    along."""
    record, actor = speaker(workflow_id, body.user_id)
    _note_act(record, command_id, body, workflow_id)
    files = _enclosed(command_id, actor)
    receipt = service.comment(
        record.number, body.comment, command_id, actor, click(), files, via=Via.API
    )
    return _done(receipt)


@endpoint(
    "POST", "/approvals/{workflowId}/withdraw", Scope.APPROVALS_WRITE, body=Withdrawal, keyed=True,
    answers={200: CommandAnswer, 202: CommandAnswer}, refuses=(403, 404, 409, 410, 422, 503),
    summary="Withdraw a request",
)  # fmt: skip
def withdraw_approval(workflow_id: str, command_id: str, body: Withdrawal) -> Answer:
    """Only whoever asked for it may."""
    record, actor = _of(workflow_id, command_id, body)
    receipt = service.withdraw(record.number, command_id, body.comment, actor, click(), Via.API)
    return _done(receipt)


@endpoint(
    "POST", "/approvals/{workflowId}/cancel", Scope.APPROVALS_WRITE, body=Cancellation, keyed=True,
    answers={200: CommandAnswer, 202: CommandAnswer}, refuses=(403, 404, 409, 410, 422, 503),
    summary="Cancel a request",
)  # fmt: skip
def cancel_approval(workflow_id: str, command_id: str, body: Cancellation) -> Answer:
    """Only administrators may."""
    record, actor = _of(workflow_id, command_id, body)
    receipt = service.cancel(record.number, body.reason, command_id, actor, click(), Via.API)
    return _done(receipt)


def _of(
    workflow_id: str, command_id: str, body: NewComment | Withdrawal | Cancellation
) -> tuple[StatusRecord, str]:
    """The request, and who acts; the call is noted."""
    record, actor = _actor(workflow_id, body.user_id)
    _note_act(record, command_id, body, workflow_id)
    return record, actor


def speaker(
    workflow_id: str, user_id: str | None, pointer: str = "/userId"
) -> tuple[StatusRecord, str]:
    """The request, and who says something about it, who has to be allowed to see it."""
    record, actor = _actor(workflow_id, user_id, pointer)
    if callers.caller().identity is None and requests.find(record.number, Reader(actor)) is None:
        raise ProblemRaised("forbidden")
    return record, actor


def _actor(
    workflow_id: str, user_id: str | None, pointer: str = "/userId"
) -> tuple[StatusRecord, str]:
    record = found(workflow_id)
    actor, behalf = actor_of(user_id, callers.caller(), pointer)
    if behalf is not None:
        words = _("A person's token acts for its owner alone.")
        raise ProblemRaised("invalid", errors=(InputError(pointer, words),))
    return record, actor


def _note_act(
    record: StatusRecord,
    command_id: str,
    body: NewComment | Withdrawal | Cancellation,
    workflow_id: str,
) -> None:
    _note(record.id, command_id, {"workflowId": workflow_id, **body.model_dump(by_alias=True)})


def _enclosed(command_id: str, actor: str) -> tuple[KeptFile, ...]:
    """The files that were uploaded for a command that is given now."""
    return tuple(each.file for each in attachments.of_form(command_id, actor, held=True))


def _note(request_id: str, command_id: str, said: dict[str, Any]) -> None:
    """Raises ProblemRaised where the key stands for something else."""
    call = Call(
        token_id=callers.caller().token_id, command_id=command_id, request_id=request_id, said=said
    )
    try:
        api_calls.note(call)
    except CallDiffers:
        raise ProblemRaised("idempotency-key-used") from None


def _done(receipt: Receipt) -> Answer:
    if receipt.outcome == "refused" and receipt.reason is not None:
        raise Refused(receipt.reason)
    waits = receipt.outcome == "waiting"
    body = CommandAnswer(
        id=receipt.command_id, outcome="waiting" if waits else "applied", number=receipt.number
    )
    headers = {"Location": f"{PREFIX}/commands/{receipt.command_id}"} if waits else {}
    return Answer(body=body, status=202 if waits else 200, headers=headers)


@endpoint(
    "POST", "/tasks/{taskId}/decision", Scope.TASKS_DECIDE, body=TaskDecision, keyed=True,
    answers={200: CommandAnswer, 202: CommandAnswer}, refuses=(403, 404, 409, 422, 503),
    summary="Decide a task",
)  # fmt: skip
def decide_task(task_id: str, command_id: str, body: TaskDecision) -> Answer:
    """Approve, reject or send back what waits for the token's owner. Off unless the request type
    allows it. Files that were uploaded with the same key come along."""
    person, known = callers.caller().identity, uuid_of(task_id)
    reader = Reader(person.id) if person is not None else None
    record = requests.find_by_task(known, reader) if known and reader else None
    if known is None or person is None or record is None:
        raise ProblemRaised("not-found")
    if found_by_id(record.id) is None:
        raise ProblemRaised("module-not-covered")
    if not service.policy_of(record.policy_version_id).decide_by_token:
        raise ProblemRaised("deciding-by-token")
    _note(record.id, command_id, {"taskId": known, **body.model_dump(by_alias=True)})
    vote = Vote(
        command_id=command_id, task_id=known, decision=Decision(body.decision),
        content_version=body.content_version, comment=body.comment,
        files=_enclosed(command_id, person.id),
    )  # fmt: skip
    return _done(decide(vote, person.id, click(), Via.API))


@endpoint("GET", "/commands/{commandId}", None, answers={200: CommandState}, refuses=(404,),
          summary="What became of a command")  # fmt: skip
def show_command(command_id: str) -> Answer:
    """For the token that gave it, and for the person in whose name it was given."""
    known = uuid_of(command_id)
    record = approvals.command(known, asker()) if known else None
    if record is None:
        raise ProblemRaised("not-found")
    body = CommandState(
        id=record.id, kind=record.kind, number=record.number,
        workflow_id=approvals.workflow_id_of(record.workflow, record.request_id),
        outcome=cast(Outcome, record.outcome or "waiting"), reason=record.reason,
        created_at=record.created_at, applied_at=record.applied_at,
    )  # fmt: skip
    return Answer(body=body)


@endpoint("GET", "/tasks", Scope.TASKS_READ, query=TasksQuery, answers={200: TaskPage},
          summary="What waits for the token's owner")  # fmt: skip
def list_tasks(query: TasksQuery) -> Answer:
    """Open tasks, the most pressing first."""
    person = callers.caller().identity
    assert person is not None
    clock = InboxMoments(person.now, person.now)
    after = _behind(query.cursor)
    page = inbox.page(person.id, InboxView.ALL, clock, after=after, most=query.limit)
    more = page.following
    place = None if more is None else (more.due_at.isoformat() if more.due_at else "", more.task_id)
    return Answer(body=TaskPage(items=[_task(each) for each in page.tasks], next=text_of(place)))


def _behind(cursor: str | None) -> InboxCursor | None:
    parts = cursor_of(cursor, 2)
    if parts is None:
        return None
    try:
        due = datetime.fromisoformat(parts[0]) if parts[0] else None
    except ValueError:
        raise invalid_cursor() from None
    task_id = uuid_of(parts[1])
    if task_id is None or (due is not None and due.tzinfo is None):
        raise invalid_cursor()
    return InboxCursor(due, task_id)


def _task(task: InboxTask) -> TaskItem:
    return TaskItem(
        id=task.id, number=task.number, title=task.title, request_type=task.type_name,
        requester=task.requester_name, stage=task.stage_name, priority=task.priority,
        opened_at=task.opened_at, due_at=task.due_at, acting_for=task.acting_for,
        url=f"{current_settings().public_url}/tasks/{task.id}",
    )  # fmt: skip
