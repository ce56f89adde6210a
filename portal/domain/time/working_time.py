"""Arithmetic on business hours, given a calendar.

All counting is done on instants in UTC: each local day is cut into the stretches in which the
zone's offset does not change, so that an hour of work is an hour, also when clocks change.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.domain.errors import InvalidPolicy
from portal.domain.marked import msgid

DAY_MINUTES = 24 * 60
LONGEST_SEARCH = timedelta(days=5 * 366)

Interval = tuple[int, int]
Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """When work is done: for each weekday from Monday on, intervals in minutes since midnight.

    (540, 1020) is 9:00 to 17:00. `holidays` are local dates without any work. Raises InvalidPolicy
    if the time zone is unknown, intervals are not in order, or there is no working time at all.
    """

    time_zone: str
    hours: tuple[tuple[Interval, ...], ...]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if len(self.hours) != 7:
            raise InvalidPolicy(msgid("A calendar needs the working hours of seven days."))
        for day in self.hours:
            _check_day(day)
        if not any(self.hours):
            raise InvalidPolicy(msgid("A calendar needs some working time in the week."))
        zone_of(self)


def zone_of(calendar: Calendar) -> ZoneInfo:
    """The calendar's time zone. Raises InvalidPolicy for a name that is not known."""
    try:
        return ZoneInfo(calendar.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidPolicy(
            msgid("There is no time zone “%(zone)s”."), zone=calendar.time_zone
        ) from error


def add_business_minutes(calendar: Calendar, start: datetime, minutes: int) -> datetime:
    """The earliest instant, in UTC, by which so many minutes of work have passed since `start`.

    Outside working time counting begins with the next opening; 0 minutes give that opening (or
    `start` itself in working time). Raises ValueError for fewer than 0 minutes, and InvalidPolicy
    if the working time of five years does not suffice.
    """
    if minutes < 0:
        raise ValueError("Business minutes are counted forwards only.")
    left = timedelta(minutes=minutes)
    for opens, closes in _stretches(calendar, start, start + LONGEST_SEARCH):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise InvalidPolicy(msgid("The calendar does not have that much working time in five years."))


def business_minutes_between(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Whole minutes of work from `start` to `end`; 0 if `end` is not later."""
    stretches = _stretches(calendar, start, end)
    worked = sum((closes - opens for opens, closes in stretches), timedelta())
    return worked // timedelta(minutes=1)


def is_working_time(calendar: Calendar, at: datetime) -> bool:
    """True inside a working interval by the wall clock, its two ends included."""
    local = at.astimezone(zone_of(calendar))
    into_day = (
        timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
        + timedelta(microseconds=local.microsecond)
    ) / timedelta(minutes=1)
    today = _hours_on(calendar, local.date())
    if any(opens <= into_day <= closes for opens, closes in today):
        return True
    yesterday = _hours_on(calendar, local.date() - timedelta(days=1))
    return into_day == 0 and any(closes == DAY_MINUTES for _, closes in yesterday)


def _check_day(day: tuple[Interval, ...]) -> None:
    last = 0
    for opens, closes in day:
        if not last <= opens < closes <= DAY_MINUTES:
            raise InvalidPolicy(msgid("Working hours have to be in order and inside one day."))
        last = closes


def _hours_on(calendar: Calendar, day: date) -> tuple[Interval, ...]:
    return () if day in calendar.holidays else calendar.hours[day.weekday()]


def _stretches(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Stretch]:
    """Working time as instants in UTC, in order, cut off at `start` and `end`."""
    zone = zone_of(calendar)
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    while day <= last:
        for opens, closes in _hours_on(calendar, day):
            for begins, ends in _on_the_day(day, opens, closes, zone):
                begins_in, ends_in = max(begins, start), min(ends, end)
                if begins_in <= ends_in and begins < ends:
                    yield begins_in, ends_in
        day += timedelta(days=1)


@lru_cache(maxsize=4096)
def _on_the_day(day: date, opens: int, closes: int, zone: ZoneInfo) -> tuple[Stretch, ...]:
    """The instants of a wall-clock interval: one stretch, or two if the offset changes that day."""
    return tuple(_cut(day, opens, closes, zone))


def _cut(day: date, opens: int, closes: int, zone: ZoneInfo) -> Iterator[Stretch]:
    midnight = datetime.combine(day, time())
    for begins, ends, offset in _even_parts(day, zone):
        opening = (midnight + timedelta(minutes=opens) - offset).replace(tzinfo=UTC)
        closing = (midnight + timedelta(minutes=closes) - offset).replace(tzinfo=UTC)
        if max(opening, begins) < min(closing, ends):
            yield max(opening, begins), min(closing, ends)


def _even_parts(day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime, timedelta]]:
    """The parts of a local day with one offset each, in UTC."""
    begins = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    before, after = _offset(begins, zone), _offset(ends, zone)
    if before == after:
        return [(begins, ends, before)]
    seconds = range(int((ends - begins).total_seconds()))
    changed = bisect_left(
        seconds, True, key=lambda n: _offset(begins + timedelta(seconds=n), zone) != before
    )
    change = begins + timedelta(seconds=changed)
    return [(begins, change, before), (change, ends, after)]


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
