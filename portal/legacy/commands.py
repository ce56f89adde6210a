"""The `flask portal ...` commands around the cutover; `portal.cli` adds them to the others."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import click
import psycopg
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from temporalio.service import RPCError

from portal.config import Settings
from portal.legacy.back import closures
from portal.legacy.back import rollback as back
from portal.legacy.cutover import running
from portal.legacy.cutover.chain import CutoverRefused
from portal.legacy.cutover.running import PurgeOptions, purge, purgeable, warnings
from portal.legacy.preparing import Unusable
from portal.legacy.runs import EXIT_FAILED, EXIT_UNUSABLE, RunReport, UnusableReport
from portal.legacy.tables import ARCHIVE
from portal.temporal.client import is_unreachable

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
    options = running.CutoverOptions(accept, backup_dir, _reason(**given), dry_run)
    with _connected() as (connection, settings):
        running.cut_over(connection, settings, options, click.echo)


@click.command("purge-archive")
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@backup_options
@with_appcontext
def purge_archive(yes: bool, backup_dir: Path | None, **given: Any) -> None:
    """Remove the archive for good, after asking, with a last dump."""
    options = PurgeOptions(backup_dir, _reason(**given))
    with _connected() as (connection, settings):
        made = purgeable(connection)
        for line in warnings(connection):
            click.echo(line)
        connection.rollback()
        if not yes and click.prompt(f"Type {ARCHIVE} to remove it for good") != ARCHIVE:
            raise click.ClickException("Nothing was removed.")
        purge(connection, settings, options, made, click.echo)


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
    engine = create_engine(settings.owner_sqlalchemy_url, hide_parameters=True)
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


REPORT_FILE = click.Path(dir_okay=False, path_type=Path)
SAFE = "Running it again goes on where it stopped."


@click.command("rollback")
@click.option("--dry-run", is_flag=True, help="Look at everything and touch nothing.")
@click.option("--report", type=REPORT_FILE, metavar="FILE", help="A line for each: .csv or .jsonl.")
@click.option("--words", default=closures.WORDS, metavar="TEXT", help="What every page says.")
@click.option("--drain", type=click.IntRange(0, 3600), default=60, metavar="SECONDS",
              help="How long what was recorded is waited for (60).")  # fmt: skip
@click.option("--concurrency", type=click.IntRange(1, 200), default=16, metavar="N",
              help="Workflows ended at a time (16).")  # fmt: skip
@with_appcontext
def rollback(dry_run: bool, report: Path | None, words: str, drain: int, concurrency: int) -> None:
    """Go back to the old engine with everything that was decided here. Safe to run again.

    Exits with 0; 3 if something is left for a person; 1 if something failed; 2 if it cannot begin
    or go on.
    """
    options = back.RollbackOptions(
        dry_run, words.strip() or closures.WORDS, timedelta(seconds=drain), concurrency
    )
    with explained():
        lines = RunReport(report)
        try:
            totals = back.Rollback(_settings(), options, lines, click.echo).run()
        finally:
            lines.close()
    click.echo("\n".join(totals.lines()))
    sys.exit(totals.exit_code)


@click.command("reopen")
@with_appcontext
def reopen() -> None:
    """Open the portal again after a rollback, and start the workflows of what is still here."""
    with explained():
        report = back.reopen(_settings(), click.echo)
    click.echo(f"{report.open:,} open requests, {len(report.started):,} workflows started.")
    for number, reason in report.failed.items():
        click.echo(f"{number}: {reason}")
    sys.exit(EXIT_FAILED if report.failed else 0)


@contextmanager
def explained() -> Iterator[None]:
    """Say in one sentence what is in the way, and exit with 2."""
    try:
        yield
    except (Unusable, UnusableReport, closures.NotClosed, CutoverRefused) as error:
        _unusable(str(error))
    except (DBAPIError, psycopg.Error) as error:
        cause = getattr(error, "orig", None) or error
        _unusable(f"The database refused: {' '.join(str(cause).split())} {SAFE}")
    except RPCError as error:
        _unusable(f"Temporal refused: {error} {SAFE}")
    except RuntimeError as error:
        if not is_unreachable(error):
            raise
        _unusable(f"Temporal does not answer at {_settings().temporal_address}. {SAFE}")


def _unusable(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(EXIT_UNUSABLE)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


COMMANDS = (cutover, purge_archive, rollback, reopen)
