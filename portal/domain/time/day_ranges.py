"""Days off from one day to another: half days, and how many of them are working days."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

LONGEST = 366
FULL, HALF, NONE = Decimal(1), Decimal("0.5"), Decimal(0)
WORKING_WEEK = frozenset({1, 2, 3, 4, 5})


def no_free_days(_year: int) -> dict[date, str]:
    """The free days of a calendar without any."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Workdays:
    """Which days somebody works: ISO weekdays, and the days off of a year with their names."""

    weekdays: frozenset[int] = WORKING_WEEK
    free_days: Callable[[int], Mapping[date, str]] = field(default=no_free_days)


@dataclass(frozen=True, kw_only=True)
class DayRange:
    """From one day to another, both included. `first_half`: only from midday on the first day;
    `last_half`: only until midday on the last."""

    first: date
    last: date
    first_half: bool = False
    last_half: bool = False

    def days(self) -> Iterator[date]:
        """Each day in its order; up to `LONGEST`."""
        length = min((self.last - self.first).days + 1, LONGEST)
        return (self.first + timedelta(n) for n in range(length))

    def part_of(self, day: date) -> Decimal:
        """How much of a day lies in it."""
        halves = (day == self.first and self.first_half) + (day == self.last and self.last_half)
        return (FULL, HALF, NONE)[halves]

    def overlaps(self, other: "DayRange") -> bool:
        """Whether they share half a day or more."""
        (begin, end), (others_begin, others_end) = self._halves(), other._halves()
        is_something = begin <= end and others_begin <= others_end
        return is_something and begin <= others_end and others_begin <= end

    def _halves(self) -> tuple[tuple[date, bool], tuple[date, bool]]:
        """The first and the last half day of it: the day, and whether it is the afternoon."""
        return (self.first, self.first_half), (self.last, not self.last_half)


@dataclass(frozen=True, kw_only=True)
class CountedDays:
    """How many working days a range has; `off`: names of the days off that it holds on weekdays
    that are worked."""

    days: Decimal
    off: Mapping[date, str]


def counted(range_: DayRange, work: Workdays) -> CountedDays:
    """The working days of a range. Days off count nothing, half days a half."""
    days, off = NONE, dict[date, str]()
    free = {year: work.free_days(year) for year in {range_.first.year, range_.last.year}}
    for day in range_.days():
        if day.isoweekday() not in work.weekdays:
            continue
        if day in free.get(day.year, {}):
            off[day] = free[day.year][day]
        else:
            days += range_.part_of(day)
    return CountedDays(days=days, off=off)


def day_range_of(value: Any) -> DayRange | None:
    """The range that a request keeps; None for anything else."""
    if not isinstance(value, Mapping):
        return None
    try:
        first = date.fromisoformat(str(value.get("first")))
        last = date.fromisoformat(str(value.get("last")))
    except ValueError:
        return None
    return DayRange(
        first=first,
        last=last,
        first_half=value.get("first_half") is True,
        last_half=value.get("last_half") is True,
    )


def ranges_in(values: Mapping[str, Any]) -> list[DayRange]:
    """Every range of days in a request's values."""
    return [given for value in values.values() if (given := day_range_of(value))]
