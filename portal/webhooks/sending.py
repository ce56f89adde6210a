"""Delivering a batch of webhooks, one after the other. Safe to repeat: what was taken stays so, and
a message that is sent twice carries the same id."""

import json
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine

from portal.chat import sealing
from portal.config import Settings
from portal.domain.webhooks import (
    PING,
    HookReply,
    HookUrlRefused,
    pause_after,
    payload,
    rest_after,
    signature,
    target,
)
from portal.extensions import driver_of, for_driver, pipelined
from portal.models.columns import new_id
from portal.presentation.money import major
from portal.webhooks.outbox import LEASE, STILL_WANTED, HookTaken
from portal.webhooks.post import post

AGENT = "Gloria-Approvals-Webhooks/1"
UNREADABLE = "Its secret cannot be read with the current SECRET_KEY. Rotate it."

# Nobody waits until a try is on disk: what a server that crashes forgets is delivered once more,
# with the same id, and people's own changes need the disk.
HURRY = "set_config('synchronous_commit', 'off', true)"
# Raw: they go to the driver, whose pipeline sends them together; the first changes what it reads.
CLAIM = f"""
UPDATE portal.webhook_deliveries d SET due_at = now() + :lease FROM portal.webhook_endpoints e
WHERE d.id = CAST(:id AS uuid) AND d.batch_id = CAST(:batch AS uuid) AND d.status = 'WAITING'
    AND e.id = d.endpoint_id
RETURNING d.id::text, d.type, d.at, d.data, d.tries, e.id::text AS endpoint_id, e.url, e.sealed,
    e.failures, CASE WHEN e.old_until > now() THEN e.old_sealed END AS old_sealed,
    extract(epoch FROM now())::bigint AS clock, d.type = 'ping' OR (e.state = 'on' AND (
        {STILL_WANTED})) AS is_open,
    (SELECT c.external_id FROM portal.api_calls c
        WHERE c.request_id = d.request_id AND c.external_id IS NOT NULL LIMIT 1) AS external_id,
    {HURRY} AS hurry
"""  # noqa: S608 - our own words
RELEASE = """
UPDATE portal.webhook_deliveries SET batch_id = NULL, due_at = now()
WHERE id = ANY(CAST(:ids AS uuid[])) AND batch_id = CAST(:batch AS uuid) AND status = 'WAITING'
"""
SETTLE = f"""
UPDATE portal.webhook_deliveries SET status = :status, batch_id = NULL, tries = tries + 1,
    due_at = now() + COALESCE(CAST(:pause AS interval), interval '0'),
    done_at = CASE WHEN :status <> 'WAITING' THEN now() END,
    last_status = :code, last_error = :error
WHERE id = CAST(:id AS uuid) AND status = 'WAITING'
RETURNING {HURRY}
"""  # noqa: S608 - our own words
TRIED = """
INSERT INTO portal.webhook_attempts (id, delivery_id, status, took_ms, error, answer)
VALUES (:attempt, :id, :status, :took_ms, :error, :answer)
"""
# Not each time: many messages to one endpoint would wait for each other at its row.
WELL = """
UPDATE portal.webhook_endpoints SET failures = 0, failing_since = NULL, rest_until = NULL,
    last_error = NULL, delivered_at = now(),
    state = CASE WHEN state = 'unverified' AND :is_test THEN 'on' ELSE state END
WHERE id = CAST(:id AS uuid) AND url = :url AND (
    :is_test OR failing_since IS NOT NULL OR COALESCE(delivered_at < now() - interval '10 s', true))
"""
UNWELL = """
UPDATE portal.webhook_endpoints SET failing_since = COALESCE(failing_since, now()),
    last_error = :error, failures = failures + CASE WHEN :rests THEN 1 ELSE 0 END,
    rest_until = CASE WHEN :rests THEN now() + CAST(:rest AS interval) ELSE rest_until END,
    state = CASE WHEN state = 'on' AND :is_gone THEN 'gone' ELSE state END
WHERE id = CAST(:id AS uuid) AND url = :url
"""

Driver = psycopg.Connection[Any]

log = structlog.get_logger("portal.webhooks")


@dataclass(frozen=True)
class HookSending:
    """What delivering needs: the database and the settings."""

    engine: Engine
    settings: Settings

    def send(self, batch: HookTaken, alive: Callable[[], None]) -> None:
        """Deliver what waits of a batch. `alive` is called before each message; each result is
        committed at once, together with taking the next message. Where the receiver cannot be
        reached the rest waits with it."""
        left = deque(batch.delivery_ids)
        row = self._turn(batch.id, left)
        while row is not None:
            alive()
            reply = self._post(row)
            tried, row = row, self._turn(batch.id, left, (row, reply))
            said = log.info if reply.is_delivered else log.warning
            said(
                "webhook.tried", delivery=tried.id, endpoint=tried.endpoint_id, status=reply.status
            )

    def _turn(
        self, batch_id: str, left: deque[str], tried: tuple[Any, HookReply] | None = None
    ) -> Any:
        """Keep what came of a try and take the next message; None: there is none for now.

        A delivery's row is locked before its endpoint's, as whoever changes both does.
        """
        with pipelined(self.engine) as connection:
            driver = driver_of(connection)
            if tried is not None:
                _settle(driver, *tried)
            stops = tried is not None and tried[1].wants_rest
            row = None if stops else _claimed(driver, batch_id, left)
            if row is not None and not row.is_open:
                left.appendleft(row.id)
                row, stops = None, True
            if stops and left:
                driver.execute(for_driver(RELEASE), {"ids": list(left), "batch": batch_id})
            if tried is not None:
                _judge(driver, *tried)
        return row

    def _post(self, row: Any) -> HookReply:
        hooks = self.settings.webhooks
        try:
            place = target(row.url, hooks.allowed_hosts)
            secrets = [
                sealing.unseal(
                    sealed, row.endpoint_id, *self.settings.secret_keys, purpose=sealing.WEBHOOKS
                )
                for sealed in (row.sealed, row.old_sealed)
                if sealed is not None
            ]
        except HookUrlRefused as refused:
            return HookReply(error=f"Its address {refused}", is_away=True)
        except sealing.SecretUnreadable:
            return HookReply(error=UNREADABLE, is_away=True)
        body = self.body(row)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "webhook-id": row.id,
            "webhook-timestamp": str(row.clock),
            "webhook-signature": signature(secrets, row.id, row.clock, body),
        }
        return post(place, body, headers, hooks)

    def body(self, row: Any) -> bytes:
        """What the message says, as it is signed and sent."""
        data = dict(row.data)
        if row.external_id is not None:
            data["requestId"] = row.external_id
        if "title" in data:
            minor, currency = data.pop("amount"), data.pop("currency")
            data["amount"] = (
                None
                if minor is None
                else {"value": str(major(minor, currency)), "currency": currency}
            )
        said = payload(row.type, _moment(row.at), data, self.settings.public_url)
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _claimed(driver: Driver, batch_id: str, left: deque[str]) -> Any:
    """The next message of a batch that still waits; None if none does."""
    while left:
        values = {"id": left.popleft(), "batch": batch_id, "lease": LEASE}
        cursor = driver.cursor(row_factory=namedtuple_row)
        row = cursor.execute(for_driver(CLAIM), values).fetchone()
        if row is not None:
            return row
    return None


def _settle(driver: Driver, row: Any, reply: HookReply) -> None:
    """Keep what came of a try."""
    is_test = row.type == PING
    pause: timedelta | None = None
    if not reply.is_delivered and not is_test:
        spread = random.random()  # noqa: S311 - no secret
        pause = pause_after(row.tries + 1, spread, reply.retry_after)
    # What a receiver that wants nothing more did not take can be delivered once it is on again.
    waits = pause is not None or (reply.is_gone and not is_test)
    status = "DELIVERED" if reply.is_delivered else "WAITING" if waits else "FAILED"
    values = {"id": row.id, "status": status, "pause": pause, "code": reply.status}
    driver.execute(for_driver(SETTLE), {**values, "error": reply.error or None})
    attempt = {
        "attempt": new_id(), "id": row.id, "status": reply.status, "took_ms": reply.took_ms,
        "error": reply.error, "answer": reply.answer,
    }  # fmt: skip
    driver.execute(for_driver(TRIED), attempt)


def _judge(driver: Driver, row: Any, reply: HookReply) -> None:
    """Keep how the receiver does."""
    place = {"id": row.endpoint_id, "url": row.url}
    if reply.is_delivered:
        driver.execute(for_driver(WELL), {**place, "is_test": row.type == PING})
    else:
        rest = rest_after(row.failures + 1, reply.retry_after)
        more = {"error": reply.error, "rests": reply.wants_rest, "rest": rest}
        driver.execute(for_driver(UNWELL), {**place, **more, "is_gone": reply.is_gone})


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
