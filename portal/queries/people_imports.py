"""Imports of people: one, the latest, and whether the same file came before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import PeopleImport, User

SHOWN = 10


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """An import, with who made it; `applied_at` None: not yet done; `refused`: how many of its
    refused lines are still kept."""

    id: str
    file_name: str
    headers: list[str]
    choices: dict[str, Any]
    report: dict[str, Any]
    actor: str
    created_at: datetime
    applied_at: datetime | None
    progress: dict[str, Any]
    refused: int


def find(import_id: str) -> ImportRecord | None:
    """The import of that id."""
    row = db.session.execute(_statement().where(PeopleImport.id == import_id)).one_or_none()
    return None if row is None else ImportRecord(*row)


def recent() -> tuple[ImportRecord, ...]:
    """Those that were done, the newest first."""
    done = _statement().where(PeopleImport.applied_at.is_not(None))
    rows = db.session.execute(done.order_by(PeopleImport.applied_at.desc()).limit(SHOWN))
    return tuple(ImportRecord(*row) for row in rows)


def same_before(import_id: str) -> ImportRecord | None:
    """The latest import of the very same file, if it was done before."""
    this = aliased(PeopleImport)
    digest = select(this.digest).where(this.id == import_id).scalar_subquery()
    same = (PeopleImport.digest == digest, PeopleImport.applied_at.is_not(None))
    newest = _statement().where(*same).order_by(PeopleImport.applied_at.desc()).limit(1)
    row = db.session.execute(newest).one_or_none()
    return None if row is None else ImportRecord(*row)


def refused_lines(import_id: str) -> list[list[str]]:
    """The refused lines of an import that was done: their cells, and at last why."""
    kept = select(PeopleImport.refused).where(PeopleImport.id == import_id)
    return db.session.scalar(kept) or []


def _statement() -> Any:
    return select(
        PeopleImport.id, PeopleImport.file_name, PeopleImport.headers, PeopleImport.choices,
        PeopleImport.report, User.name, PeopleImport.created_at, PeopleImport.applied_at,
        PeopleImport.progress, func.jsonb_array_length(PeopleImport.refused),
    ).join(User, User.id == PeopleImport.actor_id)  # fmt: skip
