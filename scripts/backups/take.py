"""``scripts/backup``: database, attached files and keys into a new folder under BACKUPS_DIR.

The sealed log comes first: a log that knew more than the database would be taken for one that was
put back. Then the database, as one moment sees it: a file is stored before its row is written, so
every file that the dump speaks of is there when the files are copied after it. The key that signs
the log is none of it.
"""

import argparse
import os
import shutil
import sys
import tarfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from portal.config import ConfigurationError, Settings
from portal.legacy.cutover.backup import dumper
from portal.legacy.cutover.chain import CutoverRefused
from portal.services import backups
from scripts.backups.manifest import Manifest, Unusable, counts_of, digest_of
from scripts.local import clone

FILES = "attachments.tar"
LOG = "audit-log.tar"
KEYS = "keys.env"
REVISION = "SELECT version_num FROM portal.alembic_version"


def main(arguments: Sequence[str]) -> int:
    """Take a backup; 0 when it is whole, 1 with a sentence when it is not, 2 for the settings."""
    given = _parsed(arguments)
    os.umask(0o077)
    clone.say_what_it_is()
    try:
        folder = take(Settings.from_environment(), keys=not given.without_keys)
        if given.keep:
            forget(folder.parent, given.keep)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    except (Unusable, CutoverRefused, OSError) as error:
        print(f"No backup was taken. {error}", file=sys.stderr)
        return 1
    except DBAPIError as error:
        print(f"No backup was taken: {' '.join(str(error.orig).split())}", file=sys.stderr)
        return 1
    print(folder)
    return 0


def take(settings: Settings, *, keys: bool = True) -> Path:
    """Take one; its folder has its name only when it is whole."""
    began = time.monotonic()
    now = datetime.now(UTC)
    folder = settings.backups_dir / backups.folder_of(now)
    draft = folder.with_name(folder.name + ".part")
    draft.mkdir(mode=0o700, parents=True)
    try:
        log = _log(settings.audit_log_dir, draft)
        counts, revision = _database(settings, draft)
        attachments = _files(settings, draft)
        if keys:
            (draft / KEYS).write_text(f"SECRET_KEY={settings.secret_key}\n", encoding="utf-8")
        digests = {each.name: digest_of(each) for each in sorted(draft.iterdir())}
        Manifest(now.isoformat(), revision, counts, attachments, digests, log).write(draft)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    size = sum(each.stat().st_size for each in folder.iterdir()) / 10**6
    print(
        f"{counts['requests']} requests, {counts['audit_events']} events, "
        f"{'no' if attachments is None else attachments} files; "
        f"{size:.1f} MB in {time.monotonic() - began:.1f} s.",
        file=sys.stderr,
    )
    return folder


def _log(home: Path, folder: Path) -> int | None:
    """Pack the sealed log. Of what is written meanwhile the checkpoint goes first: the tiles behind
    it hold at least what it signs."""
    points = sorted(home.glob("*/checkpoint"))
    if not points:
        return None
    names = {each: None for each in (*points, *sorted(home.rglob("*"))) if each.is_file()}
    number = 0
    with tarfile.open(folder / LOG, "x:") as archive:
        for path in names:
            with suppress(FileNotFoundError):  # a draft that has its name by now
                archive.add(path, path.relative_to(home), recursive=False)
                number += 1
    return number


def _database(settings: Settings, folder: Path) -> tuple[dict[str, int], str]:
    """Dump it; the counts and the revision that the dump has."""
    engine = create_engine(
        settings.owner_sqlalchemy_url, isolation_level="REPEATABLE READ", hide_parameters=True
    )
    try:
        with engine.connect() as connection:
            dump = dumper(connection, settings, folder)
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            counts = counts_of(connection)
            revision = str(connection.scalar(text(REVISION)))
            dump.dump("database", snapshot=snapshot).rename(folder / "database.dump")
    finally:
        engine.dispose()
    return counts, revision


def _files(settings: Settings, folder: Path) -> int | None:
    """Pack the folder of attached files. A draft's file may go meanwhile, and is left out."""
    if settings.attachments_url:
        print(
            f"Files lie in {settings.attachments_url}: its own versions are their backup.",
            file=sys.stderr,
        )
        return None
    number = 0
    with tarfile.open(folder / FILES, "x:") as archive:
        for path in sorted(settings.attachments_dir.glob("*/*")):
            with suppress(FileNotFoundError):
                archive.add(path, path.relative_to(settings.attachments_dir), recursive=False)
                number += 1
    return number


def forget(folder: Path, keep: int) -> None:
    """Delete all backups but the newest so many."""
    for old in backups.whole(folder)[:-keep]:
        shutil.rmtree(old)
        print(f"Deleted {old}.", file=sys.stderr)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/backup", description="Database, attached files and keys into BACKUPS_DIR."
    )
    parser.add_argument(
        "--keep", type=int, default=0, metavar="N", help="delete all but the newest N"
    )
    parser.add_argument(
        "--without-keys", action="store_true", help="leave SECRET_KEY out: keep it elsewhere"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
