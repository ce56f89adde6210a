"""Keeping forms that are not sent yet. A draft's id becomes its Submit command's id."""

from typing import Any

from sqlalchemy import delete, exists, func, literal, select
from sqlalchemy.dialects.postgresql import Insert, insert

from portal.extensions import db
from portal.models import Command, Draft
from portal.services import attachments
from portal.services.file_store import FileStore

# Nobody fills in so many forms by hand; a program gone wild is stopped here.
MOST = 2_000


class NotYourDraft(Exception):
    """There is no such draft of this person's and of this request type."""


class AlreadySent(Exception):
    """The form was sent before: its command exists."""


class TooManyDrafts(Exception):
    """The person has to delete some of their `MOST` drafts first."""


def keep(draft_id: str, owner_id: str, type_code: str, values: dict[str, str]) -> None:
    """Make or change a draft. `values`: what was typed, by the name of the HTML field.

    Raises NotYourDraft, AlreadySent or TooManyDrafts; then nothing is kept.
    """
    row = {"id": draft_id, "user_id": owner_id, "type_code": type_code, "values": values}
    kept = db.session.execute(_keep(row)).one_or_none()
    db.session.commit()
    if kept is None:
        raise _reason(draft_id, owner_id)


def discard(draft_id: str, owner_id: str, files: FileStore) -> bool:
    """Delete a draft and its files; False where the person has no such draft."""
    mine = delete(Draft).where(Draft.id == draft_id, Draft.user_id == owner_id)
    gone = db.session.execute(mine.returning(Draft.id)).one_or_none()
    if gone is None:
        db.session.rollback()
        return False
    attachments.drop(files, draft_id, owner_id)
    return True


def _keep(row: dict[str, Any]) -> Any:
    """Insert or change in one statement, if the draft is theirs, unsent, and not one too many."""
    others = select(Draft.id).where(Draft.user_id == row["user_id"], Draft.id != row["id"])
    count = select(func.count()).select_from(others.limit(MOST).subquery()).scalar_subquery()
    sent = exists().where(Command.id == row["id"])
    columns = [Draft.__table__.c[name] for name in row]
    source = select(
        *(literal(value, column.type) for value, column in zip(row.values(), columns, strict=True))
    ).where(count < MOST, ~sent)
    statement: Insert = insert(Draft).from_select(list(row), source)
    return statement.on_conflict_do_update(
        index_elements=[Draft.id],
        set_={"values": statement.excluded["values"], "updated_at": func.now()},
        where=(Draft.user_id == row["user_id"]) & (Draft.type_code == row["type_code"]),
    ).returning(Draft.id)


def _reason(draft_id: str, owner_id: str) -> Exception:
    """Why nothing was kept."""
    sender = db.session.scalar(select(Command.actor_id).where(Command.id == draft_id))
    if sender is not None:
        return AlreadySent() if sender == owner_id else NotYourDraft()
    known = db.session.scalar(select(Draft.id).where(Draft.id == draft_id))
    return NotYourDraft() if known else TooManyDrafts()
