"""Stored calendars as working time."""

from datetime import UTC, date, datetime

import pytest

from portal.directory.calendars import calendar_in, calendar_of, free_days, public_holidays
from portal.directory.holiday_places import countries, parts_of
from portal.domain.errors import InvalidPolicy
from portal.domain.time.working_time import Calendar, add_business_minutes

WEEK = {str(day): [["09:00", "12:00"], ["13:00", "17:30"]] for day in range(1, 6)}


def berlin(**values: str | None) -> Calendar:
    given: dict[str, str | None] = {"country": "DE", "subdivision": "BE", **values}
    return calendar_of("Europe/Berlin", WEEK, given["country"], given["subdivision"], 2026)


def test_hours_and_weekdays() -> None:
    calendar = berlin()
    assert calendar.hours[0] == ((540, 720), (780, 1050))
    assert calendar.hours[5:] == ((), ())


def test_public_holidays_of_the_place() -> None:
    assert date(2026, 3, 8) in berlin().holidays  # International Women's Day, in Berlin only
    assert date(2026, 3, 8) not in berlin(subdivision="BY").holidays
    assert berlin(country=None, subdivision=None).holidays == frozenset()


def test_holidays_reach_years_ahead() -> None:
    assert {day.year for day in berlin().holidays} == set(range(2025, 2032))


def test_over_new_year() -> None:
    """Thursday 31 December, 17:00 local; Friday is a holiday: the rest is Monday morning."""
    start = datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert add_business_minutes(berlin(), start, 60) == datetime(2027, 1, 4, 8, 30, tzinfo=UTC)


def test_the_end_of_the_day() -> None:
    calendar = calendar_of("UTC", {"7": [["00:00", "24:00"]]}, None, None, 2026)
    assert calendar.hours[6] == ((0, 1440),)


@pytest.mark.parametrize(
    ("hours", "country", "sentence"),
    [
        ({}, None, "some working time"),
        ({"1": [["17:00", "09:00"]]}, None, "in order"),
        ({"1": [["nine", "five"]]}, None, "make no sense"),
        ({"1": [["09:00"]]}, None, "make no sense"),
        (WEEK, "XX", "not known"),
    ],
)
def test_what_makes_no_sense(hours: dict[str, object], country: str | None, sentence: str) -> None:
    with pytest.raises(InvalidPolicy, match=sentence):
        calendar_of("UTC", hours, country, None, 2026)


@pytest.mark.parametrize(
    ("country", "subdivision", "day", "name"),
    [
        ("DE", "BE", date(2026, 3, 8), "Women's Day"),
        ("IN", "KA", date(2026, 11, 1), "Karnataka Rajyotsava"),
        ("JP", None, date(2026, 1, 12), "Coming of Age Day"),
        ("US", "TX", date(2026, 7, 3), "Independence Day (observed)"),
        ("CH", "GE", date(2026, 9, 10), "Genevan Fast"),
    ],
)
def test_holidays_of_many_places_have_names(
    country: str, subdivision: str | None, day: date, name: str
) -> None:
    assert public_holidays(country, subdivision, 2026)[day].startswith(name)


def test_days_of_its_own() -> None:
    closed, worked = {"2026-12-24": "Christmas Eve"}, ["2026-05-01"]
    row = {"country": "DE", "subdivision": "BE", "closed_days": closed, "worked_days": worked}
    calendar = calendar_in({**row, "time_zone": "Europe/Berlin", "hours": WEEK}, 2026)
    assert date(2026, 12, 24) in calendar.holidays
    assert date(2026, 5, 1) not in calendar.holidays
    names = free_days(row, 2026)
    assert (names[date(2026, 12, 24)], names[date(2026, 12, 25)]) == (
        "Christmas Eve",
        "Christmas Day",
    )
    assert set(names) == calendar.holidays


def test_every_country_has_a_name_and_every_part_is_known() -> None:
    assert countries()["DE"] == "Germany"
    assert countries()["IM"] == "Isle of Man"
    assert parts_of("DE")["BY"] == "Bayern"
    assert parts_of("XX") == {}
    for country in ("IN", "US", "CH", "BR"):
        for code in parts_of(country):
            assert public_holidays(country, code, 2026)


def test_it_is_worked_out_once() -> None:
    assert berlin() is berlin()
