"""The old rows of one instance while they are being changed, and how they are written."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from portal.legacy.engine import (
    FINISHED,
    UNDER_WAY,
    EngineStep,
    Instance,
    Row,
    action_in,
    delegation_in,
    note_in,
    with_note,
)


def old_key(at: datetime, *parts: str) -> str:
    """A UUIDv7 (RFC 9562) for a row: the same for the same time and parts, whoever makes it."""
    chance = int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:10])
    millis = int(at.timestamp() * 1000) & (1 << 48) - 1
    high = millis << 16 | 7 << 12 | chance >> 68
    low = 0b10 << 62 | chance & (1 << 62) - 1
    return str(UUID(int=high << 64 | low))


def stamp(at: datetime) -> str:
    """A time for a column timestamp(3): UTC, to the millisecond, without a zone."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class StepVerdict:
    """How an approval step ended: with whose word, when, and with which comment."""

    approved: bool
    by: tuple[str, ...] = ()
    comment: str = ""


def begin_step(row: Row, at: datetime, due: datetime | None = None) -> None:
    """The step is reached; one that is under way stays as it is, but for a new due date."""
    if row.get("status") not in UNDER_WAY:
        row["status"] = "IN_PROGRESS"
    if row.get("started_at") is None:
        row["started_at"] = stamp(at)
    if due is not None:
        row["due_date"] = stamp(due)


def end_step(row: Row, at: datetime, verdict: StepVerdict | None) -> None:
    """The step is done. `verdict`: of an approval; a rejection ends it as REJECTED."""
    row["status"] = "COMPLETED" if verdict is None or verdict.approved else "REJECTED"
    row["completed_at"] = stamp(at)
    if row.get("started_at") is None:
        row["started_at"] = stamp(at)
    if verdict is None:
        return
    row["result"] = _result(verdict, at)
    if len(verdict.by) == 1:
        row["assignee_id"] = verdict.by[0]


def leave_out_step(row: Row) -> None:
    """The step is not needed."""
    if row.get("status") not in FINISHED:
        row["status"] = "SKIPPED"


def reopen_step(row: Row, before: Row) -> None:
    """A decision was taken back: the step is under way again, as it was."""
    for name in ("status", "result", "completed_at", "assignee_id"):
        row[name] = before.get(name)
    if row["status"] not in UNDER_WAY:
        row["status"] = "IN_PROGRESS"


def begin_step_anew(row: Row, at: datetime) -> None:
    """Another round: the step is to come again, and earlier votes do not count in it.

    What it had come to before is kept in its metadata.
    """
    kept = {name: row.get(name) for name in ("status", "result", "completed_at", "assignee_id")}
    earlier = [*note_in(row).get("earlier", ()), kept]
    row["metadata"] = with_note(row, votesFrom=stamp(at), earlier=earlier)
    row.update(status="PENDING", result=None, started_at=None, completed_at=None)


def _result(verdict: StepVerdict, at: datetime) -> dict[str, Any]:
    result: dict[str, Any] = {"approved": verdict.approved, "at": stamp(at)}
    if verdict.by:
        result["by"] = verdict.by[-1]
    if verdict.comment:
        result["reason" if not verdict.approved else "comment"] = verdict.comment
    return result


ACTIONS, DELEGATIONS = "workflow_actions", "workflow_delegations"
ESCALATIONS, TRANSITIONS = "workflow_escalations", "workflow_transitions"
INSTANCES, STEPS = "workflow_instances", "workflow_step_instances"


@dataclass
class OldRows:
    """An instance's rows. `before` is as it was read; `added` are new rows by table."""

    before: Instance
    instance: Row = field(init=False)
    steps: dict[str, Row] = field(init=False)
    added: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.instance = dict(self.before.row)
        self.steps = {step.id: dict(step.row) for step in self.before.steps}

    def add(self, table: str, at: datetime, seq: int, **values: Any) -> Row:
        """A new row; its key follows from the event (`seq`) that it tells."""
        rows = self.added.setdefault(table, [])
        parts = (self.before.id, table, str(seq), str(len(rows)))
        row = {"id": old_key(at, *parts), **values}
        rows.append(row)
        return row

    def is_finished(self, step: EngineStep) -> bool:
        """Whether the step's row says now that nothing is left to do in it."""
        return self.steps[step.id].get("status") in FINISHED

    def changed_instance(self) -> Row:
        """The columns of the instance that differ."""
        return _differing(self.before.row, self.instance)

    def changed_steps(self) -> dict[str, Row]:
        """The columns that differ, by the step's key."""
        found = {step.id: _differing(step.row, self.steps[step.id]) for step in self.before.steps}
        return {id_: row for id_, row in found.items() if row}

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.changed_instance() or self.changed_steps() or any(self.added.values()))

    def as_instance(self) -> Instance:
        """The instance as it will be read after the rows are written."""
        escalations = (*self.before.escalations, *self.added.get(ESCALATIONS, ()))
        transitions = (*self.before.transitions, *self.added.get(TRANSITIONS, ()))
        steps = tuple(self._step(step) for step in self.before.steps)
        return replace(
            self.before, row=self.instance, steps=steps, escalations=escalations,
            transitions=transitions,
        )  # fmt: skip

    def _step(self, step: EngineStep) -> EngineStep:
        row = self.steps[step.id]
        actions = [r for r in self.added.get(ACTIONS, ()) if r["step_instance_id"] == step.id]
        links = [r for r in self.added.get(DELEGATIONS, ()) if r["step_instance_id"] == step.id]
        return replace(
            step,
            status=str(row.get("status")),
            row=row,
            actions=(*step.actions, *map(action_in, actions)),
            delegations=(*step.delegations, *map(delegation_in, links)),
        )


def _differing(before: Row, after: Row) -> Row:
    return {name: value for name, value in after.items() if before.get(name) != value}


Driver = psycopg.Connection[Any]
ADDED = (ACTIONS, DELEGATIONS, ESCALATIONS, TRANSITIONS)

COLUMNS = """
SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
WHERE table_schema = %s GROUP BY 1
"""


class RowGone(Exception):
    """An old row is not there any more; the message names table and key."""


class EngineTables:
    """The engine's tables in one schema; a column that they lack is left out."""

    def __init__(self, driver: Driver, schema: str) -> None:
        self._driver = driver
        self._schema = schema
        found = driver.execute(COLUMNS, [schema]).fetchall()
        self._columns: dict[str, set[str]] = {table: set(names) for table, names in found}

    def update(self, rows: OldRows) -> None:
        """Write what changed of an instance that is there. Raises RowGone."""
        self._change(INSTANCES, rows.before.id, rows.changed_instance())
        for id_, columns in rows.changed_steps().items():
            self._change(STEPS, id_, columns)
        self._add(rows)

    def insert(self, rows: OldRows) -> None:
        """Write an instance that began here."""
        self._insert(INSTANCES, [rows.instance])
        self._insert(STEPS, list(rows.steps.values()))
        self._add(rows)

    def _add(self, rows: OldRows) -> None:
        for table in ADDED:
            self._insert(table, rows.added.get(table, []))

    def _insert(self, table: str, rows: list[Row]) -> None:
        if not rows:
            return
        statement = sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {columns}"
            " FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) ON CONFLICT (id) DO NOTHING"
        ).format(**self._names(table, rows[0]))
        self._driver.execute(statement, [json.dumps(rows)])

    def _change(self, table: str, key: str, columns: Row) -> None:
        if not columns:
            return
        statement = sql.SQL(
            "UPDATE {table} SET ({columns}) = (SELECT {columns}"
            " FROM jsonb_populate_record(NULL::{table}, %s::jsonb)) WHERE id = %s"
        ).format(**self._names(table, columns))
        if self._driver.execute(statement, [json.dumps(columns), key]).rowcount != 1:
            raise RowGone(f"The row {key} of {table} is gone.")

    def _names(self, table: str, row: Row) -> dict[str, sql.Composable]:
        known = [name for name in row if name in self._columns.get(table, ())]
        columns = sql.SQL(", ").join(map(sql.Identifier, known))
        return {"table": sql.Identifier(self._schema, table), "columns": columns}
