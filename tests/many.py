"""Very many requests, tasks and participants, as the record activity would have left them.

Made by the database itself, for lists have to stay quick however long they could be.
"""

from typing import Any

from sqlalchemy import Connection, text

REQUESTS = text("""
INSERT INTO portal.requests (id, number, type_code, type_name, policy_version_id, requester_id,
    requester_name, title, fields, amount, currency, priority, status, round, content_version,
    content_hash, last_seq, last_hash, submitted_at, updated_at, closed_at, next_at, attention)
SELECT gen_random_uuid(), 'MA-' || n, (ARRAY['chairs', 'tables', 'lamps'])[1 + n % 3],
    (ARRAY['Chairs', 'Tables', 'Lamps'])[1 + n % 3], CAST(:version AS uuid),
    (CAST(:requesters AS uuid[]))[1 + n % cardinality(CAST(:requesters AS uuid[]))],
    'Person ' || n % cardinality(CAST(:requesters AS uuid[])),
    (ARRAY['Oak', 'Beech', 'Walnut'])[1 + n % 3] || ' piece ' || n, '{}', n, 'EUR', 'MEDIUM',
    CASE WHEN n % 19 = 0 THEN 'PENDING' WHEN n % 97 = 0 THEN 'WITHDRAWN'
        WHEN n % 7 = 0 THEN 'REJECTED' ELSE 'APPROVED' END, 1, 1, '0', 1, '0',
    now() - n * interval '5 minutes', now() - n * interval '5 minutes',
    CASE WHEN n % 19 = 0 THEN NULL ELSE now() END,
    CASE WHEN n % 19 = 0 THEN now() + interval '1 day' END,
    CASE WHEN n % 1900 = 0 THEN 'Nobody was found.' END
FROM generate_series(1, :number) n
""")
PARTICIPANTS = text("""
INSERT INTO portal.participants (request_id, user_id, submitted_at)
SELECT id, requester_id, submitted_at FROM portal.requests ON CONFLICT DO NOTHING
""")
TASKS = text("""
INSERT INTO portal.tasks (id, request_id, requester_id, round, stage_index, stage_key, stage_name,
    assignee_id, status, opened_at, due_at, content_version, why)
SELECT gen_random_uuid(), id, requester_id, 1, 0, 'manager', 'Manager', CAST(:assignee AS uuid),
    'OPEN', submitted_at, CASE WHEN amount % 11 = 0 THEN NULL
        ELSE now() + (amount % 400 - 100) * interval '1 hour' END, 1, '{}'
FROM portal.requests WHERE number LIKE 'MA-%' AND requester_id <> CAST(:assignee AS uuid)
ORDER BY submitted_at DESC LIMIT :number
""")
SEEN = text("""
INSERT INTO portal.participants (request_id, user_id, submitted_at)
SELECT t.request_id, t.assignee_id, r.submitted_at
FROM portal.tasks t JOIN portal.requests r ON r.id = t.request_id ON CONFLICT DO NOTHING
""")


def fill(connection: Connection, version: str, requesters: list[str], number: int) -> None:
    """So many requests, one every five minutes back from now, asked for by these people in turn."""
    values: dict[str, Any] = {"version": version, "requesters": requesters, "number": number}
    connection.execute(REQUESTS, values)
    connection.execute(PARTICIPANTS)


def give_tasks(connection: Connection, assignee: str, number: int) -> None:
    """So many open tasks for one person; every eleventh without a due date."""
    connection.execute(TASKS, {"assignee": assignee, "number": number})
    connection.execute(SEEN)


def settle(connection: Connection) -> None:
    """Let the planner know what is there; outside a transaction."""
    for table in ("requests", "tasks", "participants"):
        connection.execute(text(f"VACUUM ANALYZE portal.{table}"))
