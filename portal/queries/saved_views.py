"""The views that somebody saved."""

from dataclasses import dataclass

from sqlalchemy import Uuid, bindparam, or_, select

from portal.extensions import Question, db
from portal.models import SavedView
from portal.models.columns import by_name

MOST = 50
_PLACE = bindparam("place", type_=SavedView.place.type)
_LISTED = Question(
    select(SavedView.id, SavedView.place, SavedView.name, SavedView.filters)
    .where(
        SavedView.user_id == bindparam("user", type_=Uuid(as_uuid=False)),
        or_(_PLACE.is_(None), SavedView.place == _PLACE),
    )
    .order_by(SavedView.place.desc(), by_name(SavedView.name))
    .limit(2 * MOST)
)


@dataclass(frozen=True, slots=True)
class SavedViewRecord:
    """A named filter of a list; `filters` are the values of its address."""

    id: str
    place: str
    name: str
    filters: dict[str, str]


def listed(user_id: str, place: str | None = None) -> tuple[SavedViewRecord, ...]:
    """The person's views by name: of one list, or of all."""
    rows = _LISTED.ask(db.session.connection(), {"user": user_id, "place": place})
    return tuple(SavedViewRecord(*row) for row in rows)
