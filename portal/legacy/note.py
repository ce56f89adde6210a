"""What the way back leaves in the old rows, where the old columns have no word for it.

It stands under the key "portal" in an instance's metadata (`status`: the outcome, `state`: the
old state that was written for it, `resumed`), in a step's metadata (`votesFrom`: votes before this
time belong to an earlier round), and in an action's data (`onBehalfOf`: whose vote it is).
"""

from typing import Any

from portal.domain.request.values import Status
from portal.legacy.values import mapping, text

NAME = "portal"


def note_in(row: dict[str, Any], column: str = "metadata") -> dict[str, Any]:
    """The note in a row; empty where there is none."""
    return mapping(mapping(row.get(column)).get(NAME))


def with_note(row: dict[str, Any], column: str = "metadata", **said: Any) -> dict[str, Any]:
    """The column's value with the note added; a value that was no object is kept beside it."""
    value = row.get(column)
    kept = mapping(value)
    if not kept and value is not None and value != {}:
        kept = {"before": value}
    return {**kept, NAME: {**note_in(row, column), **said}}


def outcome_in(row: dict[str, Any]) -> Status | None:
    """The outcome that a request had here, while the instance is still as it was written."""
    note = note_in(row)
    if text(note.get("state")) != text(row.get("state")):
        return None
    try:
        status = Status(str(note.get("status")))
    except ValueError:
        return None
    return None if status.is_open else status


def voter_in(row: dict[str, Any]) -> Any:
    """Whose vote an action is: of who acted, or of the one they acted for."""
    return text(note_in(row, "data").get("onBehalfOf")) or row.get("actor_id")
