"""What is kept no longer than an administrator wants: which drafts, sessions and notifications are
over, said once for the page that tells it before and for the clean-up that deletes it.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select

from portal.models.commands import Draft
from portal.models.messages import Message
from portal.models.notifications import Notification
from portal.models.requests import Request
from portal.models.sessions import UserSession

# A session is seen once a minute, and ends after at most a day without.
SEEN_LATE = timedelta(hours=1)


def over(name: str, days: int) -> Select[Any]:
    """The ids of what is over: `name` is the setting, such as `drafts_days`."""
    since = func.now() - timedelta(days=days)
    if name == "drafts_days":
        return select(Draft.id).where(Draft.updated_at < since)
    if name == "sessions_days":
        last = func.coalesce(UserSession.ended_at, UserSession.last_seen_at + SEEN_LATE)
        return select(UserSession.id).where(last < since)
    return select(Notification.id).where(*_read_enough(since))


def _read_enough(since: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    """Of a request that has been closed for as long, and nothing of it is still to be sent."""
    waits = exists().where(Message.notification_id == Notification.id, Message.status == "WAITING")
    closed = exists().where(Request.id == Notification.request_id, Request.closed_at < since)
    return Notification.created_at < since, Notification.handed_at.is_not(None), closed, ~waits
