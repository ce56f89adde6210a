"""What a person has read."""

from datetime import datetime

from sqlalchemy import update

from portal.extensions import db
from portal.models import Notification


def mark_read(user_id: str, until: datetime) -> None:
    """Mark every message up to that moment as read; one that comes later stays new."""
    statement = update(Notification).where(
        Notification.user_id == user_id,
        Notification.read_at.is_(None),
        Notification.created_at <= until,
    )
    db.session.execute(statement.values(read_at=until))
    db.session.commit()
