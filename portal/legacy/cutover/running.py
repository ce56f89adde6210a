"""`flask portal cutover`: looks, dumps, and runs the revision; and the way back for programs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from psycopg.errors import DependentObjectsStillExist
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from portal.config import Settings
from portal.legacy.cutover import backup, chain, recording, refusing
from portal.legacy.cutover.chain import (
    CutoverRefused,
    engine_tables,
    functions_naming,
    has_schema,
    is_there,
)
from portal.legacy.cutover.recording import StandingCutover
from portal.legacy.cutover.schema import CutoverPermit, lock
from portal.legacy.tables import ARCHIVE, OPS

Say = Callable[[str], None]
ADVICE = (
    "Move what can be moved with scripts/migrate_workflows_to_temporal.py, choose on "
    "/admin/cutover where a person is needed, or list what may stay behind in a file for --accept."
)


@dataclass(frozen=True)
class CutoverOptions:
    """What the command line says. `no_backup_reason`: why no dump is wanted; None dumps."""

    accept: Path | None = None
    backup_dir: Path | None = None
    no_backup_reason: str | None = None
    dry_run: bool = False


def cut_over(connection: Connection, settings: Settings, options: CutoverOptions, say: Say) -> None:
    """Cut the schema over, or with `dry_run` only look.

    `say` hears what people should read. Raises CutoverRefused, with nothing changed, where
    something speaks against it.
    """
    refusing.require_ready(connection)
    dumper = None
    if options.no_backup_reason is None:
        dumper = backup.dumper(connection, settings, options.backup_dir)
    accepted = refusing.accepted_in(connection, options.accept)
    _require_moved(connection, accepted, say)
    rest = refusing.not_imported(connection, OPS, accepted)
    if rest:
        say(f"Not imported: {refusing.instances(rest)}. The mover reads the archive too.")
    named = functions_naming(connection, engine_tables(connection))
    if named:
        say(f"Functions that name the old tables will not find them any more: {', '.join(named)}.")
    connection.rollback()
    if options.dry_run:
        say("Nothing speaks against the cutover. This was a dry run: nothing was touched.")
        return
    dump = None
    if dumper is not None:
        dump = str(dumper.dump("before-cutover"))
        say(f"The database as it was: {dump}")
    since = refusing.moment(connection)
    _require_moved(connection, accepted, say)  # a dump takes its time
    connection.rollback()
    warrant = CutoverPermit(
        by=recording.who(), backup=dump, no_backup_reason=options.no_backup_reason,
        accepted=accepted, recheck=partial(refusing.recheck, accepted=accepted, since=since),
    )  # fmt: skip
    chain.upgrade(connection, warrant=warrant)
    _tell(connection, say)


def take_back(connection: Connection, by: str | None = None) -> None:
    """Put the old tables back where they were, as `flask db downgrade` does.

    Raises CutoverRefused where no cutover is in force, or it cannot be taken back.
    """
    if recording.standing(connection) is None:
        raise CutoverRefused("No cutover is in force: there is nothing to take back.")
    connection.rollback()
    chain.downgrade(connection, by=by)


def _require_moved(connection: Connection, accepted: tuple[str, ...], say: Say) -> None:
    number, found = refusing.left_behind(connection, accepted)
    if not number:
        return
    for each in found:
        say(str(each))
    if number > len(found):
        say(f"... and {number - len(found):,} more.")
    raise CutoverRefused(f"{refusing.instances(number)} would be left behind. {ADVICE}")


def _tell(connection: Connection, say: Say) -> None:
    made = recording.standing(connection)
    if made is not None:
        say(
            f"The cutover is made: {len(made.tables)} tables and {len(made.enums)} enums are in "
            f"gloria_archive; they were locked for {made.locked_ms / 1000:.2f} seconds."
        )
        say(
            "`flask db downgrade` takes it back; "
            "`flask portal rollback` too, with what is decided here meanwhile."
        )


@dataclass(frozen=True)
class PurgeOptions:
    """What the command line says."""

    backup_dir: Path | None = None
    no_backup_reason: str | None = None


def purgeable(connection: Connection) -> StandingCutover:
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
    connection: Connection,
    settings: Settings,
    options: PurgeOptions,
    made: StandingCutover,
    say: Say,
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


def _drop(connection: Connection, made: StandingCutover) -> None:
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
