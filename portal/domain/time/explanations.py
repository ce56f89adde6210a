"""Why working time ends when it does: what lies between two moments that no work was counted in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.domain.time.working_time import Calendar, is_working_time, zone_of

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Days in a row without work; `names` are those of the holidays among them, by day."""

    first: date
    last: date
    names: Mapping[date, str]


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A day on which the clocks change, and by how much: forwards if it is more than nothing."""

    day: date
    by: timedelta


@dataclass(frozen=True, slots=True)
class Skipped:
    """Everything that was passed over. `nights`: midnights outside working time, between two days
    that are worked."""

    nights: int
    days_off: tuple[DaysOff, ...]
    clock_changes: tuple[ClockChange, ...]


def skipped(
    calendar: Calendar, names: Mapping[date, str], start: datetime, end: datetime
) -> Skipped:
    """What lies between, on the calendar's own clock. `names` of the calendar's days off."""
    zone = zone_of(calendar)
    days = list(_days(start.astimezone(zone).date(), end.astimezone(zone).date()))
    off = [day for day in days if _is_off(calendar, day)]
    inside = set(days) - set(off)
    nights = sum(
        1
        for day in days
        if day in inside and day - _DAY in inside and not is_working_time(calendar, _at(day, zone))
    )
    return Skipped(nights, tuple(_runs(off, names)), clock_changes(zone, start, end))


def clock_changes(zone: ZoneInfo, start: datetime, end: datetime) -> tuple[ClockChange, ...]:
    """The days from `start` to `end` on which the zone's clocks change."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    found = []
    for day in _days(first, last):
        begins = max(_at(day, zone), start.astimezone(UTC))
        ends = min(_at(day + _DAY, zone), end.astimezone(UTC))
        by = _offset(ends, zone) - _offset(begins, zone)
        if begins < ends and by:
            found.append(ClockChange(day, by))
    return tuple(found)


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _is_off(calendar: Calendar, day: date) -> bool:
    return day in calendar.holidays or not calendar.hours[day.weekday()]


def _runs(days: list[date], names: Mapping[date, str]) -> Iterator[DaysOff]:
    start = 0
    for at, day in enumerate(days):
        if at + 1 < len(days) and days[at + 1] - day == _DAY:
            continue
        run = days[start : at + 1]
        yield DaysOff(run[0], day, {each: names[each] for each in run if each in names})
        start = at + 1


def _at(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
