"""Working time from the stored calendars and the public holidays of the `holidays` library."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import holidays

from portal.domain.errors import InvalidPolicy
from portal.domain.marked import msgid
from portal.domain.time.working_time import Calendar, Interval

YEARS_AHEAD = 6
LANGUAGE = "en_US"


def calendar_of(
    time_zone: str,
    hours: dict[str, Any],
    country: str | None,
    subdivision: str | None,
    year: int,
    closed_days: Mapping[str, str] | None = None,
    worked_days: Iterable[str] = (),
) -> Calendar:
    """The calendar of a `portal.calendars` row, with holidays from the year before `year` on.

    Raises InvalidPolicy if the row makes no sense: the sentence says what.
    """
    own_days = tuple(sorted(closed_days or {})), tuple(sorted(worked_days))
    written = json.dumps(hours, sort_keys=True)
    return _calendar(time_zone, written, country, subdivision, year, *own_days)


def calendar_in(row: Mapping[str, Any], year: int) -> Calendar:
    """The same of a whole row, by the names of its columns."""
    return calendar_of(
        row["time_zone"],
        row["hours"],
        row["country"],
        row["subdivision"],
        year,
        row["closed_days"],
        row["worked_days"],
    )


# Holidays take milliseconds to work out; the arguments are all that the answer depends on.
@lru_cache(maxsize=64)
def _calendar(
    time_zone: str,
    hours: str,
    country: str | None,
    subdivision: str | None,
    year: int,
    closed_days: tuple[str, ...],
    worked_days: tuple[str, ...],
) -> Calendar:
    days: dict[str, list[list[str]]] = json.loads(hours)
    week = tuple(
        tuple(_interval(entry) for entry in days.get(str(weekday), ())) for weekday in range(1, 8)
    )
    free = frozenset(public_holidays(country, subdivision, year)) | _days(closed_days)
    return Calendar(time_zone=time_zone, hours=week, holidays=free - _days(worked_days))


def free_days(row: Mapping[str, Any], year: int) -> dict[date, str]:
    """The days off of a whole row, with the names of public holidays and of its own days.

    Raises InvalidPolicy as `calendar_of` does.
    """
    names = public_holidays(row["country"], row["subdivision"], year)
    own = {day: row["closed_days"][day.isoformat()] for day in _days(row["closed_days"])}
    worked = _days(row["worked_days"])
    return {day: name for day, name in {**names, **own}.items() if day not in worked}


def public_holidays(country: str | None, subdivision: str | None, year: int) -> dict[date, str]:
    """Public holidays with their English names, from the year before `year` on.

    Raises InvalidPolicy for a country, or a part of one, that is not known.
    """
    if country is None:
        return {}
    years = range(year - 1, year + YEARS_AHEAD)
    try:
        found = holidays.country_holidays(
            country, subdiv=subdivision, years=years, language=LANGUAGE
        )
    except NotImplementedError as error:
        raise InvalidPolicy(
            msgid("The calendar's holidays are not known: %(error)s"), error=error
        ) from error
    return dict(found.items())


def _days(written: Iterable[str]) -> frozenset[date]:
    try:
        return frozenset(date.fromisoformat(each) for each in written)
    except ValueError as error:
        raise InvalidPolicy(
            msgid("The calendar has a day that makes no sense: %(error)s."), error=error
        ) from error


def _interval(entry: list[str]) -> Interval:
    try:
        opens, closes = entry
        return _minutes(opens), _minutes(closes)
    except (ValueError, AttributeError) as error:
        raise InvalidPolicy(
            msgid("The calendar has hours that make no sense: %(entry)s."), entry=entry
        ) from error


def _minutes(clock_time: str) -> int:
    """ "09:30" as minutes since midnight; "24:00" is the end of the day."""
    hour, minute = clock_time.split(":")
    return int(hour) * 60 + int(minute)
