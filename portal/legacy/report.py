"""The report: one line for each instance and each finding, as CSV or JSON lines by the ending."""

import csv
import json
from pathlib import Path
from typing import IO, Any

from portal.domain.spreadsheets import harmless

COLUMNS = (
    "table", "key", "request_id", "workflow_code", "state", "result", "number", "status",
    "new_request_id", "reasons", "remarks",
)  # fmt: skip
CSV, JSON_LINES = ".csv", (".jsonl", ".ndjson", ".json")


class UnusableReport(ValueError):
    """The report cannot be written there; the message is a sentence."""


class Report:
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
