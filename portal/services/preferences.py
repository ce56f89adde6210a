"""Keeping how and when a person wants to be told."""

from sqlalchemy.dialects.postgresql import insert

from portal.domain.telling import Wishes, differences
from portal.extensions import db
from portal.models import NotificationPreference as Row


def keep(user_id: str, wishes: Wishes) -> None:
    """Keep the wishes; they hold for messages that are made from now on."""
    values = {
        "choices": differences(wishes.chosen),
        "daily_at": wishes.daily_at,
        "quiet_from": wishes.quiet_from,
        "quiet_until": wishes.quiet_until,
    }
    row = insert(Row).values(user_id=user_id, **values)
    db.session.execute(row.on_conflict_do_update(index_elements=[Row.user_id], set_=values))
    db.session.commit()
