"""The outbox: what was told inside the portal becomes messages, and messages become batches.

The record activity writes notifications; here a worker hands them over, a while later and in its
own transactions, so that telling people makes no decision slower. Whatever is interrupted is found
again: a notification until it is handed over, a message until it is sent, dropped or given up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, insert, text, update

from portal.domain.notices.kinds import Channel
from portal.domain.notices.preferences import (
    DIGESTS,
    MORNING,
    DeliveryMode,
    NotificationPreferences,
    choices,
    zone_or_utc,
)
from portal.models import Message, Notification
from portal.models.columns import new_id

HANDED = 200
BATCH = 12
# Nobody else takes a message of a batch for so long once its workflow has begun, which survives
# its workers; longer than the pause between two tries.
LEASE = timedelta(minutes=15)
# Until then it is this process's alone, which may die.
TAKEN = timedelta(seconds=30)
SOON = timedelta(seconds=10)

FRESH = text("""
SELECT n.id::text, n.user_id::text, n.kind, u.time_zone, now() AS now, t.due_at AS needed_by,
    COALESCE(p.choices, '{}') AS choices, p.daily_at, p.quiet_from, p.quiet_until
FROM portal.notifications n
LEFT JOIN portal.tasks t ON t.id = n.task_id
JOIN portal.users u ON u.id = n.user_id
LEFT JOIN portal.notification_preferences p ON p.user_id = n.user_id
WHERE n.handed_at IS NULL ORDER BY n.created_at LIMIT :most FOR UPDATE OF n SKIP LOCKED
""")
# The next one's channel is the batch's: one in trouble holds up no other.
NEXT = text("""
SELECT channel FROM portal.messages
WHERE status = 'WAITING' AND digest IS NULL AND due_at <= now()
ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
""")
CHATS = text("SELECT 'chat:' || id::text FROM portal.chat_channels WHERE is_on ORDER BY id")
TAKE = text("""
UPDATE portal.messages SET batch_id = CAST(:batch AS uuid), due_at = now() + :lease
WHERE id IN (
    SELECT id FROM portal.messages WHERE status = 'WAITING' AND digest IS NULL AND due_at <= now()
        AND channel = :channel
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
) RETURNING id::text
""")


class Batch(NamedTuple):
    """Messages to be sent together."""

    id: str
    message_ids: list[str]
    channel: str = "mail"


@dataclass(frozen=True)
class Outbox:
    """The outbox of one database. `channels`: those of the settings; administrators may have set up
    others. Where there are none nothing is sent."""

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
        self._due_in(batch_id, SOON)

    def hold(self, batch_id: str) -> None:
        """The batch is on its way: its workflow sees to it, whatever becomes of this process."""
        self._due_in(batch_id, LEASE)

    def _due_in(self, batch_id: str, pause: timedelta) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                update(Message)
                .where(
                    Message.batch_id == batch_id,
                    Message.status == "WAITING",
                    Message.digest.is_(None),
                )
                .values(due_at=text("now() + :pause").bindparams(pause=pause))
            )


def hand_over(connection: Connection, channels: Sequence[str]) -> int:
    """Make messages of new notifications; returns how many there were."""
    fresh = connection.execute(FRESH, {"most": HANDED}).all()
    if not fresh:
        return 0
    channels = (*channels, *connection.execute(CHATS).scalars())
    rows = [row for each in fresh for row in _rows(each, channels)]
    if rows:
        connection.execute(insert(Message), rows)
    handed = Notification.id.in_([each.id for each in fresh])
    connection.execute(update(Notification).where(handed).values(handed_at=text("now()")))
    return len(fresh)


def _rows(fresh: Row[Any], channels: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The messages of a notification: one for each channel by which the person wants it."""
    wishes = NotificationPreferences(
        chosen=choices(fresh.choices),
        daily_at=fresh.daily_at or MORNING,
        quiet_from=fresh.quiet_from,
        quiet_until=fresh.quiet_until,
    )
    zone = zone_or_utc(fresh.time_zone)
    for channel in channels:
        # What a person chose for chat holds for each channel of it.
        way = Channel(channel.partition(":")[0])
        how, due = wishes.timing(fresh.kind, way, fresh.now, zone, fresh.needed_by)
        if how is not DeliveryMode.NOT:
            yield {
                "id": new_id(),
                "notification_id": fresh.id,
                "user_id": fresh.user_id,
                "channel": channel,
                "digest": how.value if how in DIGESTS else None,
                "due_at": due,
            }


def take(connection: Connection) -> Batch | None:
    """Take what is due, the oldest first; it is due again soon, unless it is held."""
    channel = connection.execute(NEXT).scalar()
    if channel is None:
        return None
    batch_id = new_id()
    values = {"batch": batch_id, "lease": TAKEN, "most": BATCH, "channel": channel}
    ids = connection.execute(TAKE, values).scalars().all()
    return Batch(batch_id, sorted(ids), channel)
