"""The mover's command line: options in, progress and totals out."""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import sqlalchemy.exc

from portal.config import ConfigurationError, Settings
from portal.legacy.choices import DRY_RUN
from portal.legacy.mover import MoveOptions, Mover
from portal.legacy.preparing import Unusable
from portal.legacy.runs import EXIT_UNUSABLE, RunReport, UnusableReport
from portal.legacy.setting import RejectedRunning
from portal.legacy.starting import TemporalAway
from scripts.legacy.progress import progress_for
from scripts.local import secret

MOST_LISTED = 200
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
MOST_AT_ONCE = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mover; returns the exit code. Every error is one sentence on standard error."""
    options, quiet = parsed(arguments)
    try:
        settings = Settings.from_environment()
        report = RunReport(options.report)
    except (ConfigurationError, UnusableReport) as error:
        return _unusable(str(error))
    try:
        with progress_for(quiet) as progress:
            mover = Mover(settings, options, report, progress)
            code = mover.run()
    except (Unusable, TemporalAway) as error:
        return _unusable(str(error))
    except (psycopg.Error, sqlalchemy.exc.DBAPIError) as error:
        cause = getattr(error, "orig", None) or error
        return _unusable(f"The database cannot be used: {' '.join(str(cause).split())}.")
    except OSError as error:
        return _unusable(f"The report could not be written any more: {error.strerror or error}.")
    except KeyboardInterrupt:
        return _unusable("Stopped. Running it again continues where it stopped.")
    finally:
        report.close()
    print("\n".join(mover.totals.lines()))
    if mover.missing:
        print(f"Missing, and read as empty: {', '.join(mover.missing)}.")
    if options.dry_run:
        _keep_dry_run(settings.legacy_dir, mover, options, code)
        print("This was a dry run: nothing was written or started. See /admin/cutover.")
    return code


def parsed(arguments: Sequence[str] | None) -> tuple[MoveOptions, bool]:
    """The options, and whether to be quiet. Exits with 2 for what cannot be used."""
    parser = argparse.ArgumentParser(
        prog="scripts/migrate_workflows_to_temporal.py",
        description="Move the old engine's requests into the portal. Safe to run again.",
    )
    add = parser.add_argument
    add("--dry-run", action="store_true", help="look at everything and touch nothing")
    add("--only", metavar="CODE", help="only requests of this workflow")
    add("--limit", type=_count, metavar="N", help="at most so many instances")
    add("--concurrency", type=_lanes, default=8, metavar="N", help="workflow starts at a time (8)")
    add("--report", type=Path, metavar="FILE", help="a line for each: .csv or .jsonl")
    add("--resume", action="store_true", help="go on after a stop (it always does)")
    add("--grace", type=_span, default=timedelta(hours=24), metavar="24h",
        help="how long overdue requests are left alone, as 24h, 30m or 2d")  # fmt: skip
    add("--rejected-running", type=RejectedRunning, choices=list(RejectedRunning),
        default=RejectedRunning.HOLD, metavar="hold|close",
        help="requests that were rejected and ran on")  # fmt: skip
    add("--quiet", action="store_true", help="only the totals")
    given = parser.parse_args(arguments)
    options = MoveOptions(
        dry_run=given.dry_run,
        only=given.only,
        limit=given.limit,
        concurrency=given.concurrency,
        report=given.report,
        grace=given.grace,
        rejected_running=given.rejected_running,
    )
    return options, given.quiet


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 up")
    return int(text)


def _lanes(text: str) -> int:
    number = _count(text)
    if number > MOST_AT_ONCE:
        raise argparse.ArgumentTypeError(f"{text} is more than {MOST_AT_ONCE}")
    return number


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)\s*([smhd])", text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is no length of time such as 24h, 30m or 2d")
    return timedelta(**{UNITS[found[2]]: float(found[1])})


def _unusable(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return EXIT_UNUSABLE


def _keep_dry_run(folder: Path, mover: Mover, options: MoveOptions, code: int) -> None:
    """Leave the report for the administrators' page; not in the database, which stays as it is."""
    kept = {
        "at": datetime.now(UTC).isoformat(),
        "options": options.as_dict(),
        "totals": mover.totals.as_dict(),
        "exit_code": code,
        "unsettled": mover.unsettled,
        "listed": mover.listed[:MOST_LISTED],
    }
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret.write_private(folder / DRY_RUN, json.dumps(kept, indent=1) + "\n")
    except OSError as error:
        print(f"The dry run's report was not kept: {error.strerror}.", file=sys.stderr)
