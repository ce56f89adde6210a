"""Counts, accounts of every instance, and outcomes of finished ones, compared in SQL alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scripts.legacy.verify_tables import Connection, OldTables


@dataclass(frozen=True)
class Difference:
    """What one side says and the other does not."""

    kind: str
    key: str
    old: str
    new: str


COUNTS = """
SELECT coalesce(w.code, '(no definition)'), i.state::text, count(*),
    count(m.instance_id) FILTER (
        WHERE m.rolled_back_at IS NULL OR m.result NOT IN ('moved', 'on_hold', 'history'))
FROM {instances} i LEFT JOIN portal.legacy_moves m ON m.instance_id = i.id
LEFT JOIN {workflows} w ON w.id = i.workflow_id
GROUP BY 1, 2 ORDER BY 1, 2
"""
MISSING = """
SELECT i.id, i.state::text FROM {instances} i
LEFT JOIN portal.legacy_moves m ON m.instance_id = i.id
WHERE m.instance_id IS NULL
    OR m.rolled_back_at IS NOT NULL AND m.result IN ('moved', 'on_hold', 'history')
ORDER BY 1
"""
WITHOUT_INSTANCE = """
SELECT m.instance_id FROM portal.legacy_moves m LEFT JOIN {instances} i ON i.id = m.instance_id
WHERE i.id IS NULL ORDER BY 1
"""
# The request, its row in workflow_history, and the requester, all with the old ids.
REQUESTS = """
SELECT * FROM (SELECT i.id AS id, concat_ws(', ',
    CASE WHEN r.id IS NULL THEN 'no request' END,
    CASE WHEN h.id IS NULL THEN 'no row in workflow_history' END,
    CASE WHEN h.status IS DISTINCT FROM
        CASE WHEN r.closed_at IS NULL THEN 'STARTED' ELSE r.status END
        THEN 'workflow_history says ' || coalesce(h.status, 'nothing') END,
    CASE WHEN u.legacy_profile_id IS DISTINCT FROM btrim(i.initiator_id)
        AND btrim(lower(i.initiator_id)) NOT IN ('', 'system')
        THEN 'the requester is ' || coalesce(u.legacy_profile_id, 'unknown') END,
    CASE WHEN m.workflow_ref IS NOT NULL AND m.started_at IS NULL
        THEN 'its workflow was not started' END) AS problems
FROM {instances} i
JOIN portal.legacy_moves m ON m.instance_id = i.id AND m.rolled_back_at IS NULL
    AND m.result IN ('moved', 'on_hold', 'history')
LEFT JOIN portal.requests r ON r.id = m.new_request_id
LEFT JOIN portal.users u ON u.id = r.requester_id
LEFT JOIN portal.workflow_history h ON h.request_id = i.request_id
) each WHERE problems <> '' ORDER BY 1
"""
HELD = """
SELECT i.id, i.state::text, r.status FROM {instances} i
JOIN portal.legacy_moves m ON m.instance_id = i.id AND m.rolled_back_at IS NULL
JOIN portal.requests r ON r.id = m.new_request_id
WHERE i.state::text IN ('WAITING', 'SUSPENDED') AND m.result IN ('moved', 'on_hold')
    AND r.status <> 'ON_HOLD'
    AND NOT EXISTS (SELECT 1 FROM portal.audit_events e
        WHERE e.request_id = r.id AND e.at > m.moved_at)
ORDER BY 1
"""
# Every old row has its event. A finished approval adds one of its own, so there may be more.
EVENTS = """
WITH old AS (
    SELECT i.id,
        (SELECT count(*) FROM {actions} a JOIN {steps} s ON s.id = a.step_instance_id
            WHERE s.instance_id = i.id)
        + (SELECT count(*) FROM {delegations} d WHERE d.instance_id = i.id)
        + (SELECT count(*) FROM {escalations} e WHERE e.instance_id = i.id)
        + (SELECT count(*) FROM {transitions} t WHERE t.instance_id = i.id) AS rows
    FROM {instances} i
)
SELECT old.id, old.rows, new.rows FROM old
JOIN portal.legacy_moves m ON m.instance_id = old.id AND m.rolled_back_at IS NULL
    AND m.result IN ('moved', 'on_hold', 'history'),
LATERAL (SELECT count(*) AS rows FROM portal.audit_events e WHERE e.request_id = m.new_request_id
    AND e.kind = 'LegacyRecorded' AND e.data ->> 'source' <> 'workflow_step_instances') new
WHERE old.rows <> new.rows ORDER BY 1
"""
# One row for each approval step that was decided: what its result says, else its last votes. A
# request that came back from here says in its metadata what it had come to.
OUTCOMES = """
WITH votes AS (
    SELECT DISTINCT ON (1, 2) a.step_instance_id,
        CASE WHEN btrim(lower(a.actor_id)) = 'system' THEN '' ELSE btrim(a.actor_id) END,
        a.action::text AS vote
    FROM {actions} a JOIN {steps} s ON s.id = a.step_instance_id
    JOIN {instances} i ON i.id = s.instance_id
    WHERE a.action::text IN ('APPROVE', 'REJECT') AND a.actor_id <> i.initiator_id
    ORDER BY 1, 2, a.performed_at DESC, a.id DESC
), decided AS (
    SELECT s.instance_id, CASE
        WHEN jsonb_typeof(s.result -> 'approved') = 'boolean' THEN (s.result -> 'approved')::boolean
        WHEN s.status::text = 'REJECTED' THEN false
        WHEN v.votes > 0 THEN v.rejections = 0
        WHEN s.status::text = 'COMPLETED' THEN true END AS approved
    FROM {steps} s, LATERAL (
        SELECT count(*) AS votes, count(*) FILTER (WHERE vote = 'REJECT') AS rejections
        FROM votes WHERE votes.step_instance_id = s.id) v
    WHERE s.step_type::text = 'APPROVAL' AND s.status::text <> 'SKIPPED'
), expected AS (
    SELECT i.id, CASE
        WHEN i.metadata #>> '{{portal,state}}' = i.state::text
            THEN i.metadata #>> '{{portal,status}}'
        WHEN i.state::text IN ('CANCELLED', 'FAILED') THEN i.state::text
        ELSE CASE WHEN EXISTS (SELECT 1 FROM decided d WHERE d.instance_id = i.id
            AND NOT d.approved) THEN 'REJECTED' ELSE 'APPROVED' END END AS outcome
    FROM {instances} i WHERE i.state::text IN ('COMPLETED', 'CANCELLED', 'FAILED')
    UNION ALL
    -- A running one is history only where it was rejected.
    SELECT i.id, CASE WHEN EXISTS (SELECT 1 FROM decided d WHERE d.instance_id = i.id
        AND NOT d.approved) THEN 'REJECTED' ELSE 'still open' END
    FROM {instances} i WHERE i.state::text NOT IN ('COMPLETED', 'CANCELLED', 'FAILED')
)
SELECT x.id, x.outcome, r.status FROM expected x
JOIN portal.legacy_moves m ON m.instance_id = x.id AND m.rolled_back_at IS NULL
    AND m.result = 'history' AND m.choice ->> 'kind' IS DISTINCT FROM 'close'
    AND m.choice ->> 'result' IS NULL
JOIN portal.requests r ON r.id = m.new_request_id
WHERE r.status <> x.outcome ORDER BY 1
"""
SHORT = {
    "instances": "workflow_instances", "steps": "workflow_step_instances",
    "actions": "workflow_actions", "delegations": "workflow_delegations",
    "escalations": "workflow_escalations", "transitions": "workflow_transitions",
    "workflows": "workflows",
}  # fmt: skip


def asked(connection: Connection, question: str, tables: OldTables) -> list[tuple[Any, ...]]:
    """The rows of a question about the old tables."""
    return connection.execute(tables.fill(question, SHORT)).fetchall()


def counts(connection: Connection, tables: OldTables) -> list[tuple[str, str, int, int]]:
    """Instances by kind and state: how many there are, and how many are accounted for."""
    return [(row[0], row[1], row[2], row[3]) for row in asked(connection, COUNTS, tables)]


def differences(connection: Connection, tables: OldTables) -> Iterator[Difference]:
    """Everything but the people of open stages."""
    for key, state in asked(connection, MISSING, tables):
        yield Difference("instance", key, state, "nothing became of it")
    for (key,) in asked(connection, WITHOUT_INSTANCE, tables):
        yield Difference("instance", key, "not there", "it is accounted for")
    for key, problems in asked(connection, REQUESTS, tables):
        yield Difference("request", key, "moved", problems)
    for key, state, status in asked(connection, HELD, tables):
        yield Difference("hold", key, state, status)
    for key, old, new in asked(connection, EVENTS, tables):
        yield Difference("events", key, f"{old} rows", f"{new} events")
    for key, old, new in asked(connection, OUTCOMES, tables):
        yield Difference("outcome", key, old, new)
