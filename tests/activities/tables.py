"""What the projections hold, without what differs from try to try: ids made on the way, clocks."""

from typing import Any

from sqlalchemy import Connection, text

QUERIES = {
    "requests": "SELECT to_jsonb(r) - 'search' - 'last_hash' AS row FROM portal.requests r",
    # The deadline of a task that is over says nothing any more.
    "tasks": """SELECT CASE status WHEN 'OPEN' THEN to_jsonb(t) ELSE to_jsonb(t) - 'due_at' END
        AS row FROM portal.tasks t ORDER BY id""",
    "participants": "SELECT to_jsonb(p) AS row FROM portal.participants p ORDER BY user_id",
    "comments": "SELECT to_jsonb(c) - 'id' AS row FROM portal.comments c ORDER BY seq",
    "commands": "SELECT to_jsonb(c) - '{applied_at,delivered_at,created_at,next_attempt_at}'"
    "::text[] AS row FROM portal.commands c ORDER BY id",
    "notifications": """SELECT to_jsonb(n) - 'id' AS row FROM portal.notifications n
        ORDER BY seq, kind, user_id""",
    "workflow": "SELECT to_jsonb(h) - 'created_at' AS row FROM gloria_ops.workflow_history h",
    "events": """SELECT jsonb_build_array(seq, at, kind, actor, command_id) AS row
        FROM portal.audit_events ORDER BY seq""",
    "texts": "SELECT to_jsonb(t) - 'salt' AS row FROM portal.audit_texts t ORDER BY seq, name",
}


def contents(connection: Connection) -> dict[str, list[Any]]:
    """Every table's rows, in a stable order."""
    return {name: rows(connection, name) for name in QUERIES}


def rows(connection: Connection, name: str) -> list[Any]:
    """One table's rows."""
    return list(connection.scalars(text(QUERIES[name])))
