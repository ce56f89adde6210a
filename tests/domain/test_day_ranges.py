"""Days off: how many working days they are, and whether two of them share any."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.time.day_ranges import DayRange, Workdays, counted, day_range_of

DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
FREE = {date(2026, 12, 25): "Christmas Day", date(2027, 1, 1): "New Year"}


def free(year: int) -> dict[date, str]:
    return {day: name for day, name in FREE.items() if day.year == year}


OFFICE = Workdays(free_days=free)


@st.composite
def ranges(draw: st.DrawFn) -> DayRange:
    first = draw(DAYS)
    last = first + timedelta(draw(st.integers(0, 40)))
    first_half = draw(st.booleans())
    last_half = draw(st.booleans()) and not (first == last and first_half)
    return DayRange(first=first, last=last, first_half=first_half, last_half=last_half)


@given(ranges())
def test_each_day_counts_once_by_what_it_is(given_: DayRange) -> None:
    found = counted(given_, OFFICE)
    every = [given_.first + timedelta(n) for n in range((given_.last - given_.first).days + 1)]
    worked = [day for day in every if day.isoweekday() < 6 and day not in FREE]
    halves = [
        day for day in worked
        if (day == given_.first and given_.first_half) or (day == given_.last and given_.last_half)
    ]  # fmt: skip
    assert found.days == len(worked) - Decimal("0.5") * len(halves)
    assert set(found.off) == {day for day in every if day in FREE and day.isoweekday() < 6}


@given(ranges(), ranges())
def test_two_overlap_where_they_share_half_a_day(one: DayRange, other: DayRange) -> None:
    def halves(of: DayRange) -> set[tuple[date, int]]:
        found = {(day, half) for day in of.days() for half in (0, 1)}
        found -= {(of.first, 0)} if of.first_half else set()
        return found - ({(of.last, 1)} if of.last_half else set())

    assert one.overlaps(other) is bool(halves(one) & halves(other))
    assert one.overlaps(other) is other.overlaps(one)


def test_a_year_that_begins_within_counts_its_own_days_off() -> None:
    found = counted(DayRange(first=date(2026, 12, 24), last=date(2027, 1, 4)), OFFICE)
    assert (found.days, sorted(found.off.values())) == (6, ["Christmas Day", "New Year"])


def test_only_days_are_read_as_days() -> None:
    assert day_range_of(
        {"first": "2026-12-01", "last": "2026-12-02", "last_half": True}
    ) == DayRange(first=date(2026, 12, 1), last=date(2026, 12, 2), last_half=True)
    for odd in (None, [], "2026-12-01", {}, {"first": "x", "last": 3}, {"rows": []}):
        assert day_range_of(odd) is None
