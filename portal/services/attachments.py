"""Storing uploaded files: checked by content, named by id, described by a row."""

import errno
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import delete, func, select, update

from portal.domain.files import KeptFile, Unfit, kind_of, shown_name
from portal.extensions import db
from portal.models import Attachment
from portal.models.columns import new_id
from portal.services.errors import Busy

MEGABYTE = 1_000_000
# Files in drafts of one person; nobody fills the disk by never sending anything.
MOST_UNSENT = 100
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where files lie, and how many of which size (bytes) one form may hold."""

    directory: Path
    most: int
    largest: int

    def path(self, attachment_id: str) -> Path:
        """A file's place. Ids of one moment begin alike, so their ends spread the folders."""
        return self.directory / attachment_id[-2:] / attachment_id


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it comes in: the form field, the name that the browser says, and the bytes."""

    field: str
    name: str
    stream: IO[bytes]


def keep(
    store: Store, form_id: str, owner_id: str, uploads: Iterable[Upload]
) -> list[tuple[str, str]]:
    """Store the files of a form. The unfit are left out: pairs of field and sentence say why.

    Raises Busy where the disk is full.
    """
    problems: list[tuple[str, str]] = []
    count = db.session.scalar(select(func.count()).where(Attachment.form_id == form_id)) or 0
    not_sent = Attachment.owner_id == owner_id, Attachment.request_id.is_(None)
    unsent = db.session.scalar(select(func.count()).where(*not_sent)) or 0
    for upload in uploads:
        name = shown_name(upload.name)
        try:
            if count >= store.most:
                raise Unfit(f"“{name}” is one too many: attach {store.most} files.")
            if unsent >= MOST_UNSENT:
                raise Unfit(f"“{name}” is one too many in your drafts: send or delete some first.")
            row = _stored(store, name, upload.stream)
        except Unfit as unfit:
            problems.append((upload.field, str(unfit)))
            continue
        finally:
            upload.stream.close()
        db.session.add(
            Attachment(form_id=form_id, owner_id=owner_id, field=upload.field, **row.as_value())
        )
        count, unsent = count + 1, unsent + 1
    db.session.commit()
    return problems


def drop(directory: Path, form_id: str, owner_id: str, only: Iterable[str] | None = None) -> None:
    """Delete the files of a form that is not sent yet: all, or those of the given ids."""
    statement = delete(Attachment).where(
        Attachment.form_id == form_id,
        Attachment.owner_id == owner_id,
        Attachment.request_id.is_(None),
    )
    if only is not None:
        statement = statement.where(Attachment.id.in_(list(only)))
    gone = db.session.scalars(statement.returning(Attachment.id)).all()
    db.session.commit()
    store = Store(directory=directory, most=0, largest=0)
    for attachment_id in gone:
        store.path(attachment_id).unlink(missing_ok=True)


def attach(form_id: str, owner_id: str, request_id: str) -> None:
    """Give the form's files to the request, within the caller's transaction."""
    db.session.execute(
        update(Attachment)
        .where(Attachment.form_id == form_id, Attachment.owner_id == owner_id)
        .values(request_id=request_id)
    )


def hand_on(form_id: str, owner_id: str, next_form_id: str) -> None:
    """Give the files of a form that was refused to the one that is shown in its place."""
    db.session.execute(
        update(Attachment)
        .where(Attachment.form_id == form_id, Attachment.owner_id == owner_id)
        .values(form_id=next_form_id, request_id=None)
    )
    db.session.commit()


def _stored(store: Store, name: str, stream: IO[bytes]) -> KeptFile:
    """Write the file under a fresh id, whole or not at all. Raises Unfit or Busy."""
    head = stream.read(_CHUNK)
    content_type = kind_of(name, head)
    attachment_id = new_id()
    path = store.path(attachment_id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        size, digest = _write(path, head, stream, store.largest)
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Busy from error
        raise
    if size > store.largest:
        path.unlink()
        limit = store.largest // MEGABYTE
        raise Unfit(f"“{name}” is larger than {limit} MB: make it smaller, or split it.")
    return KeptFile(attachment_id, name, content_type, size, digest)


def _write(path: Path, head: bytes, stream: IO[bytes], largest: int) -> tuple[int, str]:
    """Copy the bytes to disk, a little more than allowed at most; their number and SHA-256."""
    digest, size, chunk = hashlib.sha256(), 0, head
    with path.open("xb") as file:
        while chunk and size <= largest:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            chunk = stream.read(_CHUNK)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()
