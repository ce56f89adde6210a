"""Makes the old engine's database: schemas, tables, enums, indexes, and keys that tie others."""

from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import create_engine

from portal.legacy.cutover.chain import REVISION, newest
from portal.legacy.tables import MASTER, OPS, old_tables

INDEXES = (
    ("workflow_instances", "state"), ("workflow_instances", "workflow_id"),
    ("workflow_instances", "initiator_id"), ("workflow_step_instances", "assignee_id"),
    ("workflow_step_instances", "status"), ("workflow_actions", "step_instance_id"),
    ("workflow_delegations", "instance_id"), ("workflow_escalations", "instance_id"),
    ("workflow_transitions", "instance_id"),
)  # fmt: skip

# table, column, name, table it points to: such keys exist in some databases, on some column.
TIES = (
    ("user_profiles", "delegated_workflow_id", "user_profiles_delegated_workflows_fkey",
     "workflow_delegations"),
    ("user_profiles", "received_delegation_id", "user_profiles_received_delegations_fkey",
     "workflow_delegations"),
    ("user_profiles", "escalated_workflow_id", "user_profiles_escalated_workflows_fkey",
     "workflow_escalations"),
    ("schools", "default_workflow_id", "schools_workflows_fkey", "workflows"),
    ("departments", "default_workflow_id", "departments_workflows_fkey", "workflows"),
)  # fmt: skip


def make_tables(url: str, *, ties: bool = True) -> None:
    """Make the schemas and everything in them. Raises ProgrammingError where they are already."""
    with psycopg.connect(url) as connection:
        for schema in (MASTER, OPS):
            statement = sql.SQL("CREATE SCHEMA IF NOT EXISTS {}")
            connection.execute(statement.format(sql.Identifier(schema)))
        _make_room(connection)
    engine = create_engine("postgresql+psycopg" + url[url.index("://") :])
    with engine.begin() as begun:
        old_tables().metadata.create_all(begun, checkfirst=False)
    engine.dispose()
    with psycopg.connect(url) as connection:
        for table, column in INDEXES:
            make_index = sql.SQL("CREATE INDEX {} ON {} ({})")
            name = sql.Identifier(f"{table}_{column}_idx")
            connection.execute(make_index.format(name, _in_ops(table), sql.Identifier(column)))
        if ties:
            for tie in TIES:
                _tie(connection, *tie)


def is_made(url: str, schema: str = OPS) -> bool:
    """Whether the engine's instances are there."""
    with psycopg.connect(url) as connection:
        name = f"{schema}.workflow_instances"
        found = connection.execute("SELECT to_regclass(%s)", [name]).fetchone()
    return found is not None and found[0] is not None


def _make_room(connection: psycopg.Connection[Any]) -> None:
    """Where the portal was there first, its workflow_history waits aside, as before a cutover."""
    ours = connection.execute(
        "SELECT 1 FROM information_schema.columns WHERE table_schema = 'gloria_ops'"
        " AND table_name = 'workflow_history' AND column_name = 'temporal_workflow_id'"
    ).fetchone()
    if ours is not None:
        connection.execute(
            "ALTER TABLE gloria_ops.workflow_history RENAME TO workflow_history_next"
        )
        connection.execute(
            "UPDATE portal.alembic_version SET version_num = %s WHERE version_num = %s",
            [newest(), REVISION],
        )
        connection.execute("COMMENT ON TABLE portal.alembic_version IS NULL")


def _tie(
    connection: psycopg.Connection[Any], table: str, column: str, name: str, target: str
) -> None:
    parts = [_in_ops(table), sql.Identifier(column), sql.Identifier(name), _in_ops(target)]
    statement = sql.SQL(
        "ALTER TABLE {0} ADD COLUMN {1} text, ADD CONSTRAINT {2} FOREIGN KEY ({1}) REFERENCES {3}"
    )
    connection.execute(statement.format(*parts))


def _in_ops(table: str) -> sql.Identifier:
    return sql.Identifier(OPS, table)
