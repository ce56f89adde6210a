"""Why a deadline falls when it does."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.time.explanations import ClockChange, DaysOff, clock_changes, skipped
from portal.domain.time.working_time import Calendar, add_business_minutes
from tests.domain.test_worktime import WEEK, calendars, instants, local

CHRISTMAS = {date(2026, 12, 25): "Christmas Day", date(2026, 12, 26): "Second Day of Christmas"}
BERLIN = Calendar(time_zone="Europe/Berlin", hours=WEEK, holidays=frozenset(CHRISTMAS))


def test_over_christmas() -> None:
    start = local("2026-12-23 16:00")
    end = add_business_minutes(BERLIN, start, 10 * 60)
    assert end == local("2026-12-28 10:00")
    found = skipped(BERLIN, CHRISTMAS, start, end)
    assert found.days_off == (DaysOff(date(2026, 12, 25), date(2026, 12, 27), CHRISTMAS),)
    assert found.nights == 1
    assert found.clock_changes == ()


def test_clocks_that_change_by_half_an_hour_and_a_day_that_is_left_out() -> None:
    lord_howe, apia = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
    start = datetime(2026, 4, 4, 12, tzinfo=lord_howe)
    found = clock_changes(lord_howe, start, start + timedelta(days=2))
    assert found == (ClockChange(date(2026, 4, 5), -timedelta(minutes=30)),)
    start = datetime(2011, 12, 29, 12, tzinfo=apia)
    found = clock_changes(apia, start, start + timedelta(days=1))
    assert sum((each.by for each in found), timedelta()) == timedelta(days=1)


def test_a_day_and_night_calendar_has_no_nights() -> None:
    always = Calendar(time_zone="Europe/Berlin", hours=(((0, 1440),),) * 7)
    found = skipped(always, {}, local("2026-10-24 10:00"), local("2026-10-26 10:00"))
    assert (found.nights, found.days_off) == (0, ())
    assert found.clock_changes == (ClockChange(date(2026, 10, 25), -timedelta(hours=1)),)


@settings(max_examples=100, deadline=None)
@given(calendars(), instants, st.integers(1, 3000))
def test_days_off_are_those_without_work(calendar: Calendar, start: datetime, count: int) -> None:
    end = add_business_minutes(calendar, start, count)
    found = skipped(calendar, {}, start, end)
    off = [each.first + timedelta(days=n) for each in found.days_off
           for n in range((each.last - each.first).days + 1)]  # fmt: skip
    zone = ZoneInfo(calendar.time_zone)
    first, last = (at.astimezone(zone).date() for at in (start, end))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert off == [
        day for day in days if day in calendar.holidays or not calendar.hours[day.weekday()]
    ]
    assert 0 <= found.nights <= len(days)
