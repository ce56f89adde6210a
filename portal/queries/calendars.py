"""Calendars for administrators: what each says, and what goes by it."""

from sqlalchemy import select

from portal.extensions import db
from portal.models import Calendar

# An organisation has a few places; more than this no page lists.
SHOWN = 500


def names() -> dict[str, str]:
    """Every calendar's name by its id, in the order of names."""
    rows = db.session.execute(
        select(Calendar.id, Calendar.name).order_by(Calendar.name, Calendar.id).limit(SHOWN)
    )
    return {row.id: row.name for row in rows}
