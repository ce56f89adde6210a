"""Calendars in words: what they say, and what was changed about them."""

from collections.abc import Mapping
from typing import Any

from portal.domain.folding import folded
from portal.domain.marked import msgid
from portal.domain.time.calendars import DAY_NAMES, CalendarChangeKind, hours_words
from portal.queries.calendars import CalendarChangeRecord
from portal.services.calendars import countries, parts_of
from portal.translation import _, current, lazy

FROM_TO = msgid("%(part)s from %(before)s to %(after)s")
EVERY_HOUR = lazy("every hour of every day")
_NAMES = {
    "name": lazy("the name"),
    "time_zone": lazy("the time zone"),
    "country": lazy("the public holidays"),
    "subdivision": lazy("the region"),
}


def country_name(code: str) -> str:
    """A country in the reader's language; English has the names of the list of holidays."""
    usual = countries().get(code, code)
    return usual if current().is_english else current().locale.territories.get(code, usual)


def offered_countries() -> dict[str, str]:
    """The countries whose holidays are known, by code, in the order of the reader's names."""
    named = {code: country_name(code) for code in countries()}
    return dict(sorted(named.items(), key=lambda each: folded(each[1])))


def place_words(country: str | None, subdivision: str | None) -> str:
    """ "Germany, Berlin", or that there are none."""
    if country is None:
        return _("No public holidays")
    name = country_name(country)
    return f"{name}, {parts_of(country).get(subdivision, subdivision)}" if subdivision else name


def done(change: CalendarChangeRecord) -> str:
    """What was changed, in a line."""
    data = change.data
    match change.kind:
        case CalendarChangeKind.ADDED:
            return _("Added")
        case CalendarChangeKind.DELETED:
            return _("%(name)s deleted", name=change.name)
        case CalendarChangeKind.TYPE:
            before, after = (data.get(side) or EVERY_HOUR for side in ("before", "after"))
            return _(
                "%(kind)s uses %(after)s instead of %(before)s",
                kind=data.get("type"),
                after=after,
                before=before,
            )
    before, after = data["before"], data["after"]
    parts = [part for name in after for part in _parts(name, before[name], after[name])]
    return _("Changed %(parts)s", parts="; ".join(parts))


def _parts(name: str, before: Any, after: Any) -> list[str]:
    if name == "hours":
        return [
            _(
                FROM_TO,
                part=_(day),
                before=hours_words(before.get(key, ()), _),
                after=hours_words(after.get(key, ()), _),
            )
            for key, day in zip("1234567", DAY_NAMES, strict=True)
            if before.get(key, []) != after.get(key, [])
        ]
    if name in ("closed_days", "worked_days"):
        return _days(_("closed") if name == "closed_days" else _("working holiday"), before, after)
    old, new = (_value(name, value) for value in (before, after))
    return [_(FROM_TO, part=_NAMES[name], before=old, after=new)]


def _days(what: str, before: Any, after: Any) -> list[str]:
    old, new = set(_lines(before)), set(_lines(after))
    added = [f"{what}: {line}" for line in sorted(new - old)]
    return [
        *added,
        *(_("no longer %(what)s: %(line)s", what=what, line=line) for line in sorted(old - new)),
    ]


def _lines(days: Any) -> list[str]:
    if isinstance(days, Mapping):
        return [f"{day} {name}".strip() for day, name in days.items()]
    return list(days)


def _value(name: str, value: str | None) -> str:
    if value is None:
        return _("none")
    if name == "country":
        return country_name(value)
    return value.replace("_", " ") if name == "time_zone" else value
