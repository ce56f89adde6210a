"""The record activity: a batch of events, and all that follows from it, in one transaction.

Safe to run twice: the request's row is locked, and events up to its `last_seq` are in the record
already. If those differ from the batch, a worker died between commit and answer and the workflow
went another way; then nothing is written and the workflow is told what the record says.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import sqlalchemy.exc
from sqlalchemy import Connection, Engine, text
from temporalio import activity
from temporalio.exceptions import ApplicationError

from portal.activities import statements
from portal.activities.troubles import told
from portal.activities.writing import Writing
from portal.domain.codec import decode, encode
from portal.domain.errors import CannotDecode, DomainError, Refusal
from portal.domain.request.apply import apply, evolve
from portal.domain.request.commands import COMMANDS
from portal.domain.request.events import EVENTS, SYSTEM, CommandRefused, Event
from portal.domain.request.state import Approval
from portal.extensions import pipelined
from portal.models.recorded import recorded_events
from portal.models.states import kept_state
from portal.workflows.messages import RecordAnswer, RecordBatch, RecordedEvent
from portal.workflows.ports import Recorder

# Raw: locks one table of a join with a view.
LAST_RUN = text("""
SELECT h.temporal_workflow_id, h.temporal_run_id, h.workflow_type
FROM portal.requests r JOIN portal.workflow_history h ON h.id = r.id::text
WHERE r.id = CAST(:id AS uuid) FOR UPDATE OF r
""")
# Trying again cannot help: the batch itself does not fit. Everything else is tried again.
PERMANENT = (
    sqlalchemy.exc.DataError,
    sqlalchemy.exc.IntegrityError,
    psycopg.DataError,
    psycopg.IntegrityError,
    DomainError,
    ValueError,
)


class RecordBehind(Exception):
    """The record lacks events before the batch, as after restoring an old backup; see reconcile."""


class RecordActivity(Recorder):
    """The recorder on PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @activity.defn(name="record")
    def record(self, batch: RecordBatch) -> RecordAnswer:
        """Record a batch (see the port). Raises ApplicationError, not retryable, for bad data."""
        with told(self._engine):
            return self._recorded(batch)

    def _recorded(self, batch: RecordBatch) -> RecordAnswer:
        try:
            try:
                return self._record(batch)
            except psycopg.errors.UniqueViolation:
                # Another worker recorded the request's first batch while this one was under way.
                return self._record(batch)
        except PERMANENT as error:
            # Without the error itself: its details quote the row, and Temporal keeps plain text.
            raise ApplicationError(
                f"The record cannot take this batch: {_cause(error)}",
                type="CannotRecord",
                non_retryable=True,
            ) from None

    def _record(self, batch: RecordBatch) -> RecordAnswer:
        """The whole transaction in two trips to the server: lock and read; write and commit."""
        with pipelined(self._engine) as connection:
            return record_batch(connection, batch)


def _cause(error: Exception) -> str:
    original = getattr(error, "orig", error)
    if isinstance(original, psycopg.Error):
        return original.diag.message_primary or type(original).__name__
    return str(error)


def record_batch(connection: Connection, batch: RecordBatch) -> RecordAnswer:
    """Record a batch in the caller's transaction; an answer with events means nothing was written.

    Raises RecordBehind if events before the batch are missing, DomainError (CannotDecode) for a
    batch that does not decode, and the driver's errors.
    """
    events = [_decode(each.kind, each.data) for each in batch.events]
    if not events:
        return RecordAnswer()
    writing = Writing(connection, batch)
    before = writing.begin(events)
    told = _differing(connection, events, before.last_seq)
    fresh = [event for event in events if event.seq > before.last_seq]
    if told or not fresh:
        return RecordAnswer(recorded=_as_messages(told))
    if fresh[0].seq != before.last_seq + 1:
        raise RecordBehind(
            f"Request {batch.request_id}: event {fresh[0].seq} came after {before.last_seq}."
        )
    writing.write(fresh, before)
    return RecordAnswer()


def refuse_late(connection: Connection, command_row: Mapping[str, Any]) -> None:
    """Answer a command whose workflow has closed, in the caller's transaction: it is refused.

    `command_row` has the columns of `portal.commands`. The domain's own rules give the reason, and
    doing it twice changes nothing. Raises LookupError if nothing is recorded of the request, and
    ValueError if it is open: then its workflow has to be brought back instead.
    """
    row = connection.execute(LAST_RUN, {"id": command_row["request_id"]}).first()
    if row is None:
        raise LookupError(f"Nothing is recorded of request {command_row['request_id']}.")
    state = kept_state(connection, command_row["request_id"])
    if state.is_open:
        raise ValueError(f"Request {state.number} is open: its commands belong to its workflow.")
    events = _answer(state, command_row)
    if not events:
        # It had its answer before; only the command's row does not know.
        answered = {"request": state.request_id, "command": command_row["id"]}
        connection.execute(text(statements.REPEAT_OUTCOME), answered)
        return
    for event in events:
        state = evolve(state, event)
    batch = RecordBatch(
        request_id=state.request_id,
        workflow_id=row.temporal_workflow_id,
        run_id=row.temporal_run_id,
        workflow_type=row.workflow_type,
        events=_as_messages(events),
        state=encode(state),
    )
    record_batch(connection, batch)


def _answer(state: Approval, row: Mapping[str, Any]) -> list[Event]:
    """What the closed request says to a command; one that cannot be read is simply refused."""
    now = datetime.now(UTC)
    try:
        command = decode(COMMANDS[row["kind"]], row["payload"])
    except (KeyError, CannotDecode):
        if row["id"] in state.handled:
            return []
        refused = CommandRefused(
            request_id=state.request_id,
            seq=state.seq + 1,
            at=now,
            actor=row["actor_id"] or SYSTEM,
            command_id=row["id"],
            kind=row["kind"],
            reason=Refusal.CLOSED.value,
        )
        return [refused]
    return apply(state, command, now)


def _decode(kind: str, data: dict[str, object]) -> Event:
    known = EVENTS.get(kind)
    if known is None:
        raise DomainError(f"This version of the portal does not know the event {kind}.")
    return decode(known, data)


def _differing(connection: Connection, events: Sequence[Event], last_seq: int) -> list[Event]:
    """What the record says from the batch's first number on, if that is not what the batch says."""
    given = [event for event in events if event.seq <= last_seq]
    if not given:
        return []
    recorded = recorded_events(connection, given[0].request_id, given[0].seq)
    return [] if recorded[: len(given)] == given else recorded


def _as_messages(events: Sequence[Event]) -> list[RecordedEvent]:
    """Events in the form in which they travel."""
    return [RecordedEvent(kind=type(event).__name__, data=encode(event)) for event in events]
