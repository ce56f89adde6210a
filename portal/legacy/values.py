"""Reading what the old engine's columns and JSON hold, whatever it is: no value is trusted."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

OLD_ENGINE = UUID("7d4b9b7e-3a60-5a7f-8f0b-6f2d9c1e4a55")
MOST = 10**300
MOST_DIGITS = 4000
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,3})?")


def text(value: Any) -> str | None:
    """A text that says something; None for anything else, blanks included."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def moment(value: Any) -> datetime | None:
    """A time as PostgreSQL writes it in JSON; without a zone it is UTC. None if it is no time."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def amount(value: Any) -> float | None:
    """A number above zero, also where it is written as text; None for anything else."""
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(min(value, MOST)) if value > 0 else None


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object, also where it is JSON inside a text; empty for anything else."""
    value = unpacked(value)
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """A JSON array, also inside a text; one text alone is a list of one; else empty."""
    found = unpacked(value)
    if isinstance(found, list):
        return found
    return [value] if isinstance(value, str) and value.strip() and found is None else []


def unpacked(value: Any) -> Any:
    """JSON that was stored as a JSON text; None where the text is no JSON; else the value."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def loads(value: str | bytes) -> Any:
    """JSON from the database. Whole numbers longer than Python reads stay text, digit by digit."""
    try:
        return json.loads(value)
    except ValueError:
        return json.loads(value, parse_int=_whole)


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= MOST_DIGITS else digits


def new_key(old: str) -> str:
    """The UUID for an old key: itself, written as UUIDs are, or one derived from its text.

    The same key always gives the same UUID.
    """
    try:
        return str(UUID(old)) if len(old) in (36, 32) else str(uuid5(OLD_ENGINE, old))
    except ValueError:
        return str(uuid5(OLD_ENGINE, old))


def share(old: str) -> float:
    """A number from 0 up to 1 for a key, evenly spread over the keys, always the same."""
    return int.from_bytes(hashlib.sha256(old.encode()).digest()[:6]) / 2**48
