"""The outbox: what was told inside the portal becomes messages, and messages become batches.

The record activity writes notifications; here a worker hands them over, a while later and in its
own transactions, so that telling people makes no decision slower. Whatever is interrupted is found
again: a notification until it is handed over, a message until it is sent, dropped or given up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, Engine, Row, insert, text, update

from portal.domain.telling import Wishes
from portal.models import Message, Notification
from portal.models.columns import new_id

HANDED = 200
BATCH = 12
# Nobody else takes a message of a batch for so long; longer than the pause between two tries.
LEASE = timedelta(minutes=15)
SOON = timedelta(seconds=10)

FRESH = text("""
SELECT n.id::text, n.user_id::text, n.kind, u.time_zone, now() AS now,
    COALESCE(p.muted, '{}') AS muted, p.quiet_from, p.quiet_until
FROM portal.notifications n
JOIN portal.users u ON u.id = n.user_id
LEFT JOIN portal.notification_preferences p ON p.user_id = n.user_id
WHERE n.handed_at IS NULL ORDER BY n.created_at LIMIT :most FOR UPDATE OF n SKIP LOCKED
""")
TAKE = text("""
UPDATE portal.messages SET batch_id = CAST(:batch AS uuid), due_at = now() + :lease
WHERE id IN (
    SELECT id FROM portal.messages WHERE status = 'WAITING' AND due_at <= now()
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
) RETURNING id::text
""")


class Batch(NamedTuple):
    """Messages to be sent together."""

    id: str
    message_ids: list[str]


@dataclass(frozen=True)
class Outbox:
    """The outbox of one database. `channels`: those that are set up; none means nothing is sent."""

    engine: Engine
    channels: Sequence[str] = field(default=())

    def next_batch(self) -> Batch | None:
        """Hand over what is new, and take the messages that are due; None if there are none."""
        with self.engine.begin() as connection:
            hand_over(connection, self.channels)
        with self.engine.begin() as connection:
            return take(connection)

    def put_back(self, batch_id: str) -> None:
        """The batch did not get on its way: it is due again in a moment."""
        with self.engine.begin() as connection:
            connection.execute(
                update(Message)
                .where(Message.batch_id == batch_id, Message.status == "WAITING")
                .values(due_at=text("now() + :soon").bindparams(soon=SOON))
            )


def hand_over(connection: Connection, channels: Sequence[str]) -> int:
    """Make messages of new notifications; returns how many there were."""
    fresh = connection.execute(FRESH, {"most": HANDED}).all()
    if not fresh:
        return 0
    rows = [
        {"channel": channel, **row}
        for row in map(_row, fresh)
        if row is not None
        for channel in channels
    ]
    if rows:
        connection.execute(insert(Message), [{"id": new_id(), **row} for row in rows])
    handed = Notification.id.in_([each.id for each in fresh])
    connection.execute(update(Notification).where(handed).values(handed_at=text("now()")))
    return len(fresh)


def _row(fresh: Row[Any]) -> dict[str, Any] | None:
    """What is common to the messages of a notification; None where the person wants none."""
    wishes = Wishes(
        muted=frozenset(fresh.muted),
        quiet_from=fresh.quiet_from,
        quiet_until=fresh.quiet_until,
    )
    if not wishes.wants(fresh.kind):
        return None
    due = wishes.due(fresh.now, _zone(fresh.time_zone))
    return {"notification_id": fresh.id, "user_id": fresh.user_id, "due_at": due}


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def take(connection: Connection) -> Batch | None:
    """Take what is due, the oldest first; it is due again only after the lease."""
    batch_id = new_id()
    values = {"batch": batch_id, "lease": LEASE, "most": BATCH}
    ids = connection.execute(TAKE, values).scalars().all()
    return Batch(batch_id, sorted(ids)) if ids else None
