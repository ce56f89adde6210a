"""Everything one request's page shows, from the projection, in a fixed number of small statements;
and the one rule for who may see a request."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    Uuid,
    bindparam,
    exists,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.orm import aliased

from portal.domain.codec import decode
from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.request.events import EVENTS, Event
from portal.domain.request.files import ENCLOSED
from portal.domain.request.state import Approval, Content, Status
from portal.extensions import db
from portal.models import (
    Attachment,
    Command,
    Comment,
    Department,
    FirstLook,
    GroupMember,
    Participant,
    PolicyVersion,
    Request,
    RequestType,
    Task,
    TypeReader,
    User,
)
from portal.models.recorded import ERASED, with_texts
from portal.models.states import SHAPE, kept_state
from portal.queries import own_texts
from portal.queries.asked import NOTICES, Told
from portal.queries.comments import COMMENTS_SHOWN, CommentEntry
from portal.translation import own


@dataclass(frozen=True, slots=True)
class Reader:
    """A signed-in person. `reads_all`: auditors and admins."""

    id: str
    reads_all: bool = False


def may_see(reader: Reader) -> ColumnElement[bool]:
    """True for a row of `Request` that the reader may see: theirs, on their behalf, asked, or of a
    type of which a group of theirs sees all."""
    return visible(literal(reader.id, Uuid(as_uuid=False)), reads_all=reader.reads_all)


def visible(person: ColumnElement[str], *, reads_all: bool) -> ColumnElement[bool]:
    """The same for a person's id that may be bound later, for statements that are made once."""
    if reads_all:
        return true()
    asked = exists().where(Participant.request_id == Request.id, Participant.user_id == person)
    all_of_type = (
        select(TypeReader.type_code)
        .join(GroupMember, GroupMember.group_id == TypeReader.group_id)
        .where(TypeReader.type_code == Request.type_code, GroupMember.user_id == person)
        .exists()
    )
    own = Request.requester_id == person, Request.on_behalf_of == person
    return or_(*own, asked, all_of_type)


_READER = bindparam("reader", type_=Uuid(as_uuid=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """A request as it stands. `amount` is in minor units; names are people's full names.

    `was_seen`: the reader's first look in this round is kept; `was_said`: there are comments;
    `was_enclosed`: files came with some or with decisions; `has_waiting`: there are commands
    not applied yet.
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
    was_seen: bool
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

    @property
    def is_erased(self) -> bool:
        """Whether its texts were erased: the title then says so."""
        return self.title == ERASED

    @property
    def asks_for_days(self) -> bool:
        """Whether its form has a range of days, such as leave."""
        return any(field.kind is FieldKind.DAY_RANGE for field in self.form)

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
    """The request of that number, or None where it does not exist or the reader may not see it.
    What is said from here on is about it: `own` says what its version says."""
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
    version = row.policy_version_id
    values["form"] = own_texts.form_of(version, form_of(values["form"]))
    own_texts.show_version(version)
    return own_texts.as_read(RequestRecord(**values), "type_name", "stage_name")


def state_of(request_id: str) -> Approval:
    """Its state as its workflow knows it. Raises LookupError where nothing is recorded of it."""
    return kept_state(db.session.connection(), request_id)


def tasks_of(request_id: str) -> tuple[TaskRecord, ...]:
    """All its tasks of all rounds, in the order they were given."""
    rows = db.session.execute(_tasks(), {"request": request_id})
    return tuple(_as_read(TaskRecord(**row._mapping)) for row in rows)


def _as_read(task: TaskRecord) -> TaskRecord:
    """The task of the request that is shown, as the reader reads it."""
    return replace(task, stage_name=own(task.stage_name))


NUMBER = re.compile(r"[A-Z]{1,8}-[0-9]{1,12}")
SUGGESTED = 20


@dataclass(frozen=True, slots=True)
class Linkable:
    """The requests to which a person's form may link."""

    reader: Reader

    def number_of(self, text: str) -> str | None:
        """The number in a text such as "PR-2052 Laptops" or an address, if they may see it."""
        found = NUMBER.search(text.upper())
        if found is None:
            return None
        seen = select(Request.number).where(Request.number == found.group(), may_see(self.reader))
        return db.session.scalar(seen)

    def recent(self) -> list[tuple[str, str]]:
        """Numbers and titles of their own newest."""
        own = select(Request.number, Request.title).where(Request.requester_id == self.reader.id)
        rows = db.session.execute(own.order_by(Request.submitted_at.desc()).limit(SUGGESTED))
        return [(row.number, row.title) for row in rows]


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
            .where(
                FirstLook.request_id == Request.id,
                FirstLook.person_id == _READER,
                FirstLook.round == Request.round,
            )
            .label("was_seen"),
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


def given_of(task: TaskRecord) -> Mapping[str, Any]:
    """Who gave the task to somebody, from whom, when and why; empty for one nobody gave."""
    given = task.why.get("given")
    return given if isinstance(given, dict) else {}


# Nothing of a request is older than its submission: older partitions of the record stay unread.
SLACK = timedelta(days=1)
# Raw: everything about one request in one trip: common tables, as JSON.
PARTS = text("""
WITH moved AS MATERIALIZED (
    SELECT seq, at, kind, actor, on_behalf_of, command_id::text, data
    FROM portal.audit_events
    WHERE request_id = CAST(:request AS uuid) AND at >= :from_at AND kind = ANY(:kinds)
), given AS MATERIALIZED (
    SELECT t.id::text, t.round, t.stage_index, t.stage_key, t.stage_name, t.group_name,
        t.assignee_id::text, a.name AS assignee_name, a.is_active AS assignee_is_active,
        t.acting_for::text, o.name AS acting_for_name, t.delegation_id::text, t.asked_at, t.status,
        t.opened_at, t.due_at, t.decided_at, t.decided_by::text, d.name AS decided_by_name,
        t.decision, t.comment, t.content_version, t.comment_required, t.why
    FROM portal.tasks t JOIN portal.users a ON a.id = t.assignee_id
    LEFT JOIN portal.users d ON d.id = t.decided_by LEFT JOIN portal.users o ON o.id = t.acting_for
    WHERE t.request_id = CAST(:request AS uuid) ORDER BY t.opened_at, t.id
), named AS (
    SELECT actor AS id FROM moved UNION SELECT why->'given'->>'by' FROM given
    UNION SELECT why->'given'->>'from' FROM given
)
SELECT json_build_object(
    'state', (SELECT s.state FROM portal.request_states s
        JOIN portal.requests r ON r.id = s.request_id
        WHERE s.request_id = CAST(:request AS uuid) AND s.seq >= r.last_seq
            AND s.shape = :shape),
    'tasks', COALESCE((SELECT json_agg(g) FROM given g), '[]'),
    'events', COALESCE((SELECT json_agg(m ORDER BY m.seq) FROM moved m), '[]'),
    'names', COALESCE((SELECT json_object_agg(u.id, u.name) FROM named n JOIN portal.users u
        ON u.id = CASE WHEN n.id ~ '^[0-9a-f-]{36}$' THEN CAST(n.id AS uuid) END), '{}'),
    'said', COALESCE((SELECT json_agg(c ORDER BY c.seq) FROM (
        SELECT c.seq, c.author_id::text, u.name, c.about, c.text, c.created_at AS at
        FROM portal.comments c LEFT JOIN portal.users u ON u.id = c.author_id
        WHERE c.request_id = CAST(:request AS uuid) ORDER BY c.seq DESC LIMIT :comments) c), '[]'),
    'told', COALESCE((SELECT json_agg(n) FROM given g CROSS JOIN LATERAL (
        SELECT g.id AS task_id, n.kind, n.created_at AS at, n.read_at,
            n.handed_at IS NOT NULL AS is_handed, n.hidden, m.channel, m.status, m.digest, m.due_at,
            m.sent_at, m.last_error AS error, m.batch_id IS NOT NULL AS is_taken
        FROM (SELECT * FROM portal.notifications n
            WHERE n.user_id = CAST(g.assignee_id AS uuid) AND n.task_id = CAST(g.id AS uuid)
                AND n.request_id = CAST(:request AS uuid) ORDER BY n.seq DESC LIMIT :notices) n
        LEFT JOIN portal.messages m ON m.notification_id = n.id ORDER BY n.seq DESC, m.channel) n
        WHERE :told AND g.status = 'OPEN'), '[]')
)::text
""")


@dataclass(frozen=True, kw_only=True)
class _Recorded:
    seq: int
    at: datetime
    kind: str
    actor: str
    on_behalf_of: str | None
    command_id: str | None
    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _ToldOf(Told):
    task_id: str


@dataclass(frozen=True, kw_only=True)
class _PageRows:
    state: dict[str, Any] | None
    tasks: tuple[TaskRecord, ...]
    events: tuple[_Recorded, ...]
    names: dict[str, str]
    said: tuple[CommentEntry, ...]
    told: tuple[_ToldOf, ...]


@dataclass(frozen=True, kw_only=True)
class RequestParts:
    """`state`: the fold of its events; `tasks` of all rounds in the order they were given; `events`
    of the kinds asked for; `names` of those who acted in them; `said`: the last comments, oldest
    first; `told`: by open task what its person was told, the newest first."""

    state: Approval
    tasks: tuple[TaskRecord, ...]
    events: tuple[Event, ...]
    names: dict[str, str]
    said: tuple[CommentEntry, ...]
    told: dict[str, list[Told]] = field(default_factory=dict)


_ROWS = msgspec.json.Decoder(_PageRows)


def parts_of(record: RequestRecord, kinds: tuple[str, ...], *, told: bool) -> RequestParts:
    """Everything, for one reader; `told`: whether they may know what was sent to people."""
    values = {
        "request": record.id, "from_at": record.submitted_at - SLACK, "kinds": list(kinds),
        "comments": COMMENTS_SHOWN if record.was_said else 0, "notices": NOTICES, "told": told,
        "shape": SHAPE,
    }  # fmt: skip
    rows = _ROWS.decode(db.session.execute(PARTS, values).scalar_one())
    notices: dict[str, list[Told]] = {}
    for each in rows.told:
        notices.setdefault(each.task_id, []).append(each)
    kept = rows.state
    return RequestParts(
        state=decode(Approval, kept) if kept else kept_state(db.session.connection(), record.id),
        tasks=tuple(map(_as_read, rows.tasks)),
        events=tuple(_event(each, record.id) for each in rows.events),
        names=rows.names,
        said=rows.said,
        told=notices,
    )


def _event(row: _Recorded, request_id: str) -> Event:
    """Without the texts, which stand with the comments and in the request's own row."""
    common = {
        "request_id": request_id, "seq": row.seq, "at": row.at.isoformat(), "actor": row.actor,
        "on_behalf_of": row.on_behalf_of, "command_id": row.command_id,
    }  # fmt: skip
    return decode(EVENTS[row.kind], {**common, **with_texts(row.kind, row.data, {})})
