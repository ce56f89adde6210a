"""The outbox: what was told inside the portal becomes messages, and messages become batches.

The record activity writes notifications; here a worker hands them over, a while later and in its
own transactions, so that telling people makes no decision slower. Whatever is interrupted is found
again: a notification until it is handed over, a message until it is sent, dropped or given up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Engine, insert, text, update

from portal.models import Message, Notification
from portal.models.columns import new_id

HANDED = 200
BATCH = 12
# Nobody else takes a message of a batch for so long; longer than the pause between two tries.
LEASE = timedelta(minutes=15)
SOON = timedelta(seconds=10)

FRESH = text("""
SELECT n.id, n.user_id, n.kind FROM portal.notifications n
WHERE n.handed_at IS NULL ORDER BY n.created_at LIMIT :most FOR UPDATE SKIP LOCKED
""").columns(id=Notification.id.type, user_id=Notification.user_id.type)
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
        {"id": new_id(), "notification_id": each.id, "user_id": each.user_id, "channel": channel}
        for each in fresh
        for channel in channels
    ]
    if rows:
        connection.execute(insert(Message).values(due_at=text("now()")), rows)
    handed = Notification.id.in_([each.id for each in fresh])
    connection.execute(update(Notification).where(handed).values(handed_at=text("now()")))
    return len(fresh)


def take(connection: Connection) -> Batch | None:
    """Take what is due, the oldest first; it is due again only after the lease."""
    batch_id = new_id()
    values = {"batch": batch_id, "lease": LEASE, "most": BATCH}
    ids = connection.execute(TAKE, values).scalars().all()
    return Batch(batch_id, sorted(ids)) if ids else None
