"""Writing a chunk of mapped instances: all of it in one transaction, by COPY where it is new."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects.postgresql import JSONB

from portal.activities.chaining import chain_events
from portal.activities.projection import request_columns
from portal.activities.record import record_batch
from portal.activities.texts import project
from portal.domain.codec import encode
from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.events import Event, LegacyRecorded, RequestSubmitted, kind_of
from portal.domain.request.state import Approval
from portal.legacy.accounts import Accounts
from portal.legacy.engine import Instance, OldEngine
from portal.legacy.live import general_policy
from portal.legacy.outcome import FINAL, InstanceResult, Mapped
from portal.legacy.past import request_key
from portal.legacy.setting import NewType, Setting
from portal.legacy.tables import ACTIVE_STATES
from portal.legacy.types import Types
from portal.legacy.values import unstorable
from portal.models import (
    AuditEvent,
    AuditText,
    Comment,
    Participant,
    Request,
    RequestState,
    Task,
    WorkflowHistory,
)
from portal.models.states import state_row
from portal.workflows import names
from portal.workflows.messages import RecordBatch, RecordedEvent
from portal.workflows.names import workflow_type

Driver = psycopg.Connection[Any]
Row = dict[str, Any]


@dataclass
class MovingItem:
    """An instance on its way: its rows, and what it was mapped to.

    `again`: it comes once more. `stays`: somebody chose that it stays in the old system.
    """

    instance: Instance
    mapped: Mapped
    again: bool = False
    stays: bool = False


@dataclass
class RowBatch:
    """Rows for each table."""

    requests: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    participants: list[Row] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)
    texts: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All rows."""
        return sum(len(rows) for rows in vars(self).values())


def give_number(mapped: Mapped, given: str) -> None:
    """Give the request its number."""
    assert mapped.state is not None
    mapped.state = replace(mapped.state, number=given)
    first = mapped.events[0]
    if isinstance(first, RequestSubmitted):
        mapped.events[0] = replace(first, number=given)


def workflow_ref(instance: Instance) -> str:
    """The id of the request's workflow: with the old request id as it is written, if it fits."""
    key = request_key(instance)
    return names.address(_workflow(key, instance.request_id or instance.id), key)[1]


def add_rows(
    batch: RowBatch, mapped: Mapped, instance: Instance, kind: NewType, setting: Setting
) -> None:
    """Add the rows of an instance that was never recorded before."""
    state, events = mapped.state, mapped.events
    assert state is not None
    chained = chain_events("", [_message(event) for event in events])
    rows, state = project(Approval(request_id=state.request_id), events)
    request = request_columns(state, _names(state, setting), setting.now)
    request |= _first_columns(mapped, instance, kind, setting)
    batch.requests.append(request | {"last_hash": chained.last_hash})
    batch.tasks += rows.tasks.values()
    batch.comments += rows.comments
    people = {**rows.participants, **dict.fromkeys(mapped.people)}
    batch.participants += [
        {"request_id": state.request_id, "user_id": person, "submitted_at": state.submitted_at}
        for person in people
    ]
    batch.states.append(state_row(state))
    batch.texts += chained.texts
    batch.events += chained.events
    batch.history.append(_history(mapped, instance, setting.now))


def _message(event: Event) -> RecordedEvent:
    """An event as it travels; most are old rows, which are JSON already."""
    if not isinstance(event, LegacyRecorded):
        return RecordedEvent(kind_of(event), encode(event))
    data = dict(vars(event)) | {"at": event.at.isoformat()}
    return RecordedEvent("LegacyRecorded", data)


def _first_columns(mapped: Mapped, instance: Instance, kind: NewType, setting: Setting) -> Row:
    """What the events after the first never change."""
    state, first = mapped.state, mapped.events[0]
    assert state is not None
    assert isinstance(first, RequestSubmitted)
    requester = setting.names.get(state.requester_id, "Somebody")
    return {
        "id": state.request_id,
        "number": state.number,
        "type_code": kind.code,
        "type_name": kind.name,
        "workflow": _workflow(state.request_id, instance.request_id),
        "policy_version_id": state.policy_version_id,
        "requester_id": state.requester_id,
        "requester_name": requester,
        "module": first.module,
        "entity_type": first.entity_type,
        "entity_id": first.entity_id,
        "meta": encode(first.metadata),
        "priority": state.priority.value,
        "submitted_at": state.submitted_at,
    }


def _workflow(request_id: str, old_id: str | None) -> str:
    """The kind, and the old request id where the workflow's id is made of that."""
    kind = WorkflowKind.APPROVAL
    if old_id is None or old_id == request_id:
        return kind.value
    ref = names.workflow_id(kind, old_id)
    fits = len(ref) <= LONGEST_REF and len(ref.encode()) <= MOST_REF_BYTES
    return f"{kind.value}:{old_id}" if fits else kind.value


def _names(state: Approval, setting: Setting) -> dict[str, str]:
    people = [state.requester_id, *(task.assignee_id for task in state.open_tasks)]
    return {person: setting.names[person] for person in people if person in setting.names}


def _history(mapped: Mapped, instance: Instance, now: datetime) -> Row:
    """The row that other systems read; the old request id and initiator as they were."""
    state = mapped.state
    assert state is not None
    runs = mapped.result is not InstanceResult.HISTORY
    return {
        "id": state.request_id,
        "workflow_type": names.workflow_type(WorkflowKind.APPROVAL),
        "request_id": instance.request_id,
        "temporal_workflow_id": workflow_ref(instance) if runs else None,
        "temporal_run_id": None,
        "status": "STARTED" if state.is_open else state.status.value,
        "initiator_id": instance.initiator or state.requester_id,
        "started_at": state.submitted_at,
        "completed_at": state.closed_at,
        "metadata": {
            "number": state.number,
            "request_type": state.type_code,
            "imported": True,
            "legacy_instance_id": instance.id,
            "legacy_workflow_id": instance.row.get("workflow_id"),
            "legacy_state": instance.state,
        },
        "created_at": now,
    }


_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Target:
    """A table of ours, its columns in order, and which of them hold JSON."""

    def __init__(self, model: Any) -> None:
        table: Table = model.__table__
        columns = [column for column in table.columns if column.computed is None]
        self.schema, self.name = table.schema or "portal", table.name
        self.columns = [column.name for column in columns]
        self.json = frozenset(c.name for c in columns if isinstance(c.type, JSONB))

    def copy(self, connection: Driver, rows: Iterable[Row], name: str | None = None) -> int:
        """Copy rows into the table (under another name, if given); missing columns are null."""
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(self.schema, name or self.name),
            sql.SQL(", ").join(map(sql.Identifier, self.columns)),
        )
        count = 0
        with connection.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(self.values(row))
                count += 1
        return count

    def values(self, row: Row) -> Sequence[Any]:
        """The row's values in the order of the columns."""
        return [
            _as_json(value)
            if name in self.json and (value := row.get(name)) is not None
            else row.get(name)
            for name in self.columns
        ]


REQUESTS, TASKS, PARTICIPANTS = Target(Request), Target(Task), Target(Participant)
COMMENTS, TEXTS, EVENTS = Target(Comment), Target(AuditText), Target(AuditEvent)
STATES, HISTORY = Target(RequestState), Target(WorkflowHistory)


def history_name(connection: Driver) -> str:
    """The name our workflow_history has now: before the cutover it waits under another."""
    found = connection.execute("SELECT to_regclass('gloria_ops.workflow_history_next')").fetchone()
    waits = found is not None and found[0] is not None
    return "workflow_history_next" if waits else "workflow_history"


# One UUID can be written in several ways, which are several texts.
SAME = """
SELECT lower(replace(request_id, '-', ''))::uuid::text FROM {} WHERE length(request_id) IN (32, 36)
    AND lower(request_id) ~ '^[0-9a-f]{{8}}-?([0-9a-f]{{4}}-?){{3}}[0-9a-f]{{12}}$'
GROUP BY 1 HAVING count(*) > 1
"""


def refuse_twice(driver: Driver, items: Iterable[MovingItem], before: frozenset[str]) -> set[str]:
    """Make those FAILED whose request is recorded, or is among `before`; returns all their ids."""
    new = [i for i in items if i.mapped.state is not None and not i.again]
    ids = [i.mapped.state.request_id for i in new if i.mapped.state is not None]
    found = driver.execute(
        "SELECT id::text FROM portal.requests WHERE id = ANY(%s::uuid[])", [ids]
    ).fetchall()
    taken = {row[0] for row in found} | before
    for item in new:
        assert item.mapped.state is not None
        id_ = item.mapped.state.request_id
        if id_ in taken:
            reason = f"The request id {item.instance.request_id} belongs to another request."
            item.mapped = Mapped(item.instance.id, InstanceResult.FAILED, reasons=[reason])
        taken.add(id_)
    return set(ids)


class DryClashes:
    """Finds them in a dry run, which writes nothing that could be found again."""

    def __init__(self, driver: Driver, engine: OldEngine) -> None:
        self._driver = driver
        query = psycopg.sql.SQL(SAME).format(engine.table("workflow_instances"))
        self._same = {row[0] for row in driver.execute(query).fetchall()}
        self._seen: frozenset[str] = frozenset()

    def refuse(self, items: list[MovingItem]) -> None:
        """Make those FAILED that the real run would refuse."""
        ids = refuse_twice(self._driver, items, self._seen)
        self._seen |= ids & self._same


LONGEST_REF, MOST_REF_BYTES = 255, 1_000
"""What workflow_history holds of a workflow's id, and what Temporal takes."""
LOCK = 7_043_022_187
"""Two movers at once take turns in writing, by this advisory lock."""

DONE = """
SELECT instance_id FROM portal.legacy_moves WHERE instance_id = ANY(%s)
    AND result IN ('moved', 'on_hold', 'history') AND rolled_back_at IS NULL
"""
KEEP = """
INSERT INTO portal.legacy_moves AS old (instance_id, request_id, new_request_id, workflow_id,
    workflow_code, old_state, kind, result, status, number, reasons, questions, remarks,
    workflow_ref, run_id, last_seq)
SELECT instance_id, request_id, new_request_id, workflow_id, workflow_code, old_state, kind, result,
    status, number, reasons, questions, remarks, workflow_ref, run_id, last_seq
FROM jsonb_populate_recordset(NULL::portal.legacy_moves, %s::jsonb) new
ON CONFLICT (instance_id) DO UPDATE SET
    (request_id, new_request_id, workflow_id, workflow_code, old_state, kind, result, status,
        number, reasons, questions, remarks, workflow_ref, run_id, last_seq, run_ref, moved_at,
        started_at, told_at, rolled_back_at)
    = (excluded.request_id, coalesce(excluded.new_request_id, old.new_request_id),
        excluded.workflow_id, excluded.workflow_code, excluded.old_state, excluded.kind,
        excluded.result, excluded.status, coalesce(excluded.number, old.number), excluded.reasons,
        excluded.questions, excluded.remarks, excluded.workflow_ref, excluded.run_id,
        excluded.last_seq, NULL, now(), NULL, NULL,
        CASE WHEN excluded.result IN ('moved', 'on_hold', 'history') THEN NULL
            ELSE old.rolled_back_at END)
"""


class Writer:
    """Writes chunks in transactions of their own; one bad row never stops the rest."""

    def __init__(self, engine: Engine, setting: Setting, accounts: Accounts, run_id: str) -> None:
        self._engine = engine
        self._setting = setting
        self._accounts = accounts
        self._types = Types(setting)
        self._run_id = run_id
        self._history = ""
        self.rows = 0

    def write(self, items: list[MovingItem]) -> list[MovingItem]:
        """Write what another mover has not written meanwhile; the answer leaves that out.

        A chunk that the database refuses is halved until the bad rows stand alone; these are
        FAILED. Raises OperationalError where the database is away.
        """
        try:
            with self._engine.begin() as connection:
                written = self._write(connection, items)
        except Exception as error:  # one bad row must not stop the rest
            self._accounts.forget()
            self._types.forget()
            if _is_away(error):
                raise
            if len(items) > 1:
                half = len(items) // 2
                return self.write(items[:half]) + self.write(items[half:])
            return self._failed(items[0], error)
        return written

    def _failed(self, item: MovingItem, error: Exception) -> list[MovingItem]:
        cause = getattr(error, "orig", None) or error
        reason = f"It could not be written: {' '.join(str(cause).split())[:300]}"
        item.mapped = Mapped(item.instance.id, InstanceResult.FAILED, reasons=[reason])
        with self._engine.begin() as connection:
            self._keep(_driver(connection), [item])
        return [item]

    def _write(self, connection: Connection, items: list[MovingItem]) -> list[MovingItem]:
        driver = _driver(connection)
        driver.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        ids = [item.instance.id for item in items]
        done = {row[0] for row in driver.execute(DONE, [ids]).fetchall()}
        fresh = [item for item in items if item.instance.id not in done]
        refuse_twice(driver, fresh, frozenset())
        final = [item for item in fresh if item.mapped.result in FINAL]
        self._prepare(driver, final)
        self._copy(driver, [item for item in final if not item.again])
        for item in final:
            if item.again:
                self._append(connection, item)
        self._keep(driver, fresh)
        return fresh

    def _prepare(self, driver: Driver, items: list[MovingItem]) -> None:
        """Accounts, types, policies and numbers."""
        profiles: set[str] = set()
        by_type: dict[str, list[MovingItem]] = defaultdict(list)
        for item in items:
            definition, mapped = item.instance.definition, item.mapped
            assert definition is not None
            assert mapped.state is not None
            assert mapped.policy is not None
            profiles |= mapped.profiles | self._setting.definition_people.get(definition.id, set())
            self._types.make(driver, definition, mapped.policy, mapped.state.policy_version_id)
            if not item.again:
                by_type[definition.id].append(item)
        self._accounts.make(driver, profiles)
        for id_, wanting in sorted(by_type.items()):
            given = self._types.numbers(driver, self._setting.types[id_], len(wanting))
            for item, number in zip(wanting, given, strict=True):
                give_number(item.mapped, number)

    def _copy(self, driver: Driver, items: list[MovingItem]) -> None:
        batch = RowBatch()
        for item in items:
            definition = item.instance.definition
            assert definition is not None
            kind = self._setting.type_of(definition)
            add_rows(batch, item.mapped, item.instance, kind, self._setting)
        if not items:
            return
        self._history = self._history or history_name(driver)
        REQUESTS.copy(driver, batch.requests)
        TASKS.copy(driver, batch.tasks)
        PARTICIPANTS.copy(driver, batch.participants)
        COMMENTS.copy(driver, batch.comments)
        STATES.copy(driver, batch.states)
        TEXTS.copy(driver, batch.texts)
        EVENTS.copy(driver, batch.events)
        HISTORY.copy(driver, batch.history, self._history)
        self.rows += batch.count

    def _append(self, connection: Connection, item: MovingItem) -> None:
        """A request that was given back and comes again: its record goes on. Nobody is told."""
        mapped = item.mapped
        assert mapped.state is not None
        first = mapped.events[0].seq
        record_batch(
            connection,
            RecordBatch(
                request_id=mapped.state.request_id,
                workflow_id=workflow_ref(item.instance),
                run_id="",
                workflow_type=workflow_type(WorkflowKind.APPROVAL),
                events=[RecordedEvent(kind_of(each), encode(each)) for each in mapped.events],
                state=encode(mapped.state),
            ),
        )
        driver = _driver(connection)
        key = [mapped.state.request_id]
        driver.execute(
            "UPDATE portal.requests SET policy_version_id = %s WHERE id = %s",
            [mapped.state.policy_version_id, *key],
        )
        driver.execute(
            "DELETE FROM portal.notifications WHERE request_id = %s AND seq >= %s", [*key, first]
        )

    def _keep(self, driver: Driver, items: list[MovingItem]) -> None:
        """What became of each, in portal.legacy_moves."""
        kept = [move_row(item, self._run_id) for item in items]
        driver.execute(KEEP, [json.dumps(kept)])


def move_row(item: MovingItem, run_id: str) -> Row:
    """What became of an instance, for portal.legacy_moves."""
    instance, mapped, state = item.instance, item.mapped, item.mapped.state
    runs = mapped.result in (InstanceResult.MOVED, InstanceResult.ON_HOLD)
    return {
        "instance_id": instance.id,
        "request_id": instance.request_id,
        "new_request_id": None if state is None else state.request_id,
        "workflow_id": instance.row.get("workflow_id"),
        "workflow_code": None if instance.definition is None else instance.definition.code,
        "old_state": instance.state,
        "kind": "active" if instance.state in ACTIVE_STATES else "finished",
        "result": mapped.result.value,
        "status": None if state is None else state.status.value,
        "number": None if state is None else state.number,
        "reasons": mapped.reasons,
        "questions": mapped.questions,
        "remarks": mapped.remarks,
        "workflow_ref": workflow_ref(instance) if runs else None,
        "run_id": run_id,
        "last_seq": None if state is None else state.seq,
    }


def refused(item: MovingItem, setting: Setting) -> str | None:
    """Why the database would not take what was made of the instance; None where it will.

    To be asked of instances with odd rows: a dry run has to know as well.
    """
    mapped, definition = item.mapped, item.instance.definition
    made: list[object] = [move_row(item, "")]
    if mapped.state is not None and definition is not None:
        policy, _ = general_policy(definition, setting)
        made += [*mapped.events, mapped.state, mapped.policy, policy]
    why = next((why for each in made if (why := unstorable(encode(each)))), None)
    return None if why is None else f"It could not be written: {why}."


def _driver(connection: Connection) -> Driver:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _is_away(error: Exception) -> bool:
    """Whether the database itself is gone, and not only one statement refused."""
    cause = getattr(error, "orig", None) or error
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
