"""Times in words: never later than true, and always on the reader's clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.presentation import times
from portal.translation import speaking

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 8, 13, 50, tzinfo=UTC)
UNITS = {"min": 60, "h": 3600, "days": 86400, "months": 30 * 86400, "years": 365 * 86400}
lengths = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=20_000))


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=59), "under 1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=60), "2 months"),
        (timedelta(days=730), "2 years"),
    ],
)
def test_span_uses_the_largest_sensible_unit(length: timedelta, words: str) -> None:
    assert times.span(length) == words


@given(lengths)
def test_span_rounds_down_and_never_overstates(length: timedelta) -> None:
    words = times.span(length)
    if words != "under 1 min":
        count, unit = words.split()
        assert 0 < int(count) * UNITS[unit] <= length.total_seconds()


@given(st.timedeltas(min_value=timedelta(days=-5000), max_value=timedelta(days=5000)))
def test_relative_says_which_side_of_now(offset: timedelta) -> None:
    words = times.relative(NOW + offset, NOW)
    if abs(offset) < timedelta(minutes=1):
        assert words == "just now"
    else:
        assert words.startswith("in ") == (offset > timedelta(0))
        assert words.endswith(" ago") == (offset < timedelta(0))


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(BERLIN)))  # noqa: DTZ001
def test_the_machine_readable_time_is_the_same_moment(at: datetime) -> None:
    assert datetime.fromisoformat(times.iso_utc(at)) == at.astimezone(UTC).replace(microsecond=0)


def test_moments_are_told_on_the_readers_clock() -> None:
    assert times.absolute(NOW, BERLIN) == "8 Oct 2026, 15:50"
    assert times.exact(NOW, BERLIN) == "8 Oct 2026, 15:50:00 CEST"
    assert times.day_heading(NOW, BERLIN) == "Thursday 8 October 2026"


@pytest.mark.parametrize(
    ("hours", "kind", "short", "long"),
    [
        (0, "overdue", "under 1 min overdue", "under 1 min overdue"),
        (-28, "overdue", "1 day overdue", "1 day overdue"),
        (4, "today", "4 h left", "Due today at 19:50, in 4 h"),
        (9, "later", "9 h left", "Due tomorrow at 00:50"),
        (100, "later", "4 days left", "Due Mon 12 Oct, in 4 days"),
    ],
)
def test_a_deadline_says_by_how_much(hours: int, kind: str, short: str, long: str) -> None:
    due = times.due(NOW + timedelta(hours=hours), NOW, BERLIN)
    assert (due.kind, due.short, due.long) == (kind, short, long)


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (datetime(2026, 12, 9, 23, tzinfo=UTC), "Wed 9 Dec"),
        (datetime(2026, 12, 9, 13, 30, tzinfo=UTC), "Wed 9 Dec at 14:30"),
        (datetime(2027, 1, 8, 23, tzinfo=UTC), "Fri 8 Jan 2027"),
    ],
)
def test_what_ends_with_a_day_names_its_last_one(until: datetime, words: str) -> None:
    assert times.until(until, NOW, BERLIN) == words


def test_a_usual_length_is_rounded_to_days() -> None:
    assert times.about(timedelta(hours=44)) == "2 days"
    assert times.about(timedelta(hours=18)) == "18 hours"


def test_no_deadline_is_said_too() -> None:
    due = times.due(None, NOW, BERLIN)
    assert (due.kind, due.short, due.long) == ("none", "no deadline", "No deadline")


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlin", "Berlin time (CEST, UTC+2)"),
        ("Asia/Kolkata", "Kolkata time (IST, UTC+5:30)"),
        ("America/Sao_Paulo", "Sao Paulo time (UTC−3)"),
        ("UTC", "UTC"),
    ],
)
def test_the_zone_is_named(zone: str, words: str) -> None:
    assert times.zone_name(ZoneInfo(zone), NOW) == words


@pytest.mark.parametrize(
    ("code", "zone", "short"),
    [("de", "Europe/Berlin", "MESZ"), ("id", "Asia/Jakarta", "WIB"), ("de", "Asia/Jakarta", "WIB")],
)
def test_the_zone_is_named_as_the_language_does(code: str, zone: str, short: str) -> None:
    with speaking(code):
        assert f"({short}, UTC+" in times.zone_name(ZoneInfo(zone), NOW)


@pytest.mark.parametrize(
    ("code", "absolute", "wait", "past", "heading"),
    [
        ("en", "8 Oct 2026, 15:50", "in 4 h", "2 days ago", "Thursday 8 October 2026"),
        ("de", "8. Okt. 2026, 15:50", "in 4 Stunden", "vor 2 Tagen", "Donnerstag, 8. Oktober 2026"),
        ("id", "8 Okt 2026 15.50", "dalam 4 jam", "2 hari yang lalu", "Kamis, 08 Oktober 2026"),
    ],
)
def test_each_language_writes_times_its_way(
    code: str, absolute: str, wait: str, past: str, heading: str
) -> None:
    with speaking(code):
        assert times.absolute(NOW, BERLIN) == absolute
        assert times.relative(NOW + timedelta(hours=4), NOW) == wait
        assert times.relative(NOW - timedelta(days=2), NOW) == past
        assert times.day_heading(NOW, BERLIN) == heading


def test_a_deadline_bends_its_length_as_the_language_does() -> None:
    with speaking("de"):
        due = times.due(NOW + timedelta(days=3), NOW, BERLIN)
        assert due.long == "Fällig So., 11. Okt., in 3 Tagen"
        assert due.short == "noch 3 Tage"
