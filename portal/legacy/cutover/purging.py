"""`flask portal purge-archive`: the archive is removed for good, after a last dump."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from psycopg.errors import DependentObjectsStillExist
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from portal.config import Settings
from portal.legacy.cutover import backup, recording, refusing
from portal.legacy.cutover.errors import CutoverRefused
from portal.legacy.cutover.locking import lock
from portal.legacy.cutover.places import engine_tables, has_schema, is_there
from portal.legacy.cutover.recording import Cutover
from portal.legacy.tables import ARCHIVE

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    backup_dir: Path | None = None
    no_backup_reason: str | None = None


def purgeable(connection: Connection) -> Cutover:
    """The cutover whose archive can be removed. Raises CutoverRefused where there is none."""
    made = recording.standing(connection) if is_there(connection, "portal.cutovers") else None
    if made is None:
        raise CutoverRefused("No cutover is in force, so there is no archive to remove.")
    if made.purged_at is not None or not has_schema(connection, ARCHIVE):
        raise CutoverRefused("The archive was removed already: nothing is there.")
    _drop(connection, made)  # shows what depends on it, before anybody is asked
    connection.rollback()
    return made


def warnings(connection: Connection) -> list[str]:
    """What people should know before they say yes."""
    rest = refusing.not_imported(connection, ARCHIVE)
    lines = ["After this the cutover cannot be taken back."]
    if rest:
        lines.append(f"Never came to the portal: {refusing.instances(rest)} of the archive.")
    return lines


def purge(
    connection: Connection, settings: Settings, options: Options, made: Cutover, say: Say
) -> None:
    """Dump the archive and remove it. Raises CutoverRefused, with nothing removed."""
    dump = None
    if options.no_backup_reason is None:
        dumper = backup.dumper(connection, settings, options.backup_dir)
        connection.rollback()
        dump = str(dumper.dump("archive", schema=ARCHIVE))
        say(f"The archive as it was: {dump}")
    _drop(connection, made)
    recording.purged(connection, made.id, recording.who(), dump, options.no_backup_reason)
    connection.commit()
    say("The archive is removed.")


def _drop(connection: Connection, made: Cutover) -> None:
    """Drop what was moved there, and nothing else: no CASCADE."""
    tables = [f"{ARCHIVE}.{name}" for name in engine_tables(connection, ARCHIVE)]
    if tables:
        lock(connection, tables)
    types = [f'{ARCHIVE}."{name}"' for name in made.enums]
    try:
        if tables:
            connection.execute(text(f"DROP TABLE {', '.join(tables)}"))
        if types:
            connection.execute(text(f"DROP TYPE IF EXISTS {', '.join(types)}"))
        if made.made_schema:
            connection.execute(text(f"DROP SCHEMA {ARCHIVE}"))
    except DBAPIError as error:
        if not isinstance(error.orig, DependentObjectsStillExist):
            raise
        detail = "; ".join((error.orig.diag.message_detail or "").splitlines())
        raise CutoverRefused(
            f"Something else still needs the archive, and nothing was removed: {detail}"
        ) from error
