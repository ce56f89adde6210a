"""A run of the mover: its totals and exit code, its row in the database, and its report."""

import csv
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psycopg

from portal.domain.spreadsheets import harmless
from portal.legacy.outcome import InstanceResult
from portal.models.columns import new_id

EXIT_DONE, EXIT_FAILED, EXIT_UNUSABLE, EXIT_NEEDS_PERSON = 0, 1, 2, 3

RESULT_WORDS = {
    InstanceResult.MOVED: "moved",
    InstanceResult.HISTORY: "imported as history",
    InstanceResult.ON_HOLD: "on hold",
    InstanceResult.NEEDS_PERSON: "needs a person",
    InstanceResult.FAILED: "failed",
}


@dataclass
class RunTotals:
    """Counts of instances. `found`: all that were selected; `there`: moved by an earlier run.

    `to_do`: those this run has to look at; `left`: of those that need a person, the ones for which
    somebody chose that they stay in the old system.
    """

    found: int = 0
    there: int = 0
    to_do: int = 0
    results: Counter[str] = field(default_factory=Counter)
    left: int = 0

    @property
    def done(self) -> int:
        """Looked at so far."""
        return sum(self.results.values())

    @property
    def exit_code(self) -> int:
        """1 if anything failed, else 3 if anything waits for a person's choice, else 0."""
        if self.results[InstanceResult.FAILED]:
            return EXIT_FAILED
        return (
            EXIT_NEEDS_PERSON
            if self.results[InstanceResult.NEEDS_PERSON] > self.left
            else EXIT_DONE
        )

    def as_dict(self) -> dict[str, int]:
        """The totals by name, as they are kept and shown."""
        return {
            "found": self.found,
            "moved": self.results[InstanceResult.MOVED],
            "already there": self.there,
            **{
                words: self.results[result]
                for result, words in RESULT_WORDS.items()
                if result is not InstanceResult.MOVED
            },
            RESULT_WORDS[InstanceResult.NEEDS_PERSON]: self.results[InstanceResult.NEEDS_PERSON]
            - self.left,
            LEFT: self.left,
        }

    def lines(self) -> list[str]:
        """The totals for people, one a line."""
        return [f"{name + ':':<22}{number:>10,}" for name, number in self.as_dict().items()]


LEFT = "left behind"
MOST_LISTED = 5000


class RunRow:
    """The run's row in portal.legacy_runs, kept up to date so that a page can follow."""

    def __init__(
        self, driver: psycopg.Connection[Any], options: dict[str, Any], totals: RunTotals
    ) -> None:
        self.id = new_id()
        self._driver = driver
        driver.execute(
            "INSERT INTO portal.legacy_runs (id, options, found, totals) VALUES (%s, %s, %s, %s)",
            [self.id, json.dumps(options), totals.to_do, json.dumps(totals.as_dict())],
        )

    def keep(self, totals: RunTotals) -> None:
        """How far it is."""
        self._driver.execute(
            "UPDATE portal.legacy_runs SET totals = %s, seen_at = now() WHERE id = %s",
            [json.dumps(totals.as_dict()), self.id],
        )

    def end(self, totals: RunTotals, listed: list[dict[str, str]], exit_code: int) -> None:
        """It is done, or could not go on."""
        self._driver.execute(
            "UPDATE portal.legacy_runs SET totals = %s, listed = %s, exit_code = %s,"
            " seen_at = now(), finished_at = now() WHERE id = %s",
            [json.dumps(totals.as_dict()), json.dumps(listed[:MOST_LISTED]), exit_code, self.id],
        )


COLUMNS = (
    "table", "key", "request_id", "workflow_code", "state", "result", "number", "status",
    "new_request_id", "reasons", "remarks",
)  # fmt: skip
CSV, JSON_LINES = ".csv", (".jsonl", ".ndjson", ".json")


class UnusableReport(ValueError):
    """The report cannot be written there; the message is a sentence."""


class RunReport:
    """Writes lines as they come, so that memory does not grow; without a path it writes nothing."""

    def __init__(self, path: Path | None) -> None:
        self._file: IO[str] | None = None
        self._csv: Any = None
        if path is None:
            return
        if path.suffix.lower() not in (CSV, *JSON_LINES):
            raise UnusableReport(f"The report {path} has to end in .csv or .jsonl.")
        try:
            self._file = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise UnusableReport(
                f"The report {path} cannot be written: {error.strerror}."
            ) from error
        if path.suffix.lower() == CSV:
            self._csv = csv.DictWriter(self._file, COLUMNS)
            self._csv.writeheader()

    def line(self, **values: Any) -> None:
        """One line; columns that are not given stay empty."""
        if self._file is None:
            return
        row = {name: values.get(name) for name in COLUMNS}
        if self._csv is None:
            self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
            return
        for name in ("reasons", "remarks"):
            row[name] = " | ".join(row[name] or ())
        self._csv.writerow(
            {name: harmless(v) if isinstance(v, str) else v for name, v in row.items()}
        )

    def close(self) -> None:
        """Write what is still in memory."""
        if self._file is not None:
            self._file.close()
