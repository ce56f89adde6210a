"""Rows into tables by COPY: the fast way for very many rows that are new."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB

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

Connection = psycopg.Connection[Any]
Row = dict[str, Any]


_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Target:
    """A table of ours, its columns in order, and which of them hold JSON."""

    def __init__(self, model: Any) -> None:
        table: Table = model.__table__
        columns = [column for column in table.columns if column.computed is None]
        self.schema, self.name = table.schema or "portal", table.name
        self.columns = [column.name for column in columns]
        self.json = frozenset(c.name for c in columns if isinstance(c.type, JSONB))

    def copy(self, connection: Connection, rows: Iterable[Row], name: str | None = None) -> int:
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


def history_name(connection: Connection) -> str:
    """The name our workflow_history has now: before the cutover it waits under another."""
    found = connection.execute("SELECT to_regclass('gloria_ops.workflow_history_next')").fetchone()
    waits = found is not None and found[0] is not None
    return "workflow_history_next" if waits else "workflow_history"
