"""Attached files: those of a form, and one for whoever may see it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, Uuid, bindparam, or_, select

from portal.domain.request.files import ENCLOSED, KeptFile
from portal.extensions import db
from portal.models import Attachment, Command, Request, User
from portal.queries.request import Reader, may_see


@dataclass(frozen=True, slots=True)
class FileOfForm:
    """A file and the form field it was uploaded in."""

    field: str
    file: KeptFile


@dataclass(frozen=True, slots=True)
class AddedFile:
    """A file that came with a command of that kind, and from whom."""

    owner_name: str
    kind: str
    at: datetime
    file: KeptFile


def of_form(form_id: str, owner_id: str, *, held: bool = False) -> tuple[FileOfForm, ...]:
    """The owner's files of a form that is not sent yet, oldest first. `held`: nobody deletes them
    until the caller's transaction ends."""
    rows = db.session.execute(_of_form(held), {"form": form_id, "owner": owner_id})
    return tuple(FileOfForm(field, KeptFile(*rest)) for field, *rest in rows)


def by_field(files: Iterable[FileOfForm]) -> dict[str, list[KeptFile]]:
    """The files by the places where they are kept."""
    found: dict[str, list[KeptFile]] = {}
    for each in files:
        found.setdefault(each.field, []).append(each.file)
    return found


def added_to(request_id: str) -> tuple[AddedFile, ...]:
    """Files that came with comments and decisions which had their effect, oldest first."""
    rows = db.session.execute(
        select(User.name, Command.kind, Attachment.created_at, *_COLUMNS)
        .join(Command, Command.id == Attachment.form_id)
        .join(User, User.id == Attachment.owner_id)
        .where(
            Attachment.request_id == request_id,
            Attachment.field == ENCLOSED,
            Command.outcome == "applied",
        )
        .order_by(Attachment.created_at, Attachment.id)
    )
    return tuple(AddedFile(row[0], row[1], row[2], KeptFile(*row[3:])) for row in rows)


def of_request(request_id: str) -> tuple[KeptFile, ...]:
    """The files of a request, oldest first: those of its form, and those that came with comments
    and decisions which had their effect; none that was erased."""
    rows = db.session.execute(
        select(*_COLUMNS)
        .outerjoin(Command, Command.id == Attachment.form_id)
        .where(
            Attachment.request_id == request_id,
            Attachment.erased_at.is_(None),
            or_(Attachment.field != ENCLOSED, Command.outcome == "applied"),
        )
        .order_by(Attachment.created_at, Attachment.id)
    )
    return tuple(KeptFile(*row) for row in rows)


def find(attachment_id: str, reader: Reader, *, erased: bool = False) -> KeptFile | None:
    """The file, for its owner and for those who may see its request; `erased`: one that was."""
    statement = (
        select(*_COLUMNS)
        .outerjoin(Request, Request.id == Attachment.request_id)
        .where(
            Attachment.id == attachment_id,
            Attachment.erased_at.is_not(None) if erased else Attachment.erased_at.is_(None),
            or_(Attachment.owner_id == reader.id, Request.id.is_not(None) & may_see(reader)),
        )
    )
    row = db.session.execute(statement).one_or_none()
    return None if row is None else KeptFile(*row)


_COLUMNS = (
    Attachment.id,
    Attachment.name,
    Attachment.content_type,
    Attachment.size,
    Attachment.sha256,
)


@cache
def _of_form(held: bool) -> Select[*tuple[Any, ...]]:
    found = (
        select(Attachment.field, *_COLUMNS)
        .where(
            Attachment.form_id == bindparam("form", type_=Uuid(as_uuid=False)),
            Attachment.owner_id == bindparam("owner", type_=Uuid(as_uuid=False)),
            Attachment.request_id.is_(None),
        )
        .order_by(Attachment.created_at, Attachment.id)
    )
    return found.with_for_update(read=True) if held else found
