"""Rows into the old tables by COPY, in text form, many at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from portal.legacy.tables import old_tables

BLOCK = 20_000
ORDER = (
    "data_karyawan", "user_profiles", "roles", "user_roles", "schools", "departments", "positions",
    "position_hierarchy", "user_positions", "approval_delegations", "workflows",
    "workflow_history", "workflow_instances", "workflow_step_instances", "workflow_actions",
    "workflow_delegations", "workflow_escalations", "workflow_transitions",
)  # fmt: skip


def line(values: Iterable[object]) -> str:
    """One row in COPY's text form."""
    return "\t".join([_field(value) for value in values])


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        if "\\" in value:
            value = value.replace("\\", "\\\\")
        if "\n" in value or "\t" in value or "\r" in value:
            value = value.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
        return value
    if value is True or value is False:
        return "t" if value else "f"
    return str(value)


class Copier:
    """Collects rows by table and copies them in an order that foreign keys allow."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._lines: dict[str, list[str]] = defaultdict(list)
        self._columns: dict[str, tuple[str, ...]] = {}
        self.count = 0

    def columns(self, table: str, *names: str) -> None:
        """Which columns the rows of a table have; the others take their defaults."""
        self._columns[table] = names

    def add(self, table: str, *values: object) -> None:
        """One row."""
        self._lines[table].append(line(values))
        self.count += 1

    def add_all(self, table: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Rows with names; all of them have the same ones."""
        for row in rows:
            self._columns.setdefault(table, tuple(row))
            self.add(table, *row.values())

    @property
    def is_full(self) -> bool:
        """Whether it is time to flush."""
        return len(self._lines["workflow_step_instances"]) >= BLOCK

    def flush(self) -> None:
        """Copy what was collected."""
        for name in ORDER:
            lines = self._lines.pop(name, None)
            if not lines:
                continue
            table = old_tables()[name]
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(table.schema or "", name),
                sql.SQL(", ").join(map(sql.Identifier, self._columns[name])),
            )
            with self._connection.cursor().copy(statement) as copy:
                copy.write("\n".join(lines) + "\n")


def stamp(at: datetime) -> str:
    """A time as the old tables keep it: naive, UTC, milliseconds."""
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"
