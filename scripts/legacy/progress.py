"""How far a long run is: a bar with rate and time left on a terminal, plain lines otherwise."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from portal.legacy.runs import RunTotals

SECONDS_BETWEEN_LINES = 5.0
Show = Callable[[RunTotals], None]


@contextmanager
def progress_for(quiet: bool) -> Iterator[Show]:
    """What to call with the totals now and then."""
    if quiet:
        yield lambda _totals: None
    elif sys.stdout.isatty():
        with _bar() as bar:
            yield bar
    else:
        yield _Lines()


@contextmanager
def _bar() -> Iterator[Show]:
    columns = (
        TextColumn("Moving"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>8,.0f}/s"),
        TimeRemainingColumn(),
    )
    begun = time.monotonic()
    with Progress(*columns, console=Console()) as progress:
        task = progress.add_task("", total=None, rate=0.0)

        def show(totals: RunTotals) -> None:
            rate = totals.done / max(time.monotonic() - begun, 0.001)
            progress.update(task, total=totals.to_do, completed=totals.done, rate=rate)

        yield show


class _Lines:
    """A line every few seconds."""

    def __init__(self) -> None:
        self._begun = self._last = time.monotonic()

    def __call__(self, totals: RunTotals) -> None:
        """Print a line, if the last one is a while ago."""
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES or not totals.done:
            return
        self._last = now
        rate = totals.done / (now - self._begun)
        left = (totals.to_do - totals.done) / rate
        print(
            f"{totals.done:,} of {totals.to_do:,} instances, {rate:,.0f} a second,"
            f" about {left:,.0f} s left",
            flush=True,
        )
