"""`flask portal rollback` and `flask portal reopen`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import click
import psycopg
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError
from temporalio.service import RPCError

from portal.config import Settings
from portal.legacy.back import closures
from portal.legacy.back import rollback as back
from portal.legacy.cutover.errors import CutoverRefused
from portal.legacy.preparing import Unusable
from portal.legacy.report import Report, UnusableReport
from portal.legacy.totals import EXIT_FAILED, EXIT_UNUSABLE

FILE = click.Path(dir_okay=False, path_type=Path)
SAFE = "Running it again goes on where it stopped."


@click.command("rollback")
@click.option("--dry-run", is_flag=True, help="Look at everything and touch nothing.")
@click.option("--report", type=FILE, metavar="FILE", help="A line for each: .csv or .jsonl.")
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
    options = back.Options(dry_run, words.strip() or closures.WORDS, timedelta(seconds=drain),
                           concurrency)  # fmt: skip
    with explained():
        lines = Report(report)
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
    except (RPCError, RuntimeError) as error:
        _unusable(f"Temporal refused: {error} {SAFE}")


def _unusable(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(EXIT_UNUSABLE)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
