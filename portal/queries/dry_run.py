"""The mover's last dry run, as it left it in a file: it may touch no database."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal.domain.legacy_choices import DRY_RUN

LARGEST = 4_000_000
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An instance that would not move by itself."""

    instance_id: str
    workflow_code: str
    state: str
    result: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would have come to. `unsettled`: the first `SHOWN`. `listed`: other findings."""

    at: datetime
    only: str | None
    exit_code: int
    totals: dict[str, int]
    unsettled: tuple[Unsettled, ...]
    listed: tuple[tuple[str, str, str], ...]


def last(folder: Path) -> DryRun | None:
    """The report in this folder; None where there is none.

    Raises ValueError, with a sentence, where a file of that name is something else.
    """
    path = folder / DRY_RUN
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"The file {path} is too large for a dry run's report.")
        return _read(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"The file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"The file {path} is no dry run's report.") from error


def _read(found: dict[str, Any]) -> DryRun:
    at = datetime.fromisoformat(found["at"])
    return DryRun(
        at.replace(tzinfo=UTC) if at.tzinfo is None else at,
        found["options"].get("only"),
        int(found["exit_code"]),
        {str(name): int(count) for name, count in found["totals"].items()},
        tuple(_unsettled(each) for each in found.get("unsettled", [])[:SHOWN]),
        tuple(
            (str(each["table"]), str(each["key"]), str(each["reason"]))
            for each in found.get("listed", [])[:SHOWN]
        ),
    )


def _unsettled(line: dict[str, Any]) -> Unsettled:
    reasons = tuple(str(reason) for reason in line["reasons"])
    code, state = str(line["workflow_code"] or ""), str(line["state"])
    return Unsettled(str(line["key"]), code, state, str(line["result"]), reasons)
