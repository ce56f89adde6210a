"""Dataclasses to plain JSON values and back, by their type hints; for payloads, signals and events.

Times become ISO 8601 in UTC, as `datetime.isoformat` writes it: the record's hashes cover that
text, so encoding is ours. Decoding is msgspec's. Unknown keys are ignored and missing keys take the
field's default, so that older data decode with newer code and the other way round.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from portal.domain.errors import CannotDecode

T = TypeVar("T")

_PLAIN = frozenset({str, int, bool, float, type(None)})
_FIELD_NAMES: dict[type, tuple[str, ...]] = {}
# msgspec names the way to a field last, and a missing field within the sentence.
_WAY = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<way>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`")


def encode(value: Any) -> Any:
    """The JSON form of a value: dict, list, str, int, float, bool or None.

    Raises TypeError for a type that has no JSON form here (Decimal, date, timedelta, bytes).
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    names = _field_names(kind)
    if names:
        return {name: encode(getattr(value, name)) for name in names}
    if kind in (tuple, list):
        return [encode(item) for item in value]
    return _encode_other(value)


def decode(kind: type[T], data: Any) -> T:
    """Build a `kind` (a dataclass) from its JSON form. Raises CannotDecode, naming the field."""
    return _checked(kind, lambda: msgspec.convert(data, kind))


def decode_text(kind: type[T], text: str) -> T:
    """The same from JSON text, in one pass. Raises CannotDecode, naming the field."""
    return _checked(kind, lambda: msgspec.json.decode(text, type=kind))


def _checked(kind: type[T], read: Callable[[], T]) -> T:
    try:
        return read()
    except msgspec.DecodeError as error:  # ValidationError is one
        raise CannotDecode(_named(kind, str(error))) from error


def _named(kind: type, sentence: str) -> str:
    """msgspec's sentence, beginning with the class and the way to the field."""
    found = _WAY.fullmatch(sentence)
    assert found is not None
    way = f"{kind.__name__}{found['way'] or ''}"
    missing = _MISSING.fullmatch(found["what"])
    return f"{way}.{missing['name']} is missing" if missing else f"{way}: {found['what']}"


def _field_names(kind: type) -> tuple[str, ...]:
    names = _FIELD_NAMES.get(kind)
    if names is None:
        names = tuple(entry.name for entry in fields(kind)) if is_dataclass(kind) else ()
        _FIELD_NAMES[kind] = names
    return names


def _encode_other(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if isinstance(value, set | frozenset):
        return [encode(item) for item in sorted(value)]
    raise TypeError(f"{type(value).__name__} has no JSON form here")
