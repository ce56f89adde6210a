"""Naming a filter of a list, and forgetting it again."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from portal.extensions import db
from portal.models import SavedView

MOST = 50


class TooManyViews(Exception):
    """The person has `MOST` views of this list: delete some first."""


def save(user_id: str, place: str, name: str, filters: dict[str, str]) -> None:
    """Keep the filter under that name; a view of the same name is replaced. Raises TooManyViews."""
    others = SavedView.user_id == user_id, SavedView.place == place, SavedView.name != name
    if (db.session.scalar(select(func.count()).where(*others)) or 0) >= MOST:
        raise TooManyViews
    row = insert(SavedView).values(user_id=user_id, place=place, name=name, filters=filters)
    same_name = [SavedView.user_id, SavedView.place, SavedView.name]
    new = {"filters": row.excluded.filters}
    db.session.execute(row.on_conflict_do_update(index_elements=same_name, set_=new))
    db.session.commit()


def delete_view(view_id: str, user_id: str) -> bool:
    """Forget a view; False where the person has no such view."""
    mine = delete(SavedView).where(SavedView.id == view_id, SavedView.user_id == user_id)
    gone = db.session.execute(mine.returning(SavedView.id)).one_or_none()
    db.session.commit()
    return gone is not None
