"""Writing a batch: lock and read, then all projections in one statement, then the events.

Trips to the server take most of a batch's time, so there are few: the statements go straight to the
driver, and a caller that opens the driver's pipeline has them sent together with its commit.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg import Cursor
from sqlalchemy import Connection

from portal.activities import statements
from portal.activities.chaining import RecordRows, chain_events
from portal.activities.hooks import hook_rows
from portal.activities.projection import SOMEBODY, Row, Rows, people_in, request_columns
from portal.activities.texts import project
from portal.domain.codec import decode, decode_text, encode
from portal.domain.notices.composers import Assignment, ComposeContext
from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.apply import fold
from portal.domain.request.events import AttentionNeeded, Event, RequestSubmitted
from portal.domain.request.reasons import Reason
from portal.domain.request.state import Approval
from portal.extensions import driver_of, for_driver
from portal.models.columns import new_id
from portal.models.recorded import recorded_events
from portal.models.states import SHAPE, state_row
from portal.notifications.compose import compose, needs_tasks
from portal.workflows.messages import RecordBatch

Statement = tuple[str, dict[str, Any]]


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Reason):
        return encode(value)
    raise TypeError(f"{type(value).__name__} has no place in a row")


# What a request is about elsewhere; known with its first event, and in its row from then on.
PLACE = ("module", "entity_type", "entity_id", "type_code")
_ENCODER = json.JSONEncoder(default=_as_json, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class Before:
    """What is recorded of the request before the batch. `is_there`: it has a row."""

    state: Approval
    is_there: bool = False
    last_seq: int = 0
    last_hash: str = ""
    run_id: str | None = None


class Writing:
    """One batch on its way into the database, inside the caller's transaction.

    The state after it is the record's own fold. That of the workflow says only whose names to
    fetch: a workflow that began under an older version of the portal may know less.
    """

    def __init__(self, connection: Connection, batch: RecordBatch) -> None:
        self._connection = connection
        self._driver = driver_of(connection)
        self._batch = batch
        self._state = Approval(request_id=batch.request_id)
        self._names: dict[str, str] = {}
        self._tasks: list[tuple[str, str, str, int, int]] = []

    def begin(self, events: Sequence[Event]) -> Before:
        """Lock the request's row and read what is needed of it, and the people's names."""
        request_id = self._batch.request_id
        people = sorted(people_in(events, decode(Approval, self._batch.state)))
        given = {"people": people, "id": request_id}
        if needs_tasks(events):
            *row, self._tasks, self._names = self._one(statements.LOCK_WITH_TASKS, given)
        else:
            *row, self._names = self._one(statements.LOCK_REQUEST, given)
        last_seq, last_hash, seq, shape, state, run_id = row
        if last_seq is None:
            return self._without_request(events)
        is_kept = (seq, shape) == (last_seq, SHAPE)
        known = decode_text(Approval, state) if is_kept else self._fold()
        return Before(
            state=known, is_there=True, last_seq=last_seq, last_hash=last_hash, run_id=run_id
        )

    def _one(self, statement: str, values: dict[str, Any]) -> Any:
        row = self._execute(statement, values).fetchone()
        assert row is not None
        return row

    def _execute(self, statement: str, values: dict[str, Any]) -> Cursor[Any]:
        return self._driver.execute(for_driver(statement), values)

    def _fold(self) -> Approval:
        request_id = self._batch.request_id
        return fold(request_id, recorded_events(self._connection, request_id))

    def _without_request(self, events: Sequence[Event]) -> Before:
        """Commands may have been refused before any request began: those events are a chain, too.

        There is no row to lock, so the lock is on the id.
        """
        request_id = self._batch.request_id
        if events[0].seq == 1 and isinstance(events[0], RequestSubmitted):
            return Before(state=self._state)
        self._execute(statements.LOCK_ID, {"id": request_id})
        last = self._execute(statements.LAST_EVENT, {"id": request_id}).fetchone()
        if last is None:
            return Before(state=self._state)
        return Before(state=self._fold(), last_seq=last[0], last_hash=last[1])

    def write(self, events: Sequence[Event], before: Before) -> None:
        """Write everything that follows from these events; they come right after `before`.

        Raises UniqueViolation if another transaction made the request's row meanwhile.
        """
        given = [each for each in self._batch.events if each.data["seq"] > before.last_seq]
        chained = chain_events(before.last_hash, given)
        rows, self._state = project(before.state, events)
        self._complete_names()
        # A submit that was refused began no request: there is only the answer to it.
        around = self._around(events, before, rows, chained) if self._state.round else []
        self._run(
            [
                *around,
                _with(statements.KEEP_STATE, [state_row(self._state)]),
                _changes(statements.APPLY_COMMANDS, rows.outcomes),
                _texts(chained),
            ],
            _events(chained),
        )

    def _complete_names(self) -> None:
        """Fetch the names of those of whom only the record knew; mostly there are none."""
        missing = sorted(people_in((), self._state) - self._names.keys())
        if missing:
            rows = self._execute(statements.NAMES, {"people": missing})
            self._names |= {row[0]: row[1] for row in rows}

    def _run(self, batch: Iterable[Statement | None], last: Statement) -> None:
        """Run all as one statement, then the last."""
        given = [statement for statement in batch if statement is not None]
        if given:
            together = statements.together(tuple(text for text, _ in given))
            values = {
                f"{name}_{number}": value
                for number, (_, values) in enumerate(given)
                for name, value in values.items()
            }
            self._driver.execute(together, values)
        self._execute(*last)

    def _around(
        self, events: Sequence[Event], before: Before, rows: Rows, chained: RecordRows
    ) -> Iterable[Statement | None]:
        """The request's row and those around it."""
        state = self._state
        request = self._request_row(events, before) | {"last_hash": chained.last_hash}
        if before.is_there:
            yield _with(_update_of(before.state, state), [request], id=state.request_id)
        else:
            yield _with(statements.INSERT_REQUEST, [request])
        notices = compose(events, self._compose_context(events, before))
        yield _given(statements.INSERT_TASKS, rows.tasks.values())
        yield _changes(statements.CHANGE_TASKS, rows.task_changes)
        yield _given(
            statements.INSERT_PARTICIPANTS,
            [
                {
                    "request_id": state.request_id,
                    "user_id": person,
                    "submitted_at": state.submitted_at,
                }
                for person in rows.participants
            ],
        )
        if rows.undone:
            yield statements.UNDO_COMMENTS, {"id": state.request_id, "tasks": rows.undone}
        yield _given(statements.INSERT_COMMENTS, rows.comments)
        yield _given(
            statements.INSERT_NOTIFICATIONS,
            [
                asdict(notice)
                | {"id": new_id(), "request_id": state.request_id, "number": state.number}
                for notice in notices
            ],
        )
        yield self._hooks(events)
        if not state.is_open:
            yield _given(statements.FACTS_DUE, [{"request_id": state.request_id}])
        if not before.is_there or not state.is_open or before.run_id != self._batch.run_id:
            yield _given(statements.UPSERT_WORKFLOW, [self._workflow_row()])

    def _hooks(self, events: Sequence[Event]) -> Statement | None:
        """What other programs are told, to those endpoints that want it."""
        state = self._state
        rows = hook_rows(events, state, self._names, self._batch.workflow_id)
        if not rows:
            return None
        known = {"type_code": state.type_code} | _submitted_columns(events)
        place = json.dumps({name: known.get(name) for name in PLACE})
        return _with(statements.INSERT_HOOKS, rows, id=state.request_id, place=place)

    def _request_row(self, events: Sequence[Event], before: Before) -> dict[str, Any]:
        state = self._state
        row = request_columns(state, self._names, events[-1].at) | {"id": state.request_id}
        if not before.is_there:
            row |= {
                "number": state.number,
                "type_code": state.type_code,
                "workflow": _kind(self._batch),
                "requester_id": state.requester_id,
                "requester_name": self._names.get(state.requester_id, SOMEBODY),
                "on_behalf_of": state.on_behalf_of,
                "priority": state.priority,
                "submitted_at": state.submitted_at,
            }
            row |= _submitted_columns(events)
        return row

    def _workflow_row(self) -> dict[str, Any]:
        """The row that other systems read; its shape is that of `legacy-engine.md`."""
        state, batch = self._state, self._batch
        return {
            "id": state.request_id,
            "workflow_type": batch.workflow_type,
            "request_id": state.request_id,
            "temporal_workflow_id": batch.workflow_id,
            "temporal_run_id": batch.run_id,
            "status": "STARTED" if state.is_open else state.status,
            "initiator_id": state.requester_id,
            "started_at": state.submitted_at,
            "completed_at": state.closed_at,
            "metadata": {"number": state.number, "request_type": state.type_code},
        }

    def _compose_context(self, events: Sequence[Event], before: Before) -> ComposeContext:
        state = self._state
        context = ComposeContext(
            title=before.state.content.title,
            requester_id=state.requester_id,
            on_behalf_of=state.on_behalf_of,
            names=self._names,
            assignees={
                task: person for task, person, status, *_ in self._tasks if status == "OPEN"
            },
            assignments={
                task: Assignment(
                    person_id=person, place=(round_, index), decided=status == "DECIDED"
                )
                for task, person, status, round_, index in self._tasks
            },
        )
        if any(isinstance(event, AttentionNeeded) for event in events):
            context.admins = [row[0] for row in self._execute(statements.ADMINS, {})]
        return context


def _given(statement: str, rows: Iterable[Row]) -> Statement | None:
    """A statement with its rows; None without rows."""
    listed = list(rows)
    return _with(statement, listed) if listed else None


def _changes(statement: str, rows: dict[str, Row]) -> Statement | None:
    """An update with its rows by id; None without rows."""
    return _with(statement, list(rows.values()), ids=list(rows)) if rows else None


def _with(statement: str, rows: list[Row], **more: Any) -> Statement:
    return statement, {"rows": _ENCODER.encode(rows), **more}


def _texts(chained: RecordRows) -> Statement | None:
    return _given(statements.INSERT_TEXTS, chained.texts)


def _events(chained: RecordRows) -> Statement:
    return _with(statements.INSERT_EVENTS, chained.events)


def _kind(batch: RecordBatch) -> WorkflowKind:
    simple = batch.workflow_type.startswith("Simple")
    return WorkflowKind.SIMPLE if simple else WorkflowKind.APPROVAL


def _update_of(before: Approval, after: Approval) -> str:
    changed = before.content_version != after.content_version
    return statements.UPDATE_CONTENT if changed else statements.UPDATE_STANDING


def _submitted_columns(events: Sequence[Event]) -> dict[str, Any]:
    """What only the first event knows."""
    for event in events:
        if isinstance(event, RequestSubmitted):
            return {
                "module": event.module,
                "entity_type": event.entity_type,
                "entity_id": event.entity_id,
                "meta": encode(event.metadata),
                "due_at": event.due_at,
            }
    return {"meta": {}}
