"""Reading what the old engine's columns and JSON hold, whatever it is: no value is trusted."""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from unicodedata import normalize
from uuid import UUID, uuid5

OLD_ENGINE = UUID("7d4b9b7e-3a60-5a7f-8f0b-6f2d9c1e4a55")
MOST = 10**300
MOST_DIGITS = 4000
MOST_DEPTH = 200
"""How deep JSON may be nested; what decodes and encodes it later goes down by itself."""
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
# What jsonb does not take, or what Python makes of it: the character zero, halves of characters,
# numbers beyond a float.
UNUSUAL = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|\d{300}|\d[eE]\+?\d{3}")
TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]')
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,3})?")


def text(value: Any) -> str | None:
    """A text that says something; None for anything else, blanks included."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def name_in(value: Any) -> str | None:
    """A person's or a position's name in NFC, as forms keep what is typed, so that it is found."""
    said = text(value)
    return None if said is None else normalize("NFC", said)


def moment(value: Any) -> datetime | None:
    """A time as PostgreSQL writes it in JSON; without a zone it is UTC. None if it is no time."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def bound(value: Any) -> datetime | None:
    """The beginning or end of a span. Before and after what we can write is first and last."""
    if isinstance(value, str) and (value.startswith("-") or value.endswith("BC")):
        return FIRST
    if isinstance(value, str) and (value == "infinity" or re.match(r"\d{5}", value)):
        return LAST
    return moment(value)


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
    except (ValueError, RecursionError):
        return None


def loads(value: str | bytes) -> Any:
    """JSON from the database. Whole numbers longer than Python reads stay text, digit by digit."""
    try:
        return json.loads(value)
    except ValueError:
        return json.loads(value, parse_int=_whole)


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= MOST_DIGITS else digits


class OddRow(dict[str, Any]):
    """A row whose JSON may be more than the record can hold.

    `unreadable`: columns that are nested too deeply; they are None in the row.
    """

    unreadable: tuple[str, ...] = ()


def row_in(text: str) -> dict[str, Any]:
    """A row from its JSON. One that holds anything unusual is an `OddRow`."""
    if text.count("[") + text.count("{") <= MOST_DEPTH and not UNUSUAL.search(text):
        found: dict[str, Any] = loads(text)
        return found
    row, deep = OddRow(), []
    for name, value in _columns(text):
        row[name] = None
        if _depth(value) > MOST_DEPTH:
            deep.append(name)
        else:
            row[name] = loads(value)
    row.unreadable = tuple(deep)
    return row


def _columns(text: str) -> Iterator[tuple[str, str]]:
    """The columns of a row's JSON object with the JSON of each, whatever its depth."""
    begun, depth, name = 0, 0, ""
    for token in TOKENS.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
            case ":" if depth == 1:
                name, begun = json.loads(text[begun : token.start()]), token.end()
        if depth == 1 and token[0] in ("{", ",") and name == "":
            begun = token.end()
        elif (depth == 1 and token[0] == ",") or depth == 0:
            if name:
                yield name, text[begun : token.start()]
            begun, name = token.end(), ""


def _depth(text: str) -> int:
    deepest = depth = 0
    for token in TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in "]}":
            depth -= 1
    return deepest


def unstorable(value: Any) -> str | None:
    """Why PostgreSQL would not take a value as jsonb or text; None where it would."""
    match value:
        case str():
            if "\x00" in value:
                return "it holds the character zero"
            return None if value.isascii() or _is_unicode(value) else "it holds half a character"
        case float():
            return None if isfinite(value) else "a number is too large"
        case dict():
            return next((why for each in value.items() if (why := unstorable(list(each)))), None)
        case list() | tuple():
            return next((why for each in value if (why := unstorable(each))), None)
    return None


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


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
