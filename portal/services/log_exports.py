"""Files of the log under way: how far each has come, so that its reader sees it and can go on."""

from collections.abc import Mapping

from sqlalchemy import Executable, func, insert, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from portal.extensions import db, transaction
from portal.models import LogExport
from portal.models.columns import new_id


def begin(
    kind: str, filters: Mapping[str, str], person_id: str, start: int, end: int
) -> str | None:
    """Note that a file of these leaves begins; its id, None where that could not be noted."""
    export_id = new_id()
    row = {
        "id": export_id, "kind": kind, "filters": dict(filters), "person_id": person_id,
        "first_leaf": start, "next_leaf": start, "end_leaf": end,
    }  # fmt: skip
    return export_id if _written(insert(LogExport).values(row)) else None


def keep(export_id: str | None, next_leaf: int, entries: int, *, ended: bool = False) -> None:
    """Note how far it has come; `ended`: whole or not, no more of it comes."""
    mine = update(LogExport).where(LogExport.id == export_id)
    came = {"next_leaf": next_leaf, "entries": entries, "seen_at": func.now()}
    if export_id is not None:
        _written(mine.values(came | ({"ended_at": func.now()} if ended else {})))


def _written(statement: Executable) -> bool:
    """Whether it was; a file goes out also where its progress cannot be noted."""
    try:
        with transaction():
            db.session.execute(statement)
            db.session.commit()
    except (DBAPIError, NoFreeConnection):
        db.session.rollback()
        return False
    return True
