"""Calendars in words: what they say, and what was changed about them."""

from collections.abc import Mapping
from typing import Any

from portal.domain.time.calendars import DAY_NAMES, CalendarChangeKind, hours_words
from portal.queries.calendars import CalendarChangeRecord
from portal.services.calendars import countries, parts_of

EVERY_HOUR = "every hour of every day"
_NAMES = {
    "name": "the name",
    "time_zone": "the time zone",
    "country": "the public holidays",
    "subdivision": "the part of the country",
}


def place_words(country: str | None, subdivision: str | None) -> str:
    """ "Germany, Berlin", or that there are none."""
    if country is None:
        return "No public holidays"
    name = countries().get(country, country)
    return f"{name}, {parts_of(country).get(subdivision, subdivision)}" if subdivision else name


def done(change: CalendarChangeRecord) -> str:
    """What was changed, in a line."""
    data = change.data
    match change.kind:
        case CalendarChangeKind.ADDED:
            return "Added"
        case CalendarChangeKind.DELETED:
            return f"{change.name} deleted"
        case CalendarChangeKind.TYPE:
            before, after = (data.get(side) or EVERY_HOUR for side in ("before", "after"))
            return f"{data.get('type')} goes by {after} in place of {before}"
    before, after = data["before"], data["after"]
    parts = [part for name in after for part in _parts(name, before[name], after[name])]
    return f"Changed {'; '.join(parts)}"


def _parts(name: str, before: Any, after: Any) -> list[str]:
    if name == "hours":
        return [
            f"{day} from {hours_words(before.get(key, ()))} to {hours_words(after.get(key, ()))}"
            for key, day in zip("1234567", DAY_NAMES, strict=True)
            if before.get(key, []) != after.get(key, [])
        ]
    if name in ("closed_days", "worked_days"):
        return _days("closed" if name == "closed_days" else "worked holiday", before, after)
    old, new = (_value(name, value) for value in (before, after))
    return [f"{_NAMES[name]} from {old} to {new}"]


def _days(what: str, before: Any, after: Any) -> list[str]:
    old, new = set(_lines(before)), set(_lines(after))
    added = [f"{what}: {line}" for line in sorted(new - old)]
    return [*added, *(f"no longer {what}: {line}" for line in sorted(old - new))]


def _lines(days: Any) -> list[str]:
    if isinstance(days, Mapping):
        return [f"{day} {name}".strip() for day, name in days.items()]
    return list(days)


def _value(name: str, value: str | None) -> str:
    if value is None:
        return "none"
    if name == "country":
        return countries().get(value, value)
    return value.replace("_", " ") if name == "time_zone" else value
