"""Working time from the stored calendars and the public holidays of the `holidays` library."""

import json
from datetime import date
from functools import lru_cache
from typing import Any

import holidays

from portal.domain.errors import InvalidPolicy
from portal.domain.worktime import Calendar, Interval

YEARS_AHEAD = 6


def calendar_of(
    time_zone: str,
    hours: dict[str, Any],
    country: str | None,
    subdivision: str | None,
    year: int,
) -> Calendar:
    """The calendar of a `portal.calendars` row, with holidays from the year before `year` on.

    Raises InvalidPolicy if the row makes no sense: the sentence says what.
    """
    return _calendar(time_zone, json.dumps(hours, sort_keys=True), country, subdivision, year)


# Holidays take milliseconds to work out; the arguments are all that the answer depends on.
@lru_cache(maxsize=64)
def _calendar(
    time_zone: str, hours: str, country: str | None, subdivision: str | None, year: int
) -> Calendar:
    days: dict[str, list[list[str]]] = json.loads(hours)
    week = tuple(
        tuple(_interval(entry) for entry in days.get(str(weekday), ())) for weekday in range(1, 8)
    )
    return Calendar(time_zone=time_zone, hours=week, holidays=_holidays(country, subdivision, year))


def _holidays(country: str | None, subdivision: str | None, year: int) -> frozenset[date]:
    if country is None:
        return frozenset()
    years = range(year - 1, year + YEARS_AHEAD)
    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=years))
    except NotImplementedError as error:
        raise InvalidPolicy(f"The calendar's holidays are not known: {error}") from error


def _interval(entry: list[str]) -> Interval:
    try:
        opens, closes = entry
        return _minutes(opens), _minutes(closes)
    except (ValueError, AttributeError) as error:
        raise InvalidPolicy(f"The calendar has hours that make no sense: {entry}.") from error


def _minutes(clock_time: str) -> int:
    """ "09:30" as minutes since midnight; "24:00" is the end of the day."""
    hour, minute = clock_time.split(":")
    return int(hour) * 60 + int(minute)
