"""Sending the log to security information systems, from leaf to leaf, so that nothing is missed.

A stream keeps the leaf that it goes on with, and moves it once the receiver took what was before:
after an outage, or in another worker, it goes on there. Entries may come twice, never too few; by
the leaf a receiver knows those that it had. What fails is tried again without end, at last every
five minutes; who has to know of it is told (`queries.streams`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Connection, Engine, Row, RowMapping, text

from portal.chat import sealing
from portal.config import Settings
from portal.domain.proof.acts import ActRecord
from portal.domain.proof.documents import act_document, event_document, missing_document
from portal.domain.proof.streams import (
    StreamBatch,
    StreamProtocol,
    StreamShape,
    batch_of,
    destination,
    most_after,
    trial_entry,
)
from portal.domain.webhooks import HookReply, HookUrlRefused, rest_after, signature
from portal.webhooks.post import LONGEST_ERROR, post, write

AGENT = "Gloria-Approvals-Streams/1"
UNREADABLE = "Its secret cannot be read with the current SECRET_KEY. Rotate it."
# Beside the time that a receiver has: nobody else takes the stream for so long.
SLACK = timedelta(seconds=60)

# Raw: takes a row that no other worker has, and reads what it was.
CLAIM = text("""
UPDATE portal.log_streams SET taken_until = now() + :lease WHERE id = (
    SELECT s.id FROM portal.log_streams s
    WHERE s.state <> 'removed' AND COALESCE(s.taken_until <= now(), true) AND (
        s.test_asked_at IS NOT NULL OR (s.state = 'on' AND COALESCE(s.rest_until <= now(), true)
            AND EXISTS (SELECT FROM portal.audit_index i WHERE i.number >= s.next_leaf)))
    ORDER BY s.test_asked_at IS NULL, s.sent_at NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id::text, name, protocol, address, shape, certificate, sealed, next_leaf, failures,
    CASE WHEN old_until > now() THEN old_sealed END AS old_sealed, test_asked_at,
    now() AS moment, extract(epoch FROM now())::bigint AS clock
""")
# Raw: what was recorded, as it stands, found by the moment of its leaf.
ENTRIES = text("""
WITH near AS (
    SELECT number, subject_id, seq, at, type_code FROM portal.audit_index
    WHERE number >= :first ORDER BY number LIMIT :most
)
SELECT n.number AS leaf, n.type_code, r.number AS request, n.subject_id::text, n.seq,
    e.request_id::text, e.at, e.kind, e.tag, e.actor, e.on_behalf_of, e.command_id::text, e.data,
    e.prev_hash, e.hash, a.id::text AS act_id, a.at AS act_at, a.kind AS act_kind,
    a.actor AS act_actor, a.session_id::text, a.address, a.subject, a.data AS act_data,
    a.hash AS act_hash
FROM near n
LEFT JOIN portal.requests r ON n.seq > 0 AND r.id = n.subject_id
LEFT JOIN portal.audit_events e ON n.seq > 0 AND e.request_id = n.subject_id AND e.seq = n.seq
    AND e.at = n.at
LEFT JOIN portal.audit_acts a ON n.seq = 0 AND a.id = n.subject_id
ORDER BY n.number
""")
# Whoever set another address or another leaf meanwhile is not overruled.
TAKEN = text("""
UPDATE portal.log_streams SET next_leaf = :next, sent_at = now(), failures = 0, last_error = NULL,
    failing_since = NULL, rest_until = NULL
WHERE id = CAST(:id AS uuid) AND next_leaf = :first AND address = :address
""")
FAILED = text("""
UPDATE portal.log_streams SET failures = failures + 1, last_error = :error,
    failing_since = COALESCE(failing_since, now()), rest_until = now() + CAST(:rest AS interval)
WHERE id = CAST(:id AS uuid) AND next_leaf = :first AND address = :address
""")
TESTED = text("""
UPDATE portal.log_streams SET tested_at = now(), test_error = :error, test_asked_at = NULL,
    rest_until = CASE WHEN :error = '' THEN NULL ELSE rest_until END,
    state = CASE WHEN state = 'unverified' AND :error = '' THEN 'on' ELSE state END
WHERE id = CAST(:id AS uuid) AND test_asked_at = :asked AND address = :address
""")
FREE = text("UPDATE portal.log_streams SET taken_until = NULL WHERE id = CAST(:id AS uuid)")

log = structlog.get_logger("portal.streams")


def entries(connection: Connection, first: int, most: int) -> list[dict[str, Any]]:
    """The next entries from a leaf on, as programs read them."""
    rows = connection.execute(ENTRIES, {"first": first, "most": most})
    return [_document(row) for row in rows]


def _document(row: Row[Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"leaf": row.leaf, "type": row.type_code}
    if row.request_id is not None:
        return said | {"request": row.request} | event_document(row)
    if row.act_id is None:
        return said | missing_document(row.subject_id, row.seq)
    act = ActRecord(
        id=row.act_id, at=row.act_at, kind=row.act_kind, actor=row.act_actor,
        session_id=row.session_id, address=row.address, subject=row.subject, data=row.act_data,
    )  # fmt: skip
    return said | act_document(act, row.act_hash)


@dataclass(frozen=True)
class StreamSending:
    """What sending needs: the database and the settings."""

    engine: Engine
    settings: Settings

    def next(self) -> bool:
        """Send the next entries of the stream that waits longest, or its test; whether there was
        one to be seen to."""
        lease = timedelta(seconds=self.settings.webhooks.timeout_seconds) + SLACK
        with self.engine.begin() as connection:
            row = connection.execute(CLAIM, {"lease": lease}).mappings().one_or_none()
        if row is None:
            return False
        try:
            if row["test_asked_at"] is not None:
                self._test(row)
            else:
                self._go_on(row)
        finally:
            with self.engine.begin() as connection:
                connection.execute(FREE, {"id": row["id"]})
        return True

    def _go_on(self, row: RowMapping) -> None:
        with self.engine.connect() as connection:
            found = entries(connection, row["next_leaf"], most_after(row["failures"]))
        if not found:
            return
        try:
            batch = self._batch(row, found)
            reply = self._send(row, batch, batch.key)
        except Exception as error:
            self._note(row, row["next_leaf"], HookReply(error=f"{type(error).__name__}: {error}"))
            raise
        self._note(row, batch.next, reply)

    def _note(self, row: RowMapping, next_leaf: int, reply: HookReply) -> None:
        """Keep what came of it."""
        values = {"id": row["id"], "first": row["next_leaf"], "address": row["address"]}
        with self.engine.begin() as connection:
            if reply.is_delivered:
                connection.execute(TAKEN, {**values, "next": next_leaf})
                return
            rest = rest_after(row["failures"] + 1, reply.retry_after)
            connection.execute(
                FAILED, {**values, "error": reply.error[:LONGEST_ERROR], "rest": rest}
            )
        log.warning("stream.failed", stream=row["id"], leaf=row["next_leaf"], status=reply.status)

    def _test(self, row: RowMapping) -> None:
        moment: datetime = row["moment"]
        reply = self._send(row, self._batch(row, [trial_entry(moment)]), f"test-{row['clock']}")
        values = {"id": row["id"], "asked": row["test_asked_at"], "address": row["address"]}
        with self.engine.begin() as connection:
            error = "" if reply.is_delivered else reply.error
            connection.execute(TESTED, {**values, "error": error})
        log.info("stream.tested", stream=row["id"], status=reply.status)

    def _batch(self, row: RowMapping, found: list[dict[str, Any]]) -> StreamBatch:
        host = urlsplit(self.settings.public_url).hostname or "-"
        return batch_of(found, StreamProtocol(row["protocol"]), StreamShape(row["shape"]), host)

    def _send(self, row: RowMapping, batch: StreamBatch, key: str) -> HookReply:
        hooks, protocol = self.settings.webhooks, StreamProtocol(row["protocol"])
        try:
            place = destination(protocol, row["address"], hooks.allowed_hosts)
            if protocol is StreamProtocol.SYSLOG:
                return write(place, batch.body, hooks, row["certificate"])
            headers = {
                "Content-Type": "application/x-ndjson",
                "User-Agent": AGENT,
                "webhook-id": key,
                "webhook-timestamp": str(row["clock"]),
                "webhook-signature": signature(self._secrets(row), key, row["clock"], batch.body),
            }
            return post(place, batch.body, headers, hooks, row["certificate"])
        except HookUrlRefused as refused:
            return HookReply(error=f"Its address {refused}", is_away=True)
        except sealing.SecretUnreadable:
            return HookReply(error=UNREADABLE, is_away=True)

    def _secrets(self, row: RowMapping) -> list[str]:
        keys = self.settings.secret_keys
        return [
            sealing.unseal(each, row["id"], *keys, purpose=sealing.STREAMS)
            for each in (row["sealed"], row["old_sealed"])
            if each is not None
        ]
