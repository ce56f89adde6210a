"""Everything one request's page shows, from the projection; a fixed number of small statements."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, Text, Uuid, bindparam, exists, select
from sqlalchemy.orm import aliased

from portal.domain.codec import decode
from portal.domain.policy.forms import FormField
from portal.domain.request.state import Approval
from portal.domain.request.values import Content, Status
from portal.extensions import db
from portal.models import (
    Attachment,
    Command,
    Comment,
    Department,
    PolicyVersion,
    Request,
    RequestType,
    Task,
    User,
)
from portal.models.states import kept_state
from portal.queries.attachments import ENCLOSED
from portal.queries.readers import Reader, visible

_READER = bindparam("reader", type_=Uuid(as_uuid=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """A request as it stands. `amount` is in minor units; names are people's full names.

    `was_said`: there are comments; `was_enclosed`: files came with some or with decisions;
    `has_waiting`: there are commands not applied yet.
    """

    id: str
    number: str
    type_code: str
    type_name: str
    workflow: str
    policy_version_id: str
    policy_version: int
    newest_policy_version_id: str | None
    requester_id: str
    requester_name: str
    department: str | None
    on_behalf_of: str | None
    on_behalf_of_name: str | None
    title: str
    fields: dict[str, Any]
    form: tuple[FormField, ...]
    amount: int | None
    currency: str | None
    priority: str
    due_at: datetime | None
    status: Status
    round: int
    stage_index: int | None
    stage_name: str | None
    stage_due_at: datetime | None
    settles_at: datetime | None
    waiting_for: list[dict[str, Any]]
    waiting_since: datetime | None
    next_at: datetime | None
    next_what: str | None
    attention: str | None
    hold_reason: str | None
    returned_by: str | None
    changed_fields: list[str]
    questions: list[dict[str, Any]]
    content_version: int
    submitted_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    was_said: bool
    was_enclosed: bool
    has_waiting: bool

    @property
    def content(self) -> Content:
        """What is asked for, as it is now."""
        return Content(
            title=self.title, fields=self.fields, amount=self.amount, currency=self.currency
        )

    @property
    def has_newer_policy(self) -> bool:
        """Whether it is open and its type's policy has a newer version."""
        newest = self.newest_policy_version_id
        return self.status.is_open and newest not in (None, self.policy_version_id)

    def is_by(self, person_id: str) -> bool:
        """Whether that person asked for it, or it is asked for on their behalf."""
        return person_id in (self.requester_id, self.on_behalf_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """A task of a request, with names. `why` is what routing stored: reason, rule, left out."""

    id: str
    round: int
    stage_index: int
    stage_key: str
    stage_name: str
    group_name: str | None
    assignee_id: str
    assignee_name: str
    assignee_is_active: bool
    acting_for: str | None
    acting_for_name: str | None
    delegation_id: str | None
    asked_at: datetime | None
    status: str
    opened_at: datetime
    due_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    decided_by_name: str | None
    decision: str | None
    comment: str
    content_version: int
    comment_required: list[str]
    why: dict[str, Any]

    @property
    def owner_id(self) -> str:
        """Whose task it is, whoever has it."""
        return self.acting_for or self.assignee_id

    @property
    def owner_name(self) -> str:
        """The owner's name."""
        return self.acting_for_name or self.assignee_name


def find(number: str, reader: Reader) -> RequestRecord | None:
    """The request of that number, or None where it does not exist or the reader may not see it."""
    statement = _by_number(reader.reads_all)
    return _found(statement, {"number": number, "reader": reader.id})


def find_by_task(task_id: str, reader: Reader) -> RequestRecord | None:
    """The request of a task, under the same rule."""
    return _found(_by_task(reader.reads_all), {"task": task_id, "reader": reader.id})


def _found(statement: Select[*tuple[Any, ...]], values: dict[str, Any]) -> RequestRecord | None:
    row = db.session.execute(statement, values).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    values["status"] = Status(values["status"])
    values["form"] = form_of(values["form"])
    return RequestRecord(**values)


def state_of(request_id: str) -> Approval:
    """Its state as its workflow knows it. Raises LookupError where nothing is recorded of it."""
    return kept_state(db.session.connection(), request_id)


def tasks_of(request_id: str) -> tuple[TaskRecord, ...]:
    """All its tasks of all rounds, in the order they were given."""
    rows = db.session.execute(_tasks(), {"request": request_id})
    return tuple(TaskRecord(**row._mapping) for row in rows)


def names_of(person_ids: set[str]) -> dict[str, str]:
    """Full names by id. Unknown ids are left out."""
    if not person_ids:
        return {}
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(person_ids)))
    return {row.id: row.name for row in rows}


@lru_cache(maxsize=100)
def form_of(text: str | None) -> tuple[FormField, ...]:
    """A type's form from its JSON; a type without one has no fields."""
    return tuple(decode(FormField, entry) for entry in json.loads(text or "[]"))


@cache
def _by_number(reads_all: bool) -> Select[*tuple[Any, ...]]:
    return _one().where(
        Request.number == bindparam("number"), visible(_READER, reads_all=reads_all)
    )


@cache
def _by_task(reads_all: bool) -> Select[*tuple[Any, ...]]:
    key = bindparam("task", type_=Uuid(as_uuid=False))
    task = select(Task.request_id).where(Task.id == key).scalar_subquery()
    return _one().where(Request.id == task, visible(_READER, reads_all=reads_all))


def _one() -> Select[*tuple[Any, ...]]:
    behalf, requester = aliased(User), aliased(User)
    own = (
        "id", "number", "type_code", "type_name", "workflow", "policy_version_id", "requester_id",
        "requester_name", "on_behalf_of", "title", "fields", "amount", "currency", "priority",
        "due_at", "status", "round", "stage_index", "stage_name", "stage_due_at", "settles_at",
        "waiting_for", "waiting_since", "next_at", "next_what", "attention", "hold_reason",
        "returned_by", "changed_fields", "questions", "content_version", "submitted_at",
        "updated_at", "closed_at",
    )  # fmt: skip
    return (
        select(
            *(getattr(Request, name) for name in own),
            behalf.name.label("on_behalf_of_name"),
            Department.name.label("department"),
            PolicyVersion.form.cast(Text).label("form"),
            exists().where(Comment.request_id == Request.id).label("was_said"),
            exists()
            .where(Attachment.request_id == Request.id, Attachment.field == ENCLOSED)
            .label("was_enclosed"),
            exists()
            .where(Command.request_id == Request.id, Command.applied_at.is_(None))
            .label("has_waiting"),
            PolicyVersion.version.label("policy_version"),
            RequestType.policy_version_id.label("newest_policy_version_id"),
        )
        .join(requester, requester.id == Request.requester_id)
        .outerjoin(Department, Department.id == requester.department_id)
        .outerjoin(behalf, behalf.id == Request.on_behalf_of)
        .outerjoin(RequestType, RequestType.code == Request.type_code)
        .join(PolicyVersion, PolicyVersion.id == Request.policy_version_id)
    )


@cache
def _tasks() -> Select[*tuple[Any, ...]]:
    assignee, decider, delegator = aliased(User), aliased(User), aliased(User)
    own = (
        "id", "round", "stage_index", "stage_key", "stage_name", "group_name", "assignee_id",
        "status", "opened_at", "due_at", "decided_at", "decided_by", "decision", "comment",
        "content_version", "comment_required", "why", "acting_for", "delegation_id",
        "asked_at",
    )  # fmt: skip
    return (
        select(
            *(getattr(Task, name) for name in own),
            assignee.name.label("assignee_name"),
            assignee.is_active.label("assignee_is_active"),
            decider.name.label("decided_by_name"),
            delegator.name.label("acting_for_name"),
        )
        .join(assignee, assignee.id == Task.assignee_id)
        .outerjoin(decider, decider.id == Task.decided_by)
        .outerjoin(delegator, delegator.id == Task.acting_for)
        .where(Task.request_id == bindparam("request"))
        .order_by(Task.opened_at, Task.id)
    )
