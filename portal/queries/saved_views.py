"""The views that somebody saved."""

from dataclasses import dataclass

from sqlalchemy import select

from portal.extensions import db
from portal.models import SavedView
from portal.models.columns import by_name

MOST = 50


@dataclass(frozen=True, slots=True)
class SavedViewRecord:
    """A named filter of a list; `filters` are the values of its address."""

    id: str
    place: str
    name: str
    filters: dict[str, str]


def listed(user_id: str, place: str | None = None) -> tuple[SavedViewRecord, ...]:
    """The person's views by name: of one list, or of all."""
    columns = (SavedView.id, SavedView.place, SavedView.name, SavedView.filters)
    mine = select(*columns).where(SavedView.user_id == user_id)
    if place is not None:
        mine = mine.where(SavedView.place == place)
    rows = db.session.execute(
        mine.order_by(SavedView.place.desc(), by_name(SavedView.name)).limit(2 * MOST)
    )
    return tuple(SavedViewRecord(*row) for row in rows)
