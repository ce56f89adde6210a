"""Approval requests: asking for them, and reading where they stand."""

from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from flask import request
from pydantic import AwareDatetime, Field, JsonValue

from portal.api.asking import NewApproval, Priorities, wish_of
from portal.api.endpoints import Answer, Input, Output, endpoint
from portal.api.pages import cursor_of, invalid_cursor, text_of
from portal.api.people import Person
from portal.domain.people.permissions import Permission
from portal.domain.people.tokens import Scope
from portal.presentation.money import major
from portal.presentation.problems import PREFIX, ProblemRaised
from portal.presenters.removals import removal_words
from portal.queries import approvals, audit, removals
from portal.queries import request as requests
from portal.queries.approvals import ApprovalCursor, Asker, Sought, StatusRecord
from portal.queries.removals import RemovedRequest
from portal.queries.request import Reader, RequestRecord, TaskRecord
from portal.security import callers
from portal.security.sessions import click, current_settings
from portal.services import api_calls, commands
from portal.services.api_calls import CallDiffers
from portal.services.commands import Receipt
from portal.services.errors import Refused
from portal.services.requests import submit_for_program

STARTED, ACCEPTED = approvals.STARTED, approvals.ACCEPTED
Statuses = Literal[
    "ACCEPTED", "STARTED", "APPROVED", "REJECTED", "TIMEOUT", "WITHDRAWN", "CANCELLED", "FAILED"
]


class Started(Output):
    """A request whose workflow runs."""

    workflow_id: str
    run_id: str
    status: Statuses = Field(examples=["STARTED"])
    request_id: str
    number: str
    url: str


class Accepted(Output):
    """A request that is recorded; its workflow starts as soon as Temporal answers."""

    workflow_id: str
    run_id: None = None
    status: Literal["ACCEPTED"] = "ACCEPTED"
    request_id: str
    number: str
    url: str


class CurrentStatus(Output):
    """Where a request stands: ACCEPTED, STARTED while it is open, then its outcome. `seq` grows
    with each event."""

    workflow_id: str
    run_id: str | None
    request_id: str
    number: str
    status: Statuses
    stage: str | None
    waiting_on: list[Person]
    content_version: int
    seq: int
    decided_at: datetime | None
    url: str


class ApprovalItem(CurrentStatus):
    """A request in a list."""

    title: str
    request_type: str
    module: str | None
    entity_type: str | None
    entity_id: str | None
    submitted_at: datetime
    updated_at: datetime


class ApprovalPage(Output):
    """A page of requests; `next` begins the next one."""

    items: list[ApprovalItem]
    next: str | None


class ApprovalTask(Output):
    """One person's part in a request."""

    id: str
    stage: str
    round: int
    assignee: Person
    acting_for: Person | None
    status: str
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    comment: str
    due_at: datetime | None


class Money(Output):
    """An amount of money: a decimal number as text, and its currency."""

    value: str
    currency: str


class Approval(ApprovalItem):
    """Everything about one request. `state`: PENDING, ON_HOLD or RETURNED while it is open."""

    state: str
    round: int
    priority: Priorities
    requester: Person
    on_behalf_of: Person | None
    fields: dict[str, JsonValue]
    amount: Money | None
    due_at: datetime | None
    metadata: dict[str, JsonValue]
    tasks: list[ApprovalTask]


class ApprovalsQuery(Input):
    """Which requests."""

    status: Statuses | None = None
    module: str | None = Field(None, max_length=100)
    request_id: str | None = Field(None, max_length=200, description="Your own id of it.")
    updated_since: AwareDatetime | None = None
    limit: int = Field(50, ge=1, le=100)
    cursor: str | None = Field(None, max_length=500)


class EventItem(Output):
    """One recorded event, as it is hashed: see docs/architecture.md."""

    seq: int
    at: datetime
    kind: str
    actor: str
    on_behalf_of: str | None
    command_id: str | None
    data: dict[str, JsonValue]
    texts: dict[str, str | None]
    prev_hash: str
    hash: str


class EventPage(Output):
    """A page of events, the oldest first; `next` begins the next one."""

    items: list[EventItem]
    next: str | None


class EventsQuery(Input):
    """Where to go on."""

    cursor: str | None = Field(None, max_length=500)


def asker() -> Asker:
    """The present program, as queries want to know it."""
    caller, own = callers.caller(), callers.caller().identity
    return Asker(
        token_id=caller.token_id,
        person_id=own.id if own else None,
        reads_all=own is not None and own.may(Permission.READ_ALL),
        modules=caller.modules,
    )


def found(workflow_id: str) -> StatusRecord:
    """The request of that workflow. Raises ProblemRaised where the program sees none: another one
    where it was removed after its retention, and the owner of the token may know."""
    record = approvals.status_of(workflow_id, asker())
    if record is None:
        gone = _removed(workflow_id)
        if gone is not None:
            raise ProblemRaised("removed", removal_words(gone))
        raise ProblemRaised("not-found")
    return record


def _removed(workflow_id: str) -> RemovedRequest | None:
    """The removed request of that workflow. Nothing says any more which service asked for it, or
    of which module it was."""
    request_id, own = approvals.request_id_of(workflow_id), asker()
    if request_id is None or own.person_id is None or own.modules:
        return None
    return removals.of_id(request_id, Reader(own.person_id, own.reads_all))


def found_by_id(request_id: str) -> StatusRecord | None:
    """The request of that id, where the program sees it."""
    return approvals.status_by_id(request_id, asker())


def url_of(number: str) -> str:
    """The address of a request's page."""
    return f"{current_settings().public_url}/requests/{number}"


@endpoint(
    "POST", "/approvals", Scope.APPROVALS_WRITE, body=NewApproval,
    answers={201: Started, 200: Started, 202: Accepted}, refuses=(409, 422, 503),
    summary="Ask for an approval",
)  # fmt: skip
def ask_for_approval(body: NewApproval) -> Answer:
    """The request is recorded before anything else happens and is never lost: 201 once its workflow
    runs, 202 where Temporal does not answer, and then it starts by itself. The same requestId with
    the same values again is answered with the first one's answer (200), with others 409."""
    caller = callers.caller()
    if not caller.covers(body.module):
        raise ProblemRaised("module-not-covered")
    said = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    call = api_calls.asking(caller.token_id, body.request_id, said)
    noted = _noted(call)
    if noted.is_first:
        if body.approver_id is not None:
            api_calls.have_direct_type()
        wish = wish_of(body, call.command_id, caller, has_files=noted.has_files)
        receipt = submit_for_program(wish, call.request_id, click())
    else:
        receipt = _before(call.command_id)
    return _asked(receipt, body.request_id, 201 if noted.is_first else 200)


def _noted(call: api_calls.Call) -> api_calls.Noted:
    try:
        return api_calls.note(call)
    except CallDiffers:
        raise ProblemRaised("request-id-used") from None


def _before(command_id: str) -> Receipt:
    receipt = commands.receipt(command_id)
    assert receipt is not None
    return receipt


def _asked(receipt: Receipt, request_id: str, status: int) -> Answer:
    if receipt.outcome == "refused" and receipt.reason is not None:
        raise Refused(receipt.reason)
    record = approvals.status_behind_commit(receipt.request_id, asker())
    if record is not None and record.run_id is not None:
        started = Started(
            workflow_id=record.workflow_id, run_id=record.run_id,
            status=cast(Statuses, record.status), request_id=request_id, number=record.number,
            url=url_of(record.number),
        )  # fmt: skip
        place = f"{PREFIX}/approvals/{record.workflow_id}"
        return Answer(body=started, status=status, headers={"Location": place})
    command = approvals.command(receipt.command_id, asker())
    assert command is not None
    accepted = Accepted(
        workflow_id=approvals.workflow_id_of(command.workflow, receipt.request_id),
        request_id=request_id, number=receipt.number, url=url_of(receipt.number),
    )  # fmt: skip
    place = f"{PREFIX}/commands/{receipt.command_id}"
    return Answer(body=accepted, status=202, headers={"Location": place})


@endpoint("GET", "/approvals/{workflowId}/status", Scope.APPROVALS_READ,
          answers={200: CurrentStatus, 304: None}, refuses=(404, 410),
          summary="Where a request stands")  # fmt: skip
def show_status(workflow_id: str) -> Answer:
    """From PostgreSQL alone: it answers while Temporal is away. Send the ETag back as If-None-Match
    to be told by 304 that nothing changed."""
    record = found(workflow_id)
    tag = f'W/"{record.seq}-{record.status}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.if_none_match.contains_weak(tag[3:-1]):
        return Answer(body=None, status=304, headers=headers)
    return Answer(body=CurrentStatus(**_status(record)), headers=headers)


def _status(record: StatusRecord) -> dict[str, Any]:
    return {
        "workflow_id": record.workflow_id, "run_id": record.run_id,
        "request_id": record.external_id or record.id, "number": record.number,
        "status": record.status, "stage": record.stage,
        "waiting_on": [
            # Where nobody could be asked, the row says so in place of a person.
            Person(id=each["id"], name=each["name"] or "")
            for each in record.waiting_on
            if each["id"]
        ],
        "content_version": record.content_version, "seq": record.seq,
        "decided_at": record.decided_at, "url": url_of(record.number),
    }  # fmt: skip


def _item(record: StatusRecord) -> dict[str, Any]:
    return _status(record) | {
        "title": record.title, "request_type": record.type_code, "module": record.module,
        "entity_type": record.entity_type, "entity_id": record.entity_id,
        "submitted_at": record.submitted_at, "updated_at": record.updated_at,
    }  # fmt: skip


@endpoint("GET", "/approvals", Scope.APPROVALS_READ, query=ApprovalsQuery,
          answers={200: ApprovalPage}, summary="List requests")  # fmt: skip
def list_approvals(query: ApprovalsQuery) -> Answer:
    """Those that the token may see, the newest first. A service sees what it asked for itself, or
    everything of its modules where it has some."""
    sought = Sought(
        status=query.status, module=query.module, external_id=query.request_id,
        updated_since=query.updated_since,
    )  # fmt: skip
    rows, more = approvals.listed(asker(), sought, query.limit, _place(query.cursor))
    items = [ApprovalItem(**_item(each)) for each in rows]
    place = None if more is None else (more.submitted_at.isoformat(), more.id)
    return Answer(body=ApprovalPage(items=items, next=text_of(place)))


def _place(cursor: str | None) -> ApprovalCursor | None:
    parts = cursor_of(cursor, 2)
    if parts is None:
        return None
    try:
        at = datetime.fromisoformat(parts[0])
        key = str(UUID(parts[1]))
    except ValueError:
        raise invalid_cursor() from None
    if at.tzinfo is None:
        raise invalid_cursor()
    return ApprovalCursor(at, key)


@endpoint(
    "GET", "/approvals/{workflowId}", Scope.APPROVALS_READ, answers={200: Approval},
    refuses=(404, 410), summary="Everything about a request",
)  # fmt: skip
def show_approval(workflow_id: str) -> Answer:
    """What was asked for, and who decided what. A request that has not begun yet is not there."""
    record = found(workflow_id)
    whole = requests.find(record.number, Reader(record.id, reads_all=True))
    if whole is None:
        raise ProblemRaised("not-found")
    tasks = [_task(each) for each in requests.tasks_of(whole.id)]
    return Answer(
        body=Approval(**_item(record), **_whole(whole), metadata=record.metadata, tasks=tasks)
    )


def _whole(record: RequestRecord) -> dict[str, Any]:
    behalf = record.on_behalf_of
    amount = None
    if record.amount is not None and record.currency is not None:
        value = str(major(record.amount, record.currency))
        amount = Money(value=value, currency=record.currency)
    return {
        "state": record.status.value, "round": record.round, "priority": record.priority,
        "requester": Person(id=record.requester_id, name=record.requester_name),
        "on_behalf_of": Person(id=behalf, name=record.on_behalf_of_name or "") if behalf else None,
        "fields": record.fields, "amount": amount, "due_at": record.due_at,
    }  # fmt: skip


def _task(task: TaskRecord) -> ApprovalTask:
    owner = task.acting_for
    return ApprovalTask(
        id=task.id, stage=task.stage_name, round=task.round,
        assignee=Person(id=task.assignee_id, name=task.assignee_name),
        acting_for=Person(id=owner, name=task.acting_for_name or "") if owner else None,
        status=task.status, decision=task.decision, decided_at=task.decided_at,
        decided_by=task.decided_by_name, comment=task.comment, due_at=task.due_at,
    )  # fmt: skip


@endpoint("GET", "/approvals/{workflowId}/events", Scope.AUDIT_READ, query=EventsQuery,
          answers={200: EventPage}, refuses=(404, 410),
          summary="The record of a request")  # fmt: skip
def list_events(workflow_id: str, query: EventsQuery) -> Answer:
    """Every event in order, with its hash and that of the one before."""
    record = found(workflow_id)
    after = cursor_of(query.cursor, 1)
    if after is not None and not (after[0].isascii() and after[0].isdigit() and len(after[0]) < 9):
        raise invalid_cursor()
    events, more = audit.page_of(record.id, record.submitted_at, int(after[0]) if after else 0)
    items = [
        EventItem(
            seq=each.seq, at=each.at, kind=each.kind, actor=each.actor,
            on_behalf_of=each.on_behalf_of, command_id=each.command_id, data=each.data,
            texts=each.texts or {}, prev_hash=each.prev_hash, hash=each.hash,
        )
        for each in events
    ]  # fmt: skip
    return Answer(body=EventPage(items=items, next=text_of(None if more is None else (more,))))
