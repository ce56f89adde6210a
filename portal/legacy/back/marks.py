"""What happens to a step's row: it begins, ends, is left out, or begins anew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.legacy.back.keys import stamp
from portal.legacy.note import note_in, with_note
from portal.legacy.records import FINISHED, UNDER_WAY, Row


@dataclass(frozen=True)
class Verdict:
    """How an approval step ended: with whose word, when, and with which comment."""

    approved: bool
    by: tuple[str, ...] = ()
    comment: str = ""


def begin(row: Row, at: datetime, due: datetime | None = None) -> None:
    """The step is reached; one that is under way stays as it is, but for a new due date."""
    if row.get("status") not in UNDER_WAY:
        row["status"] = "IN_PROGRESS"
    if row.get("started_at") is None:
        row["started_at"] = stamp(at)
    if due is not None:
        row["due_date"] = stamp(due)


def end(row: Row, at: datetime, verdict: Verdict | None) -> None:
    """The step is done. `verdict`: of an approval; a rejection ends it as REJECTED."""
    row["status"] = "COMPLETED" if verdict is None or verdict.approved else "REJECTED"
    row["completed_at"] = stamp(at)
    if row.get("started_at") is None:
        row["started_at"] = stamp(at)
    if verdict is None:
        return
    row["result"] = _result(verdict, at)
    if len(verdict.by) == 1:
        row["assignee_id"] = verdict.by[0]


def leave_out(row: Row) -> None:
    """The step is not needed."""
    if row.get("status") not in FINISHED:
        row["status"] = "SKIPPED"


def reopen(row: Row, before: Row) -> None:
    """A decision was taken back: the step is under way again, as it was."""
    for name in ("status", "result", "completed_at", "assignee_id"):
        row[name] = before.get(name)
    if row["status"] not in UNDER_WAY:
        row["status"] = "IN_PROGRESS"


def begin_anew(row: Row, at: datetime) -> None:
    """Another round: the step is to come again, and earlier votes do not count in it.

    What it had come to before is kept in its metadata.
    """
    kept = {name: row.get(name) for name in ("status", "result", "completed_at", "assignee_id")}
    earlier = [*note_in(row).get("earlier", ()), kept]
    row["metadata"] = with_note(row, votesFrom=stamp(at), earlier=earlier)
    row.update(status="PENDING", result=None, started_at=None, completed_at=None)


def _result(verdict: Verdict, at: datetime) -> dict[str, Any]:
    result: dict[str, Any] = {"approved": verdict.approved, "at": stamp(at)}
    if verdict.by:
        result["by"] = verdict.by[-1]
    if verdict.comment:
        result["reason" if not verdict.approved else "comment"] = verdict.comment
    return result
