"""The record activity's SQL: one statement for each table, its rows given as one JSON value.

`jsonb_populate_recordset` reads rows by the table's own column types, so that each statement has
one text whatever the number of rows: the server plans it once for each connection. Updates name the
ids once more in a value of their own, because the server expects a hundred rows of JSON and would
read a whole table for them. `for_driver` makes of them what the driver takes.
"""

import json
import re
from functools import cache
from typing import Any

from sqlalchemy import Table

from portal.activities.projection import content_columns
from portal.domain.notices.kinds import KINDS, TOLD, Channel
from portal.domain.notices.preferences import DeliveryMode
from portal.domain.request.events import CommandRefused
from portal.domain.request.state import Content
from portal.extensions import for_driver
from portal.models import (
    AuditEvent,
    AuditText,
    Comment,
    FactsDue,
    Notification,
    Participant,
    Request,
    RequestState,
    Task,
)
from portal.models.commands import ANSWERED_CHANNEL

CONTENT = tuple(content_columns(Content(title="")))
STANDING = (
    "status", "round", "stage_index", "stage_name", "stage_due_at", "settles_at", "waiting_for",
    "waiting_since", "next_at", "next_what", "attention", "hold_reason", "returned_by",
    "changed_fields", "questions", "content_version", "content_hash", "last_seq", "last_hash",
    "updated_at", "closed_at",
)  # fmt: skip


# Raw: they go to the driver, whose pipeline SQLAlchemy does not know, with rows as JSON.


def _insert(model: Any, end: str = "", **instead: str) -> str:
    """An INSERT of the parameter's rows; `instead` gives columns another expression."""
    table = model.__table__
    assert isinstance(table, Table)
    names = [column.name for column in table.columns if column.computed is None]
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(instead.get(name, f'new."{name}"') for name in names)
    return (
        f"INSERT INTO {table.fullname} ({columns}) SELECT {values}"  # noqa: S608 - our own names
        f" FROM jsonb_populate_recordset(NULL::{table.fullname}, CAST(:rows AS jsonb)) new {end}"
    )


_TOPICS = json.dumps({code: kind.topic.code for code, kind in KINDS.items()})
# Whether the person does not want it in the list of the portal: known when it is written, so that
# no page has to ask. One index row for each notification, within the same statement.
HIDDEN = f"""COALESCE((
    SELECT p.choices #>> ARRAY['{Channel.PORTAL}',
        COALESCE('{_TOPICS}'::jsonb ->> new.kind, '{TOLD.code}')] = '{DeliveryMode.NOT}'
    FROM portal.notification_preferences p WHERE p.user_id = new.user_id), false)"""  # noqa: S608


def _update_request(columns: tuple[str, ...]) -> str:
    """What the state does not know (the policy of a request of the old engine) stays."""
    sets = ", ".join(f"{name} = new.{name}" for name in columns)
    sets += ", policy_version_id = COALESCE(new.policy_version_id, old.policy_version_id)"
    return (
        f"UPDATE portal.requests old SET {sets}"  # noqa: S608 - our own names
        " FROM jsonb_populate_recordset(NULL::portal.requests, CAST(:rows AS jsonb)) new"
        " WHERE old.id = new.id AND old.id = CAST(:id AS uuid)"
    )


# The names come with the row, or alone where there is no row yet: one trip to the server.
LOCK_REQUEST = """
SELECT r.*, n.names FROM (
    SELECT COALESCE(jsonb_object_agg(id, name), '{}') AS names
    FROM portal.users WHERE id = ANY(CAST(:people AS uuid[]))
) n LEFT JOIN LATERAL (
    SELECT r.last_seq, r.last_hash, s.seq, s.shape, s.state::text,
        (SELECT temporal_run_id FROM portal.workflow_history WHERE id = CAST(:id AS text)) AS run_id
    FROM portal.requests r LEFT JOIN portal.request_states s ON s.request_id = r.id
    WHERE r.id = CAST(:id AS uuid) FOR UPDATE OF r
) r ON true
"""
# The same, with everybody who was asked: what is told of some events depends on it.
LOCK_WITH_TASKS = LOCK_REQUEST.replace("n.names", "t.tasks, n.names").replace(
    ") n LEFT JOIN",
    """) n CROSS JOIN (
    SELECT COALESCE(jsonb_agg(
        jsonb_build_array(id, assignee_id, status, round, stage_index) ORDER BY id
    ), '[]') AS tasks
    FROM portal.tasks WHERE request_id = CAST(:id AS uuid)
) t LEFT JOIN""",
)
LOCK_ID = "SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"
LAST_EVENT = """
SELECT seq, hash FROM portal.audit_events
WHERE request_id = CAST(:id AS uuid) ORDER BY seq DESC LIMIT 1
"""
NAMES = "SELECT id::text, name FROM portal.users WHERE id = ANY(CAST(:people AS uuid[]))"
ADMINS = "SELECT id::text FROM portal.users WHERE is_active AND roles @> '{admin}' ORDER BY id"

# The workflow knows codes only; the names of type and group are looked up as the row is made.
INSERT_REQUEST = _insert(
    Request,
    type_name="COALESCE((SELECT name FROM portal.request_types WHERE code = new.type_code),"
    " new.type_code)",
)
# Two texts: naming the title and its like makes the server compute the search words again.
UPDATE_STANDING = _update_request(STANDING)
UPDATE_CONTENT = _update_request(STANDING + CONTENT)

INSERT_TASKS = _insert(
    Task,
    group_name="COALESCE((SELECT name FROM portal.groups WHERE code = new.group_name),"
    " new.group_name)",
)
# A change that names a status says everything about the decision; any other leaves it alone. One
# that names a person says everything about whom they act for.
CHANGE_TASKS = """
UPDATE portal.tasks old SET
    status = COALESCE(new.status, old.status),
    decided_at = CASE WHEN new.status IS NULL THEN old.decided_at ELSE new.decided_at END,
    decided_by = CASE WHEN new.status IS NULL THEN old.decided_by ELSE new.decided_by END,
    acting_for = CASE WHEN new.assignee_id IS NULL AND new.status IS DISTINCT FROM 'DECIDED'
        THEN old.acting_for ELSE new.acting_for END,
    delegation_id = CASE WHEN new.assignee_id IS NULL
        THEN old.delegation_id ELSE new.delegation_id END,
    decision = CASE WHEN new.status IS NULL THEN old.decision ELSE new.decision END,
    comment = COALESCE(new.comment, old.comment),
    content_version = COALESCE(new.content_version, old.content_version),
    content_hash = COALESCE(new.content_hash, old.content_hash),
    assignee_id = COALESCE(new.assignee_id, old.assignee_id),
    escalation_level = COALESCE(new.escalation_level, old.escalation_level),
    due_at = COALESCE(new.due_at, old.due_at),
    asked_at = CASE WHEN new.status IS NULL
        THEN COALESCE(new.asked_at, old.asked_at) ELSE new.asked_at END,
    why = old.why || COALESCE(new.why, '{}')
FROM jsonb_populate_recordset(NULL::portal.tasks, CAST(:rows AS jsonb)) new
WHERE old.id = new.id AND old.id = ANY(CAST(:ids AS uuid[]))
"""
UNDO_COMMENTS = """
UPDATE portal.comments SET about = 'undone'
WHERE request_id = CAST(:id AS uuid) AND task_id = ANY(CAST(:tasks AS uuid[]))
    AND about IN ('approve', 'reject', 'send_back')
"""
INSERT_PARTICIPANTS = _insert(Participant, "ON CONFLICT DO NOTHING")
INSERT_COMMENTS = _insert(Comment)
INSERT_NOTIFICATIONS = _insert(Notification, "ON CONFLICT DO NOTHING", hidden=HIDDEN)
APPLY_COMMANDS = f"""
UPDATE portal.commands old SET
    applied_at = now(), delivered_at = COALESCE(old.delivered_at, now()),
    outcome = new.outcome, reason = new.reason
FROM jsonb_populate_recordset(NULL::portal.commands, CAST(:rows AS jsonb)) new
WHERE old.id = new.id AND old.id = ANY(CAST(:ids AS uuid[])) AND old.applied_at IS NULL
RETURNING pg_notify('{ANSWERED_CHANNEL}', concat_ws(' ', new.id, new.outcome, new.reason))
"""  # noqa: S608 - our own name
REPEAT_OUTCOME = f"""
UPDATE portal.commands c SET
    applied_at = now(), delivered_at = COALESCE(c.delivered_at, now()),
    outcome = CASE e.kind WHEN '{CommandRefused.__name__}' THEN 'refused' ELSE 'applied' END,
    reason = CASE e.kind WHEN '{CommandRefused.__name__}' THEN e.data ->> 'reason' END
FROM portal.audit_events e
WHERE e.request_id = CAST(:request AS uuid) AND e.command_id = CAST(:command AS uuid)
    AND c.id = e.command_id AND c.applied_at IS NULL
RETURNING pg_notify('{ANSWERED_CHANNEL}', concat_ws(' ', c.id, c.outcome, c.reason))
"""  # noqa: S608 - our own name
# The view follows its table through the cutover's renaming (see the migration).
UPSERT_WORKFLOW = """
INSERT INTO portal.workflow_history AS old (id, workflow_type, request_id, temporal_workflow_id,
    temporal_run_id, status, initiator_id, started_at, completed_at, metadata)
SELECT id, workflow_type, request_id, temporal_workflow_id, temporal_run_id, status, initiator_id,
    started_at, completed_at, metadata
FROM jsonb_populate_recordset(NULL::portal.workflow_history, CAST(:rows AS jsonb)) new
ON CONFLICT (id) DO UPDATE SET temporal_run_id = excluded.temporal_run_id,
    status = excluded.status, completed_at = excluded.completed_at
"""
KEEP_STATE = _insert(
    RequestState,
    "ON CONFLICT (request_id) DO UPDATE"
    " SET seq = excluded.seq, shape = excluded.shape, state = excluded.state",
)
# No foreign key leads to an endpoint, and none is locked: an approval neither waits for one nor
# fails with it. Which requests a program's endpoint hears of is what the program itself may see.
INSERT_HOOKS = """
INSERT INTO portal.webhook_deliveries (id, endpoint_id, request_id, seq, type, at, data)
SELECT gen_random_uuid(), e.id, CAST(:id AS uuid), new.seq, new.type, new.at,
    new.data || CASE WHEN e.is_full THEN new.more ELSE '{}' END || jsonb_build_object(
        'module', COALESCE(p.module, r.module),
        'entityType', COALESCE(p.entity_type, r.entity_type),
        'entityId', COALESCE(p.entity_id, r.entity_id))
FROM portal.webhook_endpoints e
JOIN jsonb_to_recordset(CAST(:rows AS jsonb))
    AS new(seq int, type text, at timestamptz, data jsonb, more jsonb) ON new.type = ANY(e.types)
CROSS JOIN jsonb_to_record(CAST(:place AS jsonb))
    AS p(module text, entity_type text, entity_id text, type_code text)
LEFT JOIN portal.requests r ON r.id = CAST(:id AS uuid)
WHERE e.state <> 'removed'
    AND (e.modules = '{}' OR COALESCE(p.module, r.module) = ANY(e.modules))
    AND (e.request_types = '{}' OR p.type_code = ANY(e.request_types))
    AND (e.token_id IS NULL OR e.modules <> '{}' OR EXISTS (
        SELECT FROM portal.api_calls c
        WHERE c.request_id = CAST(:id AS uuid) AND c.token_id = e.token_id))
ON CONFLICT (endpoint_id, request_id, seq) DO NOTHING
"""
INSERT_TEXTS = _insert(AuditText)
FACTS_DUE = _insert(FactsDue, "ON CONFLICT DO NOTHING")
INSERT_EVENTS = _insert(AuditEvent)


@cache
def together(texts: tuple[str, ...]) -> str:
    """One statement that does what these do, for the driver; each sees the tables as they were
    before all. The values of the first are `<name>_0`, of the second `<name>_1`, and so on.

    There are few combinations in practice, and the server keeps the plan of each.
    """
    *earlier, last = (
        re.sub(r"%\((\w+)\)s", rf"%(\1_{number})s", for_driver(text))
        for number, text in enumerate(texts)
    )
    if not earlier:
        return last
    parts = ", ".join(f"part_{number} AS ({text})" for number, text in enumerate(earlier))
    return f"WITH {parts} {last}"
