"""The `flask portal ...` commands around the cutover; `portal.cli` adds them to the others."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError

from portal.config import Settings
from portal.legacy.back.commands import reopen, rollback
from portal.legacy.cutover import purging, running
from portal.legacy.cutover.errors import CutoverRefused
from portal.legacy.tables import ARCHIVE

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def backup_options(command: Callable[..., None]) -> Callable[..., None]:
    """Where the dump goes, or why there is none."""
    for option in (
        click.option("--reason", metavar="TEXT", help="Why there is no dump, for --no-backup."),
        click.option(
            "--no-backup", is_flag=False, flag_value="", default=None, metavar="[REASON]",
            help="Make no dump, for this reason, which is recorded.",
        ),
        click.option(
            "--backup-dir", type=FOLDER, metavar="DIR",
            help="Where the dump goes; else BACKUPS_DIR, else var/backups.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command("cutover")
@click.option("--dry-run", is_flag=True, help="Look at everything and touch nothing.")
@click.option("--accept", type=FILE, metavar="FILE", help="Ids that may stay behind, one a line.")
@backup_options
@with_appcontext
def cutover(dry_run: bool, accept: Path | None, backup_dir: Path | None, **given: Any) -> None:
    """Move the old engine's tables to gloria_archive; ours gets its name.

    Exits with 1, and changes nothing, where something speaks against it: a dry run too.
    """
    options = running.Options(accept, backup_dir, _reason(**given), dry_run)
    with _connected() as (connection, settings):
        running.cut_over(connection, settings, options, click.echo)


@click.command("purge-archive")
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@backup_options
@with_appcontext
def purge_archive(yes: bool, backup_dir: Path | None, **given: Any) -> None:
    """Remove the archive for good, after asking, with a last dump."""
    options = purging.Options(backup_dir, _reason(**given))
    with _connected() as (connection, settings):
        made = purging.purgeable(connection)
        for line in purging.warnings(connection):
            click.echo(line)
        connection.rollback()
        if not yes and click.prompt(f"Type {ARCHIVE} to remove it for good") != ARCHIVE:
            raise click.ClickException("Nothing was removed.")
        purging.purge(connection, settings, options, made, click.echo)


COMMANDS = (cutover, purge_archive, rollback, reopen)


def _reason(no_backup: str | None, reason: str | None) -> str | None:
    """Why there is no dump; None makes one."""
    if no_backup is None:
        if reason is not None:
            raise click.UsageError("--reason belongs to --no-backup.")
        return None
    words = (reason or no_backup).strip()
    if not words or "\x00" in words:
        raise click.UsageError("--no-backup needs a reason: --no-backup 'the disk is a snapshot'.")
    return words


@contextmanager
def _connected() -> Iterator[tuple[Connection, Settings]]:
    """A connection without the pages' time limits; what goes wrong is one sentence, with code 1."""
    settings: Settings = current_app.config["SETTINGS"]
    engine = create_engine(settings.sqlalchemy_url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection, settings
    except CutoverRefused as refused:
        raise click.ClickException(str(refused)) from refused
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise click.ClickException(f"The database refused: {reason}") from error
    finally:
        engine.dispose()
