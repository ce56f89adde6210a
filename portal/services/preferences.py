"""Keeping how and when a person wants to be told."""

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from portal.domain.notices.preferences import (
    DIGESTS,
    MORNING,
    NotificationPreferences,
    differences,
    zone_or_utc,
)
from portal.extensions import db
from portal.models import Message, Notification, Task, User
from portal.models import NotificationPreference as Row


def keep(user_id: str, wishes: NotificationPreferences) -> None:
    """Keep the wishes; they hold for messages that are made from now on."""
    values = {
        "choices": differences(wishes.chosen),
        "daily_at": wishes.daily_at,
        "quiet_from": wishes.quiet_from,
        "quiet_until": wishes.quiet_until,
        "monthly_since": wishes.monthly_since,
    }
    row = insert(Row).values(user_id=user_id, **values)
    db.session.execute(row.on_conflict_do_update(index_elements=[Row.user_id], set_=values))
    time_digests(user_id)
    db.session.commit()


def time_digests(user_id: str) -> None:
    """Time what waits for a digest anew, by the person's wishes and zone as they are now, within
    the caller's transaction. What is due already stays due; what has to be decided before the
    digest would come does not wait for it."""
    found = select(func.now().label("now"), User.time_zone, Row.daily_at, Row.quiet_from,
                   Row.quiet_until)  # fmt: skip
    found = found.outerjoin(Row, Row.user_id == User.id).where(User.id == user_id)
    row = db.session.execute(found).one()
    wishes = NotificationPreferences(
        daily_at=row.daily_at or MORNING, quiet_from=row.quiet_from, quiet_until=row.quiet_until
    )
    for how in DIGESTS:
        waits = update(Message).where(
            Message.user_id == user_id,
            Message.digest == how.value,
            Message.status == "WAITING",
            Message.batch_id.is_(None),
            Message.due_at > row.now,
        )
        zone = zone_or_utc(row.time_zone)
        digest_at = wishes.next_digest(how, row.now, zone)
        urgent = Message.notification_id.in_(
            select(Notification.id)
            .join(Task, Task.id == Notification.task_id)
            .where(Notification.user_id == user_id, Task.due_at <= digest_at)
        )
        db.session.execute(waits.where(urgent.is_not(True)).values(due_at=digest_at))
        at_once = {"due_at": wishes.due(row.now, zone), "digest": None}
        db.session.execute(waits.where(urgent).values(**at_once))
