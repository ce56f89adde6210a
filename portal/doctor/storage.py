"""Where files go: can one be written, read and deleted, and is there room left?"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from portal.config import ROOT, Settings
from portal.doctor.finding import Finding, fault, warning, well
from portal.models.columns import new_id
from portal.services.file_store import FileGone, StoreAway, StoreFull, store_of

PROBE = b"flask portal doctor looks whether files are kept.\n" * 200
LITTLE, TOO_LITTLE = 2_000, 300  # megabytes
PERCENT = 5


def examine(settings: Settings) -> Iterator[Finding]:
    """A file of our own there and back; then the room on each disk that we write to."""
    yield _kept(settings)
    folders = {"the release": ROOT, "BACKUPS_DIR": settings.backups_dir}
    if not settings.attachments_url:
        folders["ATTACHMENTS_DIR"] = settings.attachments_dir
    for name, folder in folders.items():
        yield _room(name, folder)
    if not _takes(settings.backups_dir):
        said = f"BACKUPS_DIR ({settings.backups_dir}) takes nothing from this user: no backups"
        todo = "scripts/backup writes there: give it to the user that runs it"
        yield warning("storage.backups", said, todo)


def _kept(settings: Settings) -> Finding:
    store, key = store_of(settings), new_id()
    place = settings.attachments_url or str(settings.attachments_dir)
    name = "ATTACHMENTS_URL" if settings.attachments_url else "ATTACHMENTS_DIR"
    try:
        store.put(key, BytesIO(PROBE))
        try:
            is_same = b"".join(store.read(key)) == PROBE
        finally:
            store.delete(key)
    except StoreFull:
        said = f"there is no room for a file in {place}"
        return fault("storage.full", said, "free some space, or move the files to a larger disk")
    except (StoreAway, FileGone, NotADirectoryError) as error:
        todo = f"look at {name}: it must be there, and the user of web and doctor may write to it"
        return fault("storage.away", f"{place} keeps no file: {error}", todo)
    if not is_same:
        said = f"a file came back from {place} with other bytes"
        return fault("storage.wrong", said, "stop taking files, and look at that disk")
    return well("storage", f"a file was written to {place}, read and deleted")


def _takes(folder: Path) -> bool:
    try:
        return os.access(_nearest(folder), os.W_OK | os.X_OK)
    except OSError:
        return False


def _nearest(folder: Path) -> Path:
    """The folder, or the closest one above it that is there. Raises OSError where this user may
    not look."""
    for each in (folder, *folder.parents):
        with suppress(FileNotFoundError):
            each.stat()
            return each
    return folder


def _room(name: str, folder: Path) -> Finding:
    try:
        disk = shutil.disk_usage(_nearest(folder))
    except OSError as error:
        said = f"{name} ({folder}) cannot be looked at: {error.strerror}"
        return fault("disk.away", said, f"chown or mount {folder}")
    free = disk.free // 10**6
    said = f"{free} MB are free for {name} ({folder})"
    todo = "free some space, or make the disk larger"
    if free < TOO_LITTLE:
        return fault("disk.full", said, todo)
    if free < LITTLE or disk.free * 100 < disk.total * PERCENT:
        return warning("disk.low", said, todo)
    return well("disk", said)
