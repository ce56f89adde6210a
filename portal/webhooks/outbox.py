"""The outbox of webhooks: messages that the record activity wrote become batches of one endpoint.

An endpoint has at most `PARALLEL` batches under way, and the worker a thread for each of every
endpoint: a slow receiver holds its own threads only. What has to wait waits here, not in Temporal,
so a receiver that is away for a day costs nothing but rows.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Engine, text

from portal.domain.notices.troubles import RECEIVER_UNREACHED
from portal.domain.webhooks import GIVE_UP_AFTER, KEPT, MOST_ENDPOINTS
from portal.extensions import without_transactions
from portal.models.columns import new_id

BATCH = 12
PARALLEL = 4
SENDERS = PARALLEL * MOST_ENDPOINTS
# Nobody else takes a message of a batch for so long: until its workflow has begun, and then.
TAKEN = timedelta(seconds=30)
LEASE = timedelta(minutes=10)
SOON = timedelta(seconds=1)
TIDIED = 1_000

# Of an endpoint e: what a program set up ends with its token.
STILL_WANTED = """e.token_id IS NULL OR EXISTS (SELECT FROM portal.api_tokens t
        WHERE t.id = e.token_id AND t.revoked_at IS NULL AND t.expires_at > now())"""
# Raw: locks one table of several, takes rows by an index for each endpoint, and changes what it
# reads.
NEXT = text(f"""
SELECT e.id::text AS id, e.is_open FROM (
    SELECT e.*, e.state = 'on' AND COALESCE(e.rest_until <= now(), true) AND (
        {STILL_WANTED}) AS is_open
    FROM portal.webhook_endpoints e WHERE e.state <> 'removed'
) e CROSS JOIN LATERAL (
    (SELECT d.due_at FROM portal.webhook_deliveries d
    WHERE d.endpoint_id = e.id AND d.status = 'WAITING' AND d.due_at <= now() AND e.is_open
    ORDER BY d.due_at LIMIT 1)
    UNION ALL
    (SELECT d.due_at FROM portal.webhook_deliveries d
    WHERE d.endpoint_id = e.id AND d.status = 'WAITING' AND d.type = 'ping' AND d.due_at <= now()
    ORDER BY d.due_at LIMIT 1)
) due
WHERE (SELECT count(DISTINCT b.batch_id) FROM portal.webhook_deliveries b
    WHERE b.endpoint_id = e.id AND b.batch_id IS NOT NULL AND b.due_at > now()) < :parallel
ORDER BY due.due_at LIMIT 1
""")  # noqa: S608 - our own words
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('portal.webhooks'))")
TAKE = text("""
UPDATE portal.webhook_deliveries SET batch_id = CAST(:batch AS uuid), due_at = now() + :lease
WHERE id IN (
    SELECT id FROM portal.webhook_deliveries
    WHERE endpoint_id = CAST(:endpoint AS uuid) AND status = 'WAITING' AND due_at <= now()
        AND (:is_open OR type = 'ping')
    ORDER BY due_at, request_id, seq LIMIT :most FOR UPDATE SKIP LOCKED
) RETURNING id::text, seq
""")
DUE_IN = text("""
UPDATE portal.webhook_deliveries SET due_at = now() + :pause,
    batch_id = CASE WHEN :is_held THEN batch_id END
WHERE batch_id = CAST(:batch AS uuid) AND status = 'WAITING'
""")
EXPIRE = text("""
UPDATE portal.webhook_deliveries SET status = 'FAILED', done_at = now(), batch_id = NULL,
    last_error = COALESCE(last_error, :words)
WHERE id IN (
    SELECT d.id FROM portal.webhook_deliveries d
    JOIN portal.webhook_endpoints e ON e.id = d.endpoint_id
    WHERE d.status = 'WAITING' AND d.batch_id IS NULL
        AND d.since < now() - CASE WHEN e.state = 'on' THEN CAST(:give_up AS interval)
            ELSE CAST(:kept AS interval) END
    LIMIT :most
)
""")
PURGE = text("""
DELETE FROM portal.webhook_deliveries WHERE id IN (
    SELECT d.id FROM portal.webhook_endpoints e CROSS JOIN LATERAL (
        SELECT d.id FROM portal.webhook_deliveries d
        WHERE d.endpoint_id = e.id AND d.at < now() - CAST(:kept AS interval)
            AND d.done_at < now() - CAST(:kept AS interval)
        LIMIT :most
    ) d
)
""")


class HookTaken(NamedTuple):
    """Messages of one endpoint, to be delivered one after the other."""

    id: str
    delivery_ids: list[str]
    endpoint_id: str


@dataclass(frozen=True)
class HookOutbox:
    """The outbox of one database."""

    engine: Engine

    def next_batch(self) -> HookTaken | None:
        """Take what is due for the endpoint that has waited longest; None if nothing is."""
        with without_transactions(self.engine).connect() as connection:
            if connection.execute(NEXT, {"parallel": PARALLEL}).one_or_none() is None:
                return None
        with self.engine.begin() as connection:
            connection.execute(LOCK)
            row = connection.execute(NEXT, {"parallel": PARALLEL}).one_or_none()
            if row is None:
                return None
            batch_id = new_id()
            values = {"batch": batch_id, "endpoint": row.id, "is_open": row.is_open}
            taken = connection.execute(TAKE, {**values, "most": BATCH, "lease": TAKEN}).all()
        return HookTaken(batch_id, [each.id for each in taken], row.id)

    def put_back(self, batch_id: str) -> None:
        """The batch did not get on its way: it is due again in a moment."""
        self._due_in(batch_id, SOON, is_held=False)

    def hold(self, batch_id: str) -> None:
        """The batch is on its way: its workflow sees to it, whatever becomes of this process."""
        self._due_in(batch_id, LEASE, is_held=True)

    def _due_in(self, batch_id: str, pause: timedelta, *, is_held: bool) -> None:
        with self.engine.begin() as connection:
            values = {"batch": batch_id, "pause": pause, "is_held": is_held}
            connection.execute(DUE_IN, values)

    def tidy(self) -> None:
        """Give up what could not be delivered in time, and forget what was settled long ago."""
        with self.engine.begin() as connection:
            ages = {"give_up": GIVE_UP_AFTER, "kept": KEPT, "words": RECEIVER_UNREACHED}
            connection.execute(EXPIRE, {**ages, "most": TIDIED})
            connection.execute(PURGE, {"kept": KEPT, "most": TIDIED})
