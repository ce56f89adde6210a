"""Writing rows into the old tables: as JSON, so that types and enums are the tables' own."""

import json
from typing import Any

import psycopg
from psycopg import sql

from portal.legacy.back.rows import (
    ACTIONS,
    DELEGATIONS,
    ESCALATIONS,
    INSTANCES,
    STEPS,
    TRANSITIONS,
    OldRows,
)
from portal.legacy.records import Row

Driver = psycopg.Connection[Any]
ADDED = (ACTIONS, DELEGATIONS, ESCALATIONS, TRANSITIONS)

COLUMNS = """
SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
WHERE table_schema = %s GROUP BY 1
"""


class RowGone(Exception):
    """An old row is not there any more; the message names table and key."""


class Store:
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
