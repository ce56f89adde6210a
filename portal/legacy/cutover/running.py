"""`flask portal cutover`: looks, dumps, and runs the revision; and the way back for programs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from portal.config import Settings
from portal.legacy.cutover import backup, chain, recording, refusing
from portal.legacy.cutover.errors import CutoverRefused
from portal.legacy.cutover.places import engine_tables, functions_naming
from portal.legacy.cutover.schema import Warrant
from portal.legacy.tables import OPS

Say = Callable[[str], None]
ADVICE = (
    "Move what can be moved with scripts/migrate_workflows_to_temporal.py, choose on "
    "/admin/cutover where a person is needed, or list what may stay behind in a file for --accept."
)


@dataclass(frozen=True)
class Options:
    """What the command line says. `no_backup_reason`: why no dump is wanted; None dumps."""

    accept: Path | None = None
    backup_dir: Path | None = None
    no_backup_reason: str | None = None
    dry_run: bool = False


def cut_over(connection: Connection, settings: Settings, options: Options, say: Say) -> None:
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
    warrant = Warrant(
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
