"""The old tables as the comparison reads them: whatever a database lacks is empty there.

The mover reads rows as JSON, so that it needs no table and no column beside the instances and their
definitions. Statements need names; here they get a query in place of what is missing.
"""

from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[Any]

TIME, FLAG, JSON, WHOLE = "timestamp", "boolean", "jsonb", "integer"
# What is read of each table, with the type of what is no text.
READ: dict[str, dict[str, str]] = {
    "workflows": {"id": "", "code": "", "created_by": "", "steps": JSON},
    "workflow_instances": {
        "id": "", "workflow_id": "", "request_id": "", "initiator_id": "", "state": "",
        "metadata": JSON,
    },
    "workflow_step_instances": {
        "id": "", "instance_id": "", "step_index": WHOLE, "step_type": "", "status": "",
        "assignee_id": "", "started_at": TIME, "result": JSON, "metadata": JSON,
        "step_definition": JSON,
    },
    "workflow_actions": {
        "id": "", "step_instance_id": "", "action": "", "actor_id": "", "data": JSON,
        "performed_at": TIME,
    },
    "workflow_delegations": {
        "id": "", "instance_id": "", "step_instance_id": "", "delegated_from_id": "",
        "delegated_to_id": "", "is_active": FLAG, "revoked_at": TIME, "expires_at": TIME,
        "created_at": TIME,
    },
    "workflow_escalations": {"id": "", "instance_id": ""},
    "workflow_transitions": {"id": "", "instance_id": ""},
    "user_profiles": {"id": "", "is_active": FLAG},
    "roles": {"id": "", "code": "", "is_active": FLAG},
    "user_roles": {
        "id": "", "role_id": "", "user_profile_id": "", "is_active": FLAG, "valid_from": TIME,
        "valid_until": TIME,
    },
    "positions": {"id": "", "code": "", "is_active": FLAG},
    "position_hierarchy": {"position_id": "", "reports_to_id": ""},
    "user_positions": {
        "id": "", "user_profile_id": "", "position_id": "", "is_active": FLAG, "start_date": TIME,
        "end_date": TIME,
    },
}  # fmt: skip
ENGINE = frozenset(name for name in READ if name.startswith("workflow"))
COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s
"""
# JSON that jsonb does not take reads as nothing; the mover does not move such a row either. Without
# escaped backslashes and whole pairs of halves, what is left of an escape is half a character.
AS_JSONB = r"""CASE WHEN regexp_replace(replace({0}::text, '\\', ''),
    '\\u[dD][89abAB]..\\u[dD][c-fC-F]..', '', 'g') !~ '\\u(0000|[dD][89a-fA-F])'
    THEN {0}::jsonb END AS {0}"""


class OldTables:
    """The tables by name, the engine's in `schema`. `missing`: those that are not there."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self.missing: list[str] = []
        self._found = {name: self._relation(connection, schema, name) for name in READ}

    def __getitem__(self, name: str) -> sql.Composable:
        """What stands for the table behind FROM; it needs an alias."""
        return self._found[name]

    def fill(self, question: str, short: dict[str, str], **more: sql.Composable) -> sql.Composed:
        """The question with its tables, by short names for them."""
        return sql.SQL(question).format(**{s: self[name] for s, name in short.items()}, **more)

    def _relation(self, connection: Connection, schema: str, name: str) -> sql.Composable:
        own = schema if name in ENGINE else "gloria_ops"
        there = dict(connection.execute(COLUMNS, [own, name]).fetchall())
        if not there:
            self.missing.append(f"{own}.{name}")
        odd = [n for n, kind in READ[name].items() if kind == JSON and there.get(n) != JSON]
        table = sql.Identifier(own, name)
        if there.keys() >= READ[name].keys() and not odd:
            return table
        cells = sql.SQL(", ").join(
            _cell(column, kind, there.get(column)) for column, kind in READ[name].items()
        )
        rows = sql.SQL("FROM {}").format(table) if there else sql.SQL("WHERE false")
        return sql.SQL("(SELECT {} {})").format(cells, rows)


def _cell(column: str, kind: str, there: str | None) -> sql.Composable:
    name = sql.Identifier(column)
    if there is None:
        # A flag that is not there was never taken away.
        value = "true" if kind == FLAG else f"NULL::{kind or 'text'}"
        return sql.SQL(f"{value} AS {{}}").format(name)
    return sql.SQL(AS_JSONB).format(name) if kind == JSON and there != kind else name
