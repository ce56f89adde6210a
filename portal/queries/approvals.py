"""Requests as programs read them: by the id of their workflow, or by the program's own name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Text,
    Uuid,
    bindparam,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    table,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.commands import Submit
from portal.domain.request.state import OPEN, Status
from portal.extensions import Question, db, reading
from portal.models import ApiCall, Command, Request
from portal.queries.request import visible

STARTED, ACCEPTED = "STARTED", "ACCEPTED"
# The view follows the table of `WorkflowHistory` through every renaming of a cutover.
_HISTORY = table(
    "workflow_history", column("id", String), column("temporal_workflow_id", String),
    column("temporal_run_id", String), schema="portal",
)  # fmt: skip
_PREFIXES = {WorkflowKind.SIMPLE.value: "simple-approval", WorkflowKind.APPROVAL.value: "approval"}
_KINDS = {prefix: kind for kind, prefix in _PREFIXES.items()}
_BY_NAME = re.compile(r"(?P<prefix>[a-z-]+)-(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_REQUEST = bindparam("request", type_=Uuid(as_uuid=False))
_PERSON = bindparam("person", type_=Uuid(as_uuid=False))
_TOKEN = bindparam("token", type_=Uuid(as_uuid=False))
_MODULES = bindparam("modules", type_=ARRAY(Text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A program that reads. `person_id`: the owner of its token, None for a service, which sees
    what it asked for; with `modules` every request of these, and nothing else."""

    token_id: str
    person_id: str | None = None
    reads_all: bool = False
    modules: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        """What the statements are given."""
        person = self.person_id or self.token_id
        return {"person": person, "token": self.token_id, "modules": list(self.modules)}

    @property
    def shape(self) -> tuple[bool, bool, bool]:
        """What decides which statement is asked."""
        return self.person_id is not None, self.reads_all, bool(self.modules)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRecord:
    """Where a request stands. `external_id`: the name that the program which asked gave it;
    `waiting_on`: whose turn it is, {"id", "name"} each."""

    id: str
    number: str
    workflow_id: str
    run_id: str | None
    external_id: str | None
    status: str
    stage: str | None
    waiting_on: Sequence[dict[str, Any]]
    content_version: int
    seq: int
    title: str
    type_code: str
    module: str | None
    entity_type: str | None
    entity_id: str | None
    metadata: dict[str, Any]
    submitted_at: datetime
    updated_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a list shall hold; None: whatever it is. `status`: STARTED is every open one."""

    status: str | None = None
    module: str | None = None
    external_id: str | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApprovalCursor:
    """The last request of the page before."""

    submitted_at: datetime
    id: str


def workflow_id_of(workflow: str, request_id: str) -> str:
    """The id of the workflow of a request that begins, by its kind."""
    return f"{_PREFIXES[workflow]}-{request_id}"


def request_id_of(workflow_id: str) -> str | None:
    """The id of the request that the id of its workflow names; None where it is no such id."""
    named = _named(workflow_id)
    return None if named is None else named[0]


def _named(workflow_id: str) -> tuple[str, str] | None:
    """The request's id and the workflow's kind."""
    found = _BY_NAME.fullmatch(workflow_id)
    kind = None if found is None else _KINDS.get(found["prefix"])
    return None if found is None or kind is None else (found["id"], kind)


def status_of(workflow_id: str, asker: Asker) -> StatusRecord | None:
    """Where the request of that workflow stands; None where the asker sees none."""
    values = {**asker.values, "workflow": workflow_id}
    row = _by_workflow(*asker.shape).one_or_none(db.session.connection(), values)
    return _record(row) if row is not None else _accepted(workflow_id, asker)


def status_by_id(request_id: str, asker: Asker) -> StatusRecord | None:
    """The same by the request's own id."""
    values = {**asker.values, "request": request_id}
    row = _by_id(*asker.shape).one_or_none(db.session.connection(), values)
    return None if row is None else _record(row)


def status_behind_commit(request_id: str, asker: Asker) -> StatusRecord | None:
    """The same at the end of a request that wrote."""
    with reading():
        return status_by_id(request_id, asker)


def listed(
    asker: Asker, sought: Sought, limit: int, after: ApprovalCursor | None
) -> tuple[tuple[StatusRecord, ...], ApprovalCursor | None]:
    """Up to so many requests, the newest first, and where the next page begins."""
    statement = _rows(*asker.shape).where(*_wanted(sought))
    if after is not None:
        place = tuple_(Request.submitted_at, Request.id)
        last = literal(after.submitted_at), literal(after.id, Uuid(as_uuid=False))
        statement = statement.where(place < tuple_(*last))
    newest = statement.order_by(Request.submitted_at.desc(), Request.id.desc()).limit(limit + 1)
    found = tuple(_record(row) for row in db.session.execute(newest, asker.values))
    shown = found[:limit]
    more = ApprovalCursor(shown[-1].submitted_at, shown[-1].id) if len(found) > limit else None
    return shown, more


def _wanted(sought: Sought) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sought.status == STARTED:
        found.append(Request.status.in_(sorted(each.value for each in OPEN)))
    elif sought.status is not None:
        found.append(Request.status == sought.status)
    if sought.module is not None:
        found.append(Request.module == sought.module)
    if sought.external_id is not None:
        found.append(_called(sought.external_id))
    if sought.updated_since is not None:
        found.append(Request.updated_at >= sought.updated_since)
    return found


def _called(external_id: str) -> ColumnElement[bool]:
    named = select(ApiCall.request_id).where(ApiCall.external_id == external_id)
    return or_(Request.id.in_(named), Request.id.cast(String) == external_id)


def _accepted(workflow_id: str, asker: Asker) -> StatusRecord | None:
    """A request that was recorded and has not begun yet: only its own program sees it."""
    named = _named(workflow_id)
    if named is None:
        return None
    values = {**asker.values, "request": named[0], "workflow": named[1]}
    row = db.session.execute(_submits(), values).one_or_none()
    if row is None:
        return None
    refused = row.outcome == "refused"
    return StatusRecord(
        id=row.request_id, number=row.number, workflow_id=workflow_id, run_id=None,
        external_id=row.external_id, status=Status.FAILED.value if refused else ACCEPTED,
        stage=None, waiting_on=(), content_version=1, seq=0, title="", type_code="", module=None,
        entity_type=None, entity_id=None, metadata={},
        submitted_at=row.created_at, updated_at=row.created_at,
        decided_at=row.applied_at if refused else None,
    )  # fmt: skip


@cache
def _submits() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Command.request_id, Command.number, Command.outcome, Command.created_at,
            Command.applied_at, ApiCall.external_id,
        )
        .join(ApiCall, ApiCall.command_id == Command.id)
        .where(
            ApiCall.token_id == _TOKEN,
            Command.kind == Submit.__name__,
            Command.request_id == _REQUEST,
            Command.workflow == bindparam("workflow"),
        )
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStatus:
    """What became of a command; `outcome` None while it waits, then "applied" or "refused"."""

    id: str
    kind: str
    number: str
    request_id: str
    workflow: str
    outcome: str | None
    reason: str | None
    created_at: datetime
    applied_at: datetime | None


def command(command_id: str, asker: Asker) -> CommandStatus | None:
    """A command that the program gave, or the owner of its token."""
    values = {"command": command_id, **asker.values}
    row = db.session.execute(_command(), values).one_or_none()
    return None if row is None else CommandStatus(**row._mapping)


@cache
def _command() -> Select[*tuple[Any, ...]]:
    own = exists().where(ApiCall.command_id == Command.id, ApiCall.token_id == _TOKEN)
    return select(
        Command.id, Command.kind, Command.number, Command.request_id, Command.workflow,
        Command.outcome, Command.reason, Command.created_at, Command.applied_at,
    ).where(
        Command.id == bindparam("command", type_=Uuid(as_uuid=False)),
        or_(own, Command.actor_id == _PERSON),
    )  # fmt: skip


@cache
def _by_workflow(person: bool, reads_all: bool, modules: bool) -> Question:
    one = Request.id == _HISTORY.c.id.cast(Uuid(as_uuid=False))
    named = _HISTORY.c.temporal_workflow_id == bindparam("workflow")
    return Question(_seen(person, reads_all, modules).join(_HISTORY, one).where(named))


@cache
def _by_id(person: bool, reads_all: bool, modules: bool) -> Question:
    return Question(_rows(person, reads_all, modules).where(Request.id == _REQUEST))


def _rows(person: bool, reads_all: bool, modules: bool) -> Select[*tuple[Any, ...]]:
    one = _HISTORY.c.id == Request.id.cast(String)
    return _seen(person, reads_all, modules).join(_HISTORY, one)


def _seen(person: bool, reads_all: bool, modules: bool) -> Select[*tuple[Any, ...]]:
    own = select(ApiCall.external_id).where(
        ApiCall.request_id == Request.id, ApiCall.external_id.is_not(None)
    )
    covered = Request.module == func.any(_MODULES) if modules else true()
    return (
        select(
            Request.id, Request.number, Request.status, Request.stage_name, Request.waiting_for,
            Request.content_version, Request.last_seq, Request.title, Request.type_code,
            Request.module, Request.entity_type, Request.entity_id, Request.meta,
            Request.submitted_at, Request.updated_at, Request.closed_at,
            _HISTORY.c.temporal_workflow_id, _HISTORY.c.temporal_run_id,
            own.limit(1).correlate(Request).scalar_subquery().label("external_id"),
        )
        .select_from(Request)
        .where(_visible(person, reads_all, modules), covered)
    )  # fmt: skip


def _visible(person: bool, reads_all: bool, modules: bool) -> ColumnElement[bool]:
    if person:
        return visible(_PERSON, reads_all=reads_all)
    if modules:
        return true()
    return exists().where(ApiCall.request_id == Request.id, ApiCall.token_id == _TOKEN)


def _record(row: Any) -> StatusRecord:
    is_open = Status(row.status) in OPEN
    return StatusRecord(
        id=row.id, number=row.number, workflow_id=row.temporal_workflow_id,
        run_id=row.temporal_run_id, external_id=row.external_id,
        status=STARTED if is_open else row.status, stage=row.stage_name,
        waiting_on=row.waiting_for if is_open else (), content_version=row.content_version,
        seq=row.last_seq, title=row.title, type_code=row.type_code, module=row.module,
        entity_type=row.entity_type, entity_id=row.entity_id, metadata=row.meta,
        submitted_at=row.submitted_at, updated_at=row.updated_at, decided_at=row.closed_at,
    )  # fmt: skip
