"""The outbox: what was told inside the portal becomes messages, and messages become batches.

The record activity writes notifications; here a worker hands them over, a while later and in its
own transactions, so that telling people makes no decision slower. Whatever is interrupted is found
again: a notification until it is handed over, a message until it is sent, dropped or given up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, insert, text, update

from portal.domain.notices.kinds import KINDS, Channel, kind_named
from portal.domain.notices.preferences import (
    DIGESTS,
    MORNING,
    DeliveryMode,
    NotificationPreferences,
    choices,
    zone_or_utc,
)
from portal.extensions import without_transactions
from portal.models import Message, Notification
from portal.models.columns import new_id

HANDED = 200
# After a message of a kind that gathers, the next ones about the same request wait so long and go
# out as one.
GATHERED = timedelta(minutes=15)
BATCH = 12
# Nobody else takes a message of a batch for so long once its workflow has begun, which survives
# its workers; longer than the pause between two tries.
LEASE = timedelta(minutes=15)
# Until then it is this process's alone, which may die.
TAKEN = timedelta(seconds=30)
SOON = timedelta(seconds=10)

# Raw: rows that no other worker has taken are locked and changed in one trip.
FRESH = text("""
SELECT n.id::text, n.user_id::text, n.request_id::text, n.task_id, n.kind,
    u.time_zone, now() AS now, t.due_at AS needed_by,
    COALESCE(p.choices, '{}') AS choices, p.daily_at, p.quiet_from, p.quiet_until
FROM portal.notifications n
LEFT JOIN portal.tasks t ON t.id = n.task_id
JOIN portal.users u ON u.id = n.user_id
LEFT JOIN portal.notification_preferences p ON p.user_id = n.user_id
WHERE n.handed_at IS NULL ORDER BY n.created_at LIMIT :most FOR UPDATE OF n SKIP LOCKED
""")
# Messages that nobody has begun to send: they can speak for more of their kind. Locked, so that
# they are not taken before what they speak for is handed over.
UNTAKEN = text("""
SELECT n.user_id::text, n.request_id::text, n.kind, m.channel, m.digest
FROM portal.notifications n JOIN portal.messages m ON m.notification_id = n.id
WHERE (n.user_id, n.request_id) IN (
    SELECT * FROM unnest(CAST(:users AS uuid[]), CAST(:requests AS uuid[]))
) AND n.kind = ANY(:kinds) AND m.status = 'WAITING' AND m.batch_id IS NULL
FOR UPDATE OF m SKIP LOCKED
""")
RECENT = text("""
SELECT n.user_id::text, n.request_id::text, n.kind, m.channel, max(COALESCE(m.sent_at, now())) AS at
FROM portal.notifications n JOIN portal.messages m ON m.notification_id = n.id
WHERE (n.user_id, n.request_id) IN (
    SELECT * FROM unnest(CAST(:users AS uuid[]), CAST(:requests AS uuid[]))
) AND n.kind = ANY(:kinds) AND m.digest IS NULL
    AND (m.status = 'WAITING' OR m.sent_at > now() - CAST(:window AS interval))
GROUP BY 1, 2, 3, 4
""")
# The next one's channel is the batch's: one in trouble holds up no other.
NEXT = text("""
SELECT channel FROM portal.messages
WHERE status = 'WAITING' AND digest IS NULL AND due_at <= now()
ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
""")
# Whether there is anything to do: both parts find it by an index, or find it empty.
IS_THERE = text("""
SELECT EXISTS (SELECT FROM portal.notifications WHERE handed_at IS NULL) OR EXISTS (
    SELECT FROM portal.messages WHERE status = 'WAITING' AND digest IS NULL AND due_at <= now())
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


class OutgoingBatch(NamedTuple):
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

    def next_batch(self) -> OutgoingBatch | None:
        """Hand over what is new, and take the messages that are due; None if there are none."""
        with without_transactions(self.engine).connect() as connection:
            if not connection.scalar(IS_THERE):
                return None
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
    told = _ToldPerson.about(connection, fresh)
    rows = [row for each in fresh for row in _rows(each, channels, told)]
    if rows:
        connection.execute(insert(Message), rows)
    handed = Notification.id.in_([each.id for each in fresh])
    connection.execute(update(Notification).where(handed).values(handed_at=text("now()")))
    return len(fresh)


# Whom, about which request, of which kind, by which channel.
Subject = tuple[str, str, str, str]


@dataclass
class _ToldPerson:
    """What people were told of late, or are about to be. `untaken`: what can still speak for more,
    with its digest; `recent`: when the last one went out."""

    untaken: set[tuple[Subject, str | None]] = field(default_factory=set)
    recent: dict[Subject, datetime] = field(default_factory=dict)

    @classmethod
    def about(cls, connection: Connection, fresh: Sequence[Row[Any]]) -> "_ToldPerson":
        """What concerns the same as these notifications do."""
        pairs = {(row.user_id, row.request_id) for row in fresh if kind_named(row.kind).gathers}
        if not pairs:
            return cls()
        users, requests = zip(*sorted(pairs), strict=True)
        kinds = [kind.code for kind in KINDS.values() if kind.gathers]
        values = {"users": list(users), "requests": list(requests), "kinds": kinds}
        untaken = connection.execute(UNTAKEN, values).all()
        recent = connection.execute(RECENT, {**values, "window": GATHERED}).all()
        return cls(
            untaken={(_subject(row), row.digest) for row in untaken},
            recent={_subject(row): row.at for row in recent},
        )

    def speaks_for(self, subject: Subject, digest: str | None) -> bool:
        """Whether a message that is on its way will say this, too."""
        return (subject, digest) in self.untaken

    def not_before(self, subject: Subject, due: datetime) -> datetime:
        """When the next one may go out; it can speak for those that follow."""
        at = self.recent.get(subject)
        return due if at is None else max(due, at + GATHERED)


def _subject(row: Row[Any]) -> Subject:
    return row.user_id, row.request_id, row.kind, row.channel


def _rows(fresh: Row[Any], channels: Sequence[str], told: _ToldPerson) -> Iterator[dict[str, Any]]:
    """The messages of a notification: one for each channel by which the person wants it, unless
    one that waits there says it as well."""
    wishes = NotificationPreferences(
        chosen=choices(fresh.choices),
        daily_at=fresh.daily_at or MORNING,
        quiet_from=fresh.quiet_from,
        quiet_until=fresh.quiet_until,
    )
    zone = zone_or_utc(fresh.time_zone)
    gathers = kind_named(fresh.kind).gathers
    for channel in channels:
        # What a person chose for chat holds for each channel of it.
        way = Channel(channel.partition(":")[0])
        how, due = wishes.timing(fresh.kind, way, fresh.now, zone, fresh.needed_by)
        if how is DeliveryMode.NOT:
            continue
        digest = how.value if how in DIGESTS else None
        subject = (fresh.user_id, fresh.request_id, fresh.kind, channel)
        # Of what is about a task the last one is sent, and the others are dropped then.
        if gathers and fresh.task_id is None:
            if told.speaks_for(subject, digest):
                continue
            told.untaken.add((subject, digest))
        if gathers and digest is None:
            due = told.not_before(subject, due)
        yield {
            "id": new_id(),
            "notification_id": fresh.id,
            "user_id": fresh.user_id,
            "channel": channel,
            "digest": digest,
            "due_at": due,
        }


def take(connection: Connection) -> OutgoingBatch | None:
    """Take what is due, the oldest first; it is due again soon, unless it is held."""
    channel = connection.execute(NEXT).scalar()
    if channel is None:
        return None
    batch_id = new_id()
    values = {"batch": batch_id, "lease": TAKEN, "most": BATCH, "channel": channel}
    ids = connection.execute(TAKE, values).scalars().all()
    return OutgoingBatch(batch_id, sorted(ids), channel)
