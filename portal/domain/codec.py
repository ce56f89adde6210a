"""Dataclasses to plain JSON values and back, by their type hints; for payloads, signals and events.

Times become ISO 8601 in UTC. Unknown keys are ignored and missing keys take the field's default,
so that older data decode with newer code and the other way round. What a type's decoder does is
worked out once for each type: every batch of events passes here several times.
"""

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar, Union, cast

from portal.domain.errors import CannotDecode

T = TypeVar("T")
Decoder = Callable[[Any], Any]


class _Misfit(Exception):
    """What does not fit, and the way to it, collected from the inside out."""

    def __init__(self, what: str, *way: str) -> None:
        super().__init__(what)
        self.what = what
        self.way = list(way)


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
    try:
        return cast(T, _decoder(kind)(data))
    except _Misfit as misfit:
        raise CannotDecode(f"{kind.__name__}{''.join(misfit.way)}{misfit.what}") from misfit


_PLAIN = frozenset({str, int, bool, float, type(None)})
_FIELD_NAMES: dict[type, tuple[str, ...]] = {}
_DECODERS: dict[Any, Decoder] = {}


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


def _decoder(hint: Any) -> Decoder:
    known = _DECODERS.get(hint)
    if known is None:
        known = _DECODERS[hint] = _make_decoder(hint)
    return known


def _make_decoder(hint: Any) -> Decoder:
    origin = typing.get_origin(hint)
    if hint is Any:
        return lambda data: data
    if origin in (Union, types.UnionType):
        (item,) = (each for each in typing.get_args(hint) if each is not types.NoneType)
        return _optional(_decoder(item))
    if origin in (tuple, list, frozenset):
        return _sequence(origin, _decoder(typing.get_args(hint)[0]))
    if origin is dict:
        return _mapping(_decoder(typing.get_args(hint)[1]))
    if is_dataclass(hint):
        return _record(cast(type, hint))
    return _scalar(hint)


def _optional(item: Decoder) -> Decoder:
    return lambda data: None if data is None else item(data)


def _sequence(kind: Callable[[Any], Any], item: Decoder) -> Decoder:
    def read(data: Any) -> Any:
        if not isinstance(data, list | tuple):
            raise _Misfit(": a list was expected")
        values: list[Any] = []
        try:
            values.extend(map(item, data))
        except _Misfit as misfit:
            misfit.way.insert(0, f"[{len(values)}]")
            raise
        return kind(values)

    return read


def _mapping(item: Decoder) -> Decoder:
    def read(data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise _Misfit(": an object was expected")
        values: dict[str, Any] = {}
        for key, value in data.items():
            try:
                values[str(key)] = item(value)
            except _Misfit as misfit:
                misfit.way.insert(0, f".{key}")
                raise
        return values

    return read


def _record(kind: type) -> Decoder:
    hints = typing.get_type_hints(kind)
    readers = [(entry.name, _decoder(hints[entry.name])) for entry in fields(kind)]
    required = [
        entry.name
        for entry in fields(kind)
        if entry.default is MISSING and entry.default_factory is MISSING
    ]

    def read(data: Any) -> Any:
        if isinstance(data, kind):
            return data
        if not isinstance(data, Mapping):
            raise _Misfit(": an object was expected")
        for name in required:
            if name not in data:
                raise _Misfit(" is missing", f".{name}")
        return kind(**_read_fields(readers, data))

    return read


def _read_fields(readers: list[tuple[str, Decoder]], data: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, reader in readers:
        if name in data:
            try:
                values[name] = reader(data[name])
            except _Misfit as misfit:
                misfit.way.insert(0, f".{name}")
                raise
    return values


def _scalar(hint: Any) -> Decoder:
    if hint is datetime:
        return _time
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _choice(hint)

    def read(data: Any) -> Any:
        if type(data) is hint:
            return data
        if hint is float and type(data) is int:
            return float(data)
        if not isinstance(data, hint) or isinstance(data, bool):
            raise _Misfit(f": {hint.__name__} was expected, not {type(data).__name__}")
        return data

    return read


def _time(data: Any) -> datetime:
    try:
        return data if isinstance(data, datetime) else datetime.fromisoformat(data)
    except (ValueError, TypeError) as error:
        raise _Misfit(f": {error}") from error


def _choice(kind: type[StrEnum]) -> Decoder:
    def read(data: Any) -> StrEnum:
        try:
            return kind(data)
        except ValueError as error:
            raise _Misfit(f": {error}") from error

    return read
