"""What one request's page shows beside the request's row: read in one statement, typed.

One trip to the server, since each costs more than what it reads; the parts come as JSON and are
decoded straight into their records.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import text

from portal.domain.codec import decode
from portal.domain.request.events import EVENTS, Event
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models.recorded import with_texts
from portal.models.states import SHAPE, kept_state
from portal.queries.asked import NOTICES, Told
from portal.queries.comments import COMMENTS_SHOWN, Said
from portal.queries.request import RequestRecord, TaskRecord

# Nothing of a request is older than its submission: older partitions of the record stay unread.
SLACK = timedelta(days=1)
PARTS = text("""
WITH moved AS MATERIALIZED (
    SELECT seq, at, kind, actor, on_behalf_of, command_id::text, data
    FROM portal.audit_events
    WHERE request_id = CAST(:request AS uuid) AND at >= :from_at AND kind = ANY(:kinds)
), given AS MATERIALIZED (
    SELECT t.id::text, t.round, t.stage_index, t.stage_key, t.stage_name, t.group_name,
        t.assignee_id::text, a.name AS assignee_name, a.is_active AS assignee_is_active,
        t.acting_for::text, o.name AS acting_for_name, t.delegation_id::text, t.asked_at, t.status,
        t.opened_at, t.due_at, t.decided_at, t.decided_by::text, d.name AS decided_by_name,
        t.decision, t.comment, t.content_version, t.comment_required, t.why
    FROM portal.tasks t JOIN portal.users a ON a.id = t.assignee_id
    LEFT JOIN portal.users d ON d.id = t.decided_by LEFT JOIN portal.users o ON o.id = t.acting_for
    WHERE t.request_id = CAST(:request AS uuid) ORDER BY t.opened_at, t.id
), named AS (
    SELECT actor AS id FROM moved UNION SELECT why->'given'->>'by' FROM given
    UNION SELECT why->'given'->>'from' FROM given
)
SELECT json_build_object(
    'state', (SELECT s.state FROM portal.request_states s
        JOIN portal.requests r ON r.id = s.request_id
        WHERE s.request_id = CAST(:request AS uuid) AND s.seq >= r.last_seq
            AND s.shape = :shape),
    'tasks', COALESCE((SELECT json_agg(g) FROM given g), '[]'),
    'events', COALESCE((SELECT json_agg(m ORDER BY m.seq) FROM moved m), '[]'),
    'names', COALESCE((SELECT json_object_agg(u.id, u.name) FROM named n JOIN portal.users u
        ON u.id = CASE WHEN n.id ~ '^[0-9a-f-]{36}$' THEN CAST(n.id AS uuid) END), '{}'),
    'said', COALESCE((SELECT json_agg(c ORDER BY c.seq) FROM (
        SELECT c.seq, c.author_id::text, u.name, c.about, c.text, c.created_at AS at
        FROM portal.comments c LEFT JOIN portal.users u ON u.id = c.author_id
        WHERE c.request_id = CAST(:request AS uuid) ORDER BY c.seq DESC LIMIT :comments) c), '[]'),
    'told', COALESCE((SELECT json_agg(n) FROM given g CROSS JOIN LATERAL (
        SELECT g.id AS task_id, n.kind, n.created_at AS at, n.read_at,
            n.handed_at IS NOT NULL AS is_handed, n.hidden, m.channel, m.status, m.digest, m.due_at,
            m.sent_at, m.last_error AS error, m.batch_id IS NOT NULL AS is_taken
        FROM (SELECT * FROM portal.notifications n
            WHERE n.user_id = CAST(g.assignee_id AS uuid) AND n.task_id = CAST(g.id AS uuid)
                AND n.request_id = CAST(:request AS uuid) ORDER BY n.seq DESC LIMIT :notices) n
        LEFT JOIN portal.messages m ON m.notification_id = n.id ORDER BY n.seq DESC, m.channel) n
        WHERE :told AND g.status = 'OPEN'), '[]')
)::text
""")


@dataclass(frozen=True, kw_only=True)
class _Recorded:
    seq: int
    at: datetime
    kind: str
    actor: str
    on_behalf_of: str | None
    command_id: str | None
    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _ToldOf(Told):
    task_id: str


@dataclass(frozen=True, kw_only=True)
class _Rows:
    state: dict[str, Any] | None
    tasks: tuple[TaskRecord, ...]
    events: tuple[_Recorded, ...]
    names: dict[str, str]
    said: tuple[Said, ...]
    told: tuple[_ToldOf, ...]


@dataclass(frozen=True, kw_only=True)
class RequestParts:
    """`state`: the fold of its events; `tasks` of all rounds in the order they were given; `events`
    of the kinds asked for; `names` of those who acted in them; `said`: the last comments, oldest
    first; `told`: by open task what its person was told, the newest first."""

    state: Approval
    tasks: tuple[TaskRecord, ...]
    events: tuple[Event, ...]
    names: dict[str, str]
    said: tuple[Said, ...]
    told: dict[str, list[Told]] = field(default_factory=dict)


_ROWS = msgspec.json.Decoder(_Rows)


def parts_of(record: RequestRecord, kinds: tuple[str, ...], *, told: bool) -> RequestParts:
    """Everything, for one reader; `told`: whether they may know what was sent to people."""
    values = {
        "request": record.id, "from_at": record.submitted_at - SLACK, "kinds": list(kinds),
        "comments": COMMENTS_SHOWN if record.was_said else 0, "notices": NOTICES, "told": told,
        "shape": SHAPE,
    }  # fmt: skip
    rows = _ROWS.decode(db.session.execute(PARTS, values).scalar_one())
    notices: dict[str, list[Told]] = {}
    for each in rows.told:
        notices.setdefault(each.task_id, []).append(each)
    kept = rows.state
    return RequestParts(
        state=decode(Approval, kept) if kept else kept_state(db.session.connection(), record.id),
        tasks=rows.tasks,
        events=tuple(_event(each, record.id) for each in rows.events),
        names=rows.names,
        said=rows.said,
        told=notices,
    )


def _event(row: _Recorded, request_id: str) -> Event:
    """Without the texts, which stand with the comments and in the request's own row."""
    common = {
        "request_id": request_id, "seq": row.seq, "at": row.at.isoformat(), "actor": row.actor,
        "on_behalf_of": row.on_behalf_of, "command_id": row.command_id,
    }  # fmt: skip
    return decode(EVENTS[row.kind], {**common, **with_texts(row.kind, row.data, {})})
