"""Storing uploaded files: checked by content, named by id, described by a row."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, ClassVar

import structlog
from sqlalchemy import delete, func, select, update

from portal.config import Settings
from portal.domain.marked import msgid
from portal.domain.request.files import ACCEPT, KeptFile, shown_name
from portal.extensions import db
from portal.models import Attachment
from portal.models.columns import new_id
from portal.services.file_kinds import Unfit, kind_of
from portal.services.file_store import FileGone, FileStore, StoreAway, StoreFull, store_of
from portal.services.virus_scan import Scanner, ScannerAway
from portal.translation import _

MEGABYTE = 1_000_000
# Files in drafts of one person; nobody fills the disk by never sending anything.
MOST_UNSENT = 100
_CHUNK = 64 * 1024

log = structlog.get_logger("portal.attachments")


class FileChanged(Exception):
    """A stored file is not what was recorded when it was attached."""


class NotNow(Unfit):
    """A file that cannot be stored or looked at now; trying again later may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How many files of which size (bytes) one form may hold, and which a browser offers first."""

    accept: ClassVar[str] = ACCEPT
    most: int
    largest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Store(FileLimits):
    """Where files lie, and who looks at them first (`scanner`; None: nobody)."""

    files: FileStore
    scanner: Scanner | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it comes in: the form field, the name that the browser says, and the bytes."""

    field: str
    name: str
    stream: IO[bytes]


def keep(
    store: Store,
    form_id: str,
    owner_id: str,
    uploads: Iterable[Upload],
    request_id: str | None = None,
) -> list[tuple[str, str]]:
    """Store the files of a form, beside those of `request_id` that it is about. The unfit are left
    out: pairs of field and sentence say why. A file that the form holds already, of the same name
    and content, is not stored again: browsers send it once more from a page that they kept.
    """
    problems: list[tuple[str, str]] = []
    held = _held(form_id, owner_id, request_id)
    for upload in uploads:
        try:
            _keep(store, form_id, owner_id, upload, held)
        except Unfit as unfit:
            problems.append((upload.field, _(unfit.text, **unfit.values)))
    return problems


def keep_one(
    store: Store, form_id: str, owner_id: str, upload: Upload, request_id: str | None = None
) -> KeptFile:
    """The same for one file, as it is kept. Raises Unfit, and NotNow."""
    return _keep(store, form_id, owner_id, upload, _held(form_id, owner_id, request_id))


def known(form_id: str, owner_id: str, upload: Upload) -> KeptFile | None:
    """The file of that name and content, where the form holds it or was sent with it."""
    return _held(form_id, owner_id, None).same(upload)


@dataclass(slots=True)
class _Held:
    """How many files a form has, with those of its request, how many its owner has in unsent ones,
    and which the form has, by field, name and hash."""

    count: int
    unsent: int
    known: dict[tuple[str, str, str], KeptFile]

    def same(self, upload: Upload) -> KeptFile | None:
        """The file that the form has already."""
        if not self.known:
            return None
        return self.known.get((upload.field, shown_name(upload.name), _digest_of(upload.stream)))


def _held(form_id: str, owner_id: str, request_id: str | None) -> _Held:
    theirs = Attachment.form_id == form_id
    if request_id is not None:
        theirs |= Attachment.request_id == request_id
    count = db.session.scalar(select(func.count()).where(theirs)) or 0
    not_sent = Attachment.owner_id == owner_id, Attachment.request_id.is_(None)
    unsent = db.session.scalar(select(func.count()).where(*not_sent)) or 0
    kept = _known(form_id, owner_id)
    db.session.rollback()  # no connection is held while bytes travel
    return _Held(count, unsent, kept)


def _known(form_id: str, owner_id: str) -> dict[tuple[str, str, str], KeptFile]:
    mine = Attachment.form_id == form_id, Attachment.owner_id == owner_id
    return {
        (each.field, each.name, each.sha256): KeptFile(
            each.id, each.name, each.content_type, each.size, each.sha256
        )
        for each in db.session.scalars(select(Attachment).where(*mine))
    }


def _keep(store: Store, form_id: str, owner_id: str, upload: Upload, held: _Held) -> KeptFile:
    name = shown_name(upload.name)
    try:
        if same := held.same(upload):
            return same
        _require_room(name, held.count, store.most, held.unsent)
        row = _stored(store, name, upload.stream)
    finally:
        upload.stream.close()
    # The same file may come twice at once: who is second finds the first one's row.
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(form_id, 0))))
    if first := _known(form_id, owner_id).get((upload.field, name, row.sha256)):
        db.session.rollback()
        _forget(store.files, row.id)
        return first
    db.session.add(
        Attachment(form_id=form_id, owner_id=owner_id, field=upload.field, **row.as_value())
    )
    db.session.commit()
    held.count, held.unsent = held.count + 1, held.unsent + 1
    return row


def _require_room(name: str, count: int, most: int, unsent: int) -> None:
    """Raise Unfit where a form, or its owner's drafts together, have as many files as they may."""
    if count >= most:
        words = msgid("“%(name)s” is one file too many. Attach at most %(most)s files.")
        raise Unfit(words, name=name, most=most)
    if unsent >= MOST_UNSENT:
        words = msgid("“%(name)s” is one file too many in your drafts. Delete some drafts first.")
        raise Unfit(words, name=name)


def store_of_settings(settings: Settings) -> Store:
    """Where an installation keeps files, and its limits."""
    return Store(
        files=store_of(settings),
        most=settings.attachments_most,
        largest=settings.attachments_largest_mb * MEGABYTE,
        scanner=Scanner(settings.clamd_address) if settings.clamd_address else None,
    )


def drop(
    files: FileStore, form_id: str, owner_id: str, only: Iterable[str] | None = None
) -> list[str]:
    """Delete the files of a form that is not sent yet: all, or those of the given ids; which went.

    Where the store is away their bytes stay behind, and nobody can reach them any more.
    """
    statement = delete(Attachment).where(
        Attachment.form_id == form_id,
        Attachment.owner_id == owner_id,
        Attachment.request_id.is_(None),
    )
    if only is not None:
        statement = statement.where(Attachment.id.in_(list(only)))
    gone = list(db.session.scalars(statement.returning(Attachment.id)))
    db.session.commit()
    for attachment_id in gone:
        _forget(files, attachment_id)
    return gone


def _forget(files: FileStore, attachment_id: str) -> None:
    try:
        files.delete(attachment_id)
    except StoreAway as away:
        log.warning("attachments.left_behind", attachment=attachment_id, error=str(away))


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


def fetched(files: FileStore, file: KeptFile) -> IO[bytes]:
    """A stored file, checked against what was recorded of it; beyond a megabyte it lies on disk.

    Raises FileGone, FileChanged or StoreAway.
    """
    db.session.rollback()  # as in `keep`
    copy = SpooledTemporaryFile(max_size=MEGABYTE)  # noqa: SIM115 - whoever asked closes it
    digest = hashlib.sha256()
    try:
        for part in files.read(file.id):
            digest.update(part)
            copy.write(part)
        if digest.hexdigest() != file.sha256:
            log.error("attachments.changed", attachment=file.id, alarm=True)
            raise FileChanged(file.id)
    except BaseException:
        copy.close()
        raise
    copy.seek(0)
    return copy


def wrong_with(files: FileStore, attachment_id: str, sha256: str) -> str:
    """Whether a stored file is "missing" or "changed"; empty where it is what was recorded.

    Raises StoreAway.
    """
    digest = hashlib.sha256()
    try:
        for part in files.read(attachment_id):
            digest.update(part)
    except FileGone:
        return "missing"
    return "" if digest.hexdigest() == sha256 else "changed"


def _stored(store: Store, name: str, stream: IO[bytes]) -> KeptFile:
    """Put the file into the store under a fresh id, whole or not at all. Raises Unfit."""
    content_type = kind_of(name, stream)
    size, digest = _measured(stream, store.largest)
    if size > store.largest:
        words = msgid("“%(name)s” is larger than %(limit)s MB. Attach a smaller file or split it.")
        raise Unfit(words, name=name, limit=store.largest // MEGABYTE)
    _look_at(store.scanner, name, stream)
    attachment_id = new_id()
    stream.seek(0)
    try:
        store.files.put(attachment_id, stream)
    except StoreFull as full:
        log.error("attachments.store_full", error=str(full), alarm=True)
        words = msgid(
            "“%(name)s” could not be stored: the portal has no room for files. Tell an"
            " administrator, or continue without it."
        )
        raise NotNow(words, name=name) from full
    except StoreAway as away:
        log.error("attachments.store_away", error=str(away), alarm=True)
        words = msgid("“%(name)s” could not be stored. Attach it again in a moment.")
        raise NotNow(words, name=name) from away
    return KeptFile(attachment_id, name, content_type, size, digest)


def _digest_of(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    stream.seek(0)
    while part := stream.read(_CHUNK):
        digest.update(part)
    return digest.hexdigest()


def _measured(stream: IO[bytes], largest: int) -> tuple[int, str]:
    """The number of bytes, a little more than allowed at most, and their SHA-256."""
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while size <= largest and (part := stream.read(_CHUNK)):
        digest.update(part)
        size += len(part)
    return size, digest.hexdigest()


def _look_at(scanner: Scanner | None, name: str, stream: IO[bytes]) -> None:
    """Let the scanner read it; raises Unfit unless it is clean."""
    if scanner is None:
        return
    stream.seek(0)
    try:
        finding = scanner.finding(stream)
    except ScannerAway as away:
        log.error("attachments.scanner_away", error=str(away), alarm=True)
        words = msgid("“%(name)s” could not be checked for viruses. Attach it again in a moment.")
        raise NotNow(words, name=name) from away
    if finding is not None:
        log.warning("attachments.infected", finding=finding)
        words = msgid("“%(name)s” was not accepted: the virus scanner found %(finding)s.")
        raise Unfit(words, name=name, finding=finding)
