"""Figures of the whole installation for Prometheus, in one statement; each from an index."""

from sqlalchemy import text

from portal.extensions import db

# Raw: a dozen figures of several tables in one round trip, as sub-selects.
_ALL = text("""
SELECT
    (SELECT extract(epoch FROM now() - max(seen_at)) FROM portal.worker_heartbeats
        WHERE task_queue = :queue) AS worker_seen_seconds,
    (SELECT count(*) FROM portal.worker_heartbeats
        WHERE task_queue = :queue AND seen_at > now() - interval '1 minute') AS workers,
    w.waiting AS commands_waiting, w.oldest AS commands_oldest_seconds,
    (SELECT count(*) FROM portal.commands
        WHERE parked_at IS NOT NULL AND applied_at IS NULL) AS commands_parked,
    m.waiting AS messages_due, m.oldest AS messages_oldest_seconds,
    (SELECT count(*) FROM portal.messages
        WHERE status = 'FAILED' AND last_error IS NOT NULL) AS messages_failed,
    (SELECT count(*) FROM portal.webhook_deliveries d
        WHERE d.status = 'FAILED' AND d.type <> 'ping' AND EXISTS (
            SELECT FROM portal.webhook_endpoints e
            WHERE e.id = d.endpoint_id AND e.state <> 'removed')) AS webhooks_failed,
    (SELECT count(*) FROM portal.webhook_endpoints e
        WHERE e.state = 'gone' OR (e.state = 'unverified' AND EXISTS (
            SELECT FROM portal.webhook_deliveries d WHERE d.endpoint_id = e.id
                AND d.status = 'WAITING' AND d.due_at < now() - interval '30 minutes')
        ) OR (e.state = 'on' AND (
            e.failing_since < now() - interval '30 minutes' OR EXISTS (
                SELECT FROM portal.api_tokens t WHERE t.id = e.token_id
                    AND (t.revoked_at IS NOT NULL OR t.expires_at <= now()))))
    ) AS webhooks_stopped,
    (SELECT count(*) FROM portal.log_streams s WHERE s.state = 'on'
        AND COALESCE(s.sent_at < now() - interval '15 minutes', true)
        AND (s.next_leaf > (SELECT COALESCE(max(number) + 1, 0) FROM portal.audit_index)
            OR EXISTS (SELECT FROM portal.audit_index i WHERE i.number = s.next_leaf
                AND i.at < now() - interval '15 minutes'))) AS streams_behind,
    (SELECT count(*) FROM portal.mail_texts WHERE problem <> '') AS mail_texts_unusable,
    p.pending AS requests_pending, p.late AS requests_late,
    (SELECT count(*) FROM portal.requests WHERE attention IS NOT NULL) AS requests_attention,
    (SELECT coalesce((SELECT extract(epoch FROM now() - queued_at) FROM portal.audit_queue
        ORDER BY id LIMIT 1), 0) WHERE EXISTS (SELECT FROM portal.audit_leaves))
        AS log_oldest_seconds,
    (SELECT CAST(report ->> 'problems' AS integer) FROM portal.checks
        WHERE name = 'verification') AS record_problems
FROM (SELECT count(*) AS waiting,
        coalesce(extract(epoch FROM now() - min(created_at)), 0) AS oldest
    FROM portal.commands WHERE applied_at IS NULL AND parked_at IS NULL) w,
    (SELECT count(*) AS waiting, coalesce(extract(epoch FROM now() - min(due_at)), 0) AS oldest
    FROM portal.messages
    WHERE status = 'WAITING' AND digest IS NULL AND due_at < now()) m,
    (SELECT count(*) AS pending,
        count(*) FILTER (WHERE next_at < now() - interval '10 minutes') AS late
    FROM portal.requests WHERE status = 'PENDING') p
""")


def figures(task_queue: str) -> dict[str, float | None]:
    """Each figure by its name; None where nothing is known. Raises as `queries.health.worker`."""
    row = db.session.execute(_ALL, {"queue": task_queue}).mappings().one()
    return {name: None if value is None else float(value) for name, value in row.items()}
