"""Business hours: examples on the wall clock, and what holds for every calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.domain.errors import InvalidPolicy
from portal.domain.time.working_time import (
    Calendar,
    add_business_minutes,
    business_minutes_between,
    is_working_time,
)

NINE_TO_FIVE = ((540, 1020),)
WEEK = (*[NINE_TO_FIVE] * 5, (), ())
BERLIN = Calendar(time_zone="Europe/Berlin", hours=WEEK)
ALWAYS = (((0, 1440),),) * 7


def local(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "minutes", "expected"),
    [
        ("2026-01-05 09:00", 60, "2026-01-05 10:00"),
        ("2026-01-05 16:30", 60, "2026-01-06 09:30"),
        ("2026-01-05 16:00", 60, "2026-01-05 17:00"),
        ("2026-01-09 16:30", 60, "2026-01-12 09:30"),
        ("2026-01-10 12:00", 1, "2026-01-12 09:01"),
        ("2026-01-10 12:00", 0, "2026-01-12 09:00"),
        ("2026-01-05 09:00", 5 * 480, "2026-01-09 17:00"),
        ("2026-03-27 16:00", 120, "2026-03-30 10:00"),
        ("2026-10-23 16:00", 120, "2026-10-26 10:00"),
    ],
)
def test_minutes_of_work_on_the_wall_clock(start: str, minutes: int, expected: str) -> None:
    assert add_business_minutes(BERLIN, local(start), minutes) == local(expected)


def test_a_holiday_has_no_working_time() -> None:
    closed = Calendar(time_zone="Europe/Berlin", hours=WEEK, holidays=frozenset({date(2026, 1, 6)}))
    assert add_business_minutes(closed, local("2026-01-05 16:30"), 60) == local("2026-01-07 09:30")


def test_a_lunch_break_is_not_worked() -> None:
    hours = (((540, 720), (780, 1020)),) * 7
    split = Calendar(time_zone="Asia/Kolkata", hours=hours)
    start = local("2026-01-05 11:30", "Asia/Kolkata")
    assert add_business_minutes(split, start, 60) == local("2026-01-05 13:30", "Asia/Kolkata")


@pytest.mark.parametrize(("day", "worked"), [("2026-03-29", 23 * 60), ("2026-10-25", 25 * 60)])
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(day: str, worked: int) -> None:
    always = Calendar(time_zone="Europe/Berlin", hours=ALWAYS)
    begins = local(f"{day} 00:00")
    ends = begins + timedelta(days=1)  # the next midnight on the wall
    assert business_minutes_between(always, begins, ends) == worked


def test_an_hour_that_does_not_exist_is_not_worked() -> None:
    nights = Calendar(time_zone="Europe/Berlin", hours=(((120, 150), (240, 300)),) * 7)
    start = local("2026-03-29 00:00")
    assert add_business_minutes(nights, start, 30) == local("2026-03-29 04:30")


@pytest.mark.parametrize(
    ("zone", "start", "minutes", "expected"),
    [
        ("Asia/Kathmandu", "2026-01-05 16:45", 30, "2026-01-06 09:15"),
        ("Australia/Lord_Howe", "2026-04-03 16:00", 120, "2026-04-06 10:00"),
        ("Pacific/Apia", "2011-12-29 16:00", 120, "2012-01-02 10:00"),  # no 30 December there
    ],
)
def test_the_wall_clock_of_odd_zones(zone: str, start: str, minutes: int, expected: str) -> None:
    calendar = Calendar(time_zone=zone, hours=WEEK)
    assert add_business_minutes(calendar, local(start, zone), minutes) == local(expected, zone)


@pytest.mark.parametrize(
    ("zone", "night", "hours"),
    [
        ("Europe/Berlin", "2026-03-28", 7),
        ("Europe/Berlin", "2026-10-24", 9),
        ("Australia/Lord_Howe", "2026-04-04", 8.5),
        ("Australia/Lord_Howe", "2026-10-03", 7.5),
        ("Asia/Kolkata", "2026-03-28", 8),
    ],
)
def test_a_night_shift_is_as_long_as_the_night(zone: str, night: str, hours: float) -> None:
    shift = Calendar(time_zone=zone, hours=(((0, 360), (1320, 1440)),) * 7)
    begins = local(f"{night} 22:00", zone)
    ends = add_business_minutes(shift, begins, int(hours * 60))
    assert ends.astimezone(ZoneInfo(zone)).strftime("%H:%M") == "06:00"


@pytest.mark.parametrize(
    ("zone", "hours", "words"),
    [
        ("Europe/Berlin", ((),) * 7, "some working time"),
        ("Europe/Berlin", WEEK[:5], "seven days"),
        ("Europe/Berlin", (((540, 540),), *WEEK[1:]), "in order"),
        ("Europe/Berlin", (((540, 1500),), *WEEK[1:]), "in order"),
        ("Europe/Berlin", (((600, 700), (540, 560)), *WEEK[1:]), "in order"),
        ("Europe/Bärlin", WEEK, "no time zone “Europe/Bärlin”"),
        ("../etc", WEEK, "no time zone"),
        ("", WEEK, "no time zone"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(
    zone: str, hours: tuple[tuple[tuple[int, int], ...], ...], words: str
) -> None:
    with pytest.raises(InvalidPolicy, match=words):
        Calendar(time_zone=zone, hours=hours)


def test_working_time_that_never_comes_is_an_error_not_an_endless_search() -> None:
    days = {date(2026, 1, 1) + timedelta(days=n) for n in range(6 * 366)}
    never = Calendar(time_zone="UTC", hours=WEEK, holidays=frozenset(days))
    with pytest.raises(InvalidPolicy, match="five years"):
        add_business_minutes(never, local("2026-01-05 09:00"), 1)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        add_business_minutes(BERLIN, local("2026-01-05 09:00"), -1)
    assert (
        business_minutes_between(BERLIN, local("2026-01-06 09:00"), local("2026-01-05 09:00")) == 0
    )


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    def day() -> tuple[tuple[int, int], ...]:
        marks = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
        pairs = zip(marks[::2], marks[1::2], strict=False)
        return tuple((opens * 15, closes * 15) for opens, closes in pairs)

    zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"]
    odd = ["Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Pacific/Chatham"]
    hours = tuple(day() for _ in range(7))
    assume(any(hours))
    days = st.integers(0, 700).map(lambda n: date(2025, 12, 1) + timedelta(days=n))
    return Calendar(
        time_zone=draw(st.sampled_from([*zones, *odd])),
        hours=hours,
        holidays=frozenset(draw(st.sets(days, max_size=5))),
    )


# Near the days on which clocks change, to the second, and anywhere else in two years.
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
changes = [
    *(datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 29), (10, 25), (4, 4))),
    datetime(2011, 12, 30, 10, tzinfo=UTC),  # Apia goes over to the day after the next
    datetime(1986, 1, 1, tzinfo=UTC),  # Kathmandu's quarter of an hour
]
instants = st.one_of(
    st.integers(0, 500 * 86_400).map(lambda n: NEW_YEAR + timedelta(seconds=n)),
    st.builds(
        lambda change, seconds: change + timedelta(seconds=seconds),
        st.sampled_from(changes),
        st.integers(-200_000, 200_000),
    ),
)
# Two months hold every kind of day; years of days between two moments prove no more.
apart = st.timedeltas(timedelta(), timedelta(days=62))
minutes = st.integers(0, 3000)
quick = settings(max_examples=150, deadline=None)


@quick
@given(calendars(), instants, minutes)
def test_it_ends_in_working_time_and_never_before_the_start(
    calendar: Calendar, start: datetime, count: int
) -> None:
    end = add_business_minutes(calendar, start, count)
    assert end >= start
    assert is_working_time(calendar, end)
    assert business_minutes_between(calendar, start, end) == count


@quick
@given(calendars(), instants, minutes, minutes)
def test_counting_in_two_parts_gives_the_same(
    calendar: Calendar, start: datetime, first: int, second: int
) -> None:
    half_way = add_business_minutes(calendar, start, first)
    whole = add_business_minutes(calendar, start, first + second)
    assert add_business_minutes(calendar, half_way, second) == whole


@quick
@given(calendars(), instants, apart, minutes)
def test_who_starts_earlier_is_not_later(
    calendar: Calendar, early: datetime, length: timedelta, count: int
) -> None:
    late = early + length
    assert add_business_minutes(calendar, early, count) <= add_business_minutes(
        calendar, late, count
    )
    assert business_minutes_between(calendar, early, late) >= 0
    assert timedelta(minutes=business_minutes_between(calendar, early, late)) <= late - early
