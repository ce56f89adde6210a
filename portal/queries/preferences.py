"""How and when a person wants to be told."""

from sqlalchemy import select

from portal.domain.notices.preferences import NotificationPreferences, choices
from portal.extensions import db
from portal.models import MonthlyMail
from portal.models import NotificationPreference as Row


def wishes_of(user_id: str) -> NotificationPreferences:
    """The person's wishes; everything at any time where they said nothing."""
    found = select(
        Row.choices, Row.daily_at, Row.quiet_from, Row.quiet_until, Row.monthly_since
    )  # fmt: skip
    row = db.session.execute(found.where(Row.user_id == user_id)).one_or_none()
    if row is None:
        return NotificationPreferences()
    return NotificationPreferences(
        chosen=choices(row.choices),
        daily_at=row.daily_at,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        monthly_since=row.monthly_since,
    )


def monthly_trouble(user_id: str) -> str | None:
    """Why the newest month's figures could not be mailed to somebody; None where they were."""
    newest = select(MonthlyMail.status, MonthlyMail.last_error).where(
        MonthlyMail.user_id == user_id
    )
    row = db.session.execute(newest.order_by(MonthlyMail.month.desc()).limit(1)).one_or_none()
    return row.last_error if row is not None and row.status in ("FAILED", "DROPPED") else None
