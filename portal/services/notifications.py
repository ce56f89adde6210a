"""What a person has read."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, update

from portal.extensions import db
from portal.models import Notification


def mark_read(user_id: str, until: datetime) -> None:
    """Mark every message up to that moment as read; one that comes later stays new."""
    _mark(user_id, until, Notification.created_at <= until)
    db.session.commit()


def mark_one_read(user_id: str, notification_id: str, at: datetime) -> None:
    """Mark one message as read; one that is read already, or another person's, stays as it is."""
    _mark(user_id, at, Notification.id == notification_id)
    db.session.commit()


def mark_tasks_read(user_id: str, task_ids: Iterable[str]) -> None:
    """Mark what asked the person for these decisions as read, within the caller's transaction."""
    _mark(user_id, func.now(), Notification.task_id.in_(list(task_ids)))


def _mark(user_id: str, at: Any, which: ColumnElement[bool]) -> None:
    unread = update(Notification).where(
        Notification.user_id == user_id,
        Notification.read_at.is_(None),
        Notification.hidden.is_(False),
        which,
    )
    db.session.execute(unread.values(read_at=at).execution_options(synchronize_session=False))
