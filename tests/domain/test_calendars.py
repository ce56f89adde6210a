"""Working hours and days off as people write them."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.time.calendars import days_text, hours_words, read_days, read_hours, week_words

NINE = [["09:00", "17:00"]]


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


weeks = st.sets(st.integers(0, 1440), max_size=12).map(
    lambda marks: [
        [clock(opens), clock(closes)]
        for opens, closes in zip(*[iter(sorted(marks)[: len(marks) // 2 * 2])] * 2, strict=True)
    ]
)


@given(weeks)
def test_what_is_shown_is_read_again(intervals: list[list[str]]) -> None:
    assert read_hours(hours_words(intervals) if intervals else "") == intervals


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for problem in (problem_of(read_hours, text), problem_of(read_days, text)):
        assert problem == "" or problem.startswith("%(label)s must ")


def problem_of(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return ""


def test_many_ways_to_write_the_same() -> None:
    ways = ("9-17", "09:00 to 17:00", "9.00–17.00", "9 - 17,", "09:00—17:00;")
    assert [read_hours(way) for way in ways] == [NINE] * len(ways)


def test_a_week_in_words() -> None:
    hours = {str(number): NINE for number in (1, 2, 3, 5, 6)} | {"7": [["00:00", "24:00"]]}
    assert week_words(hours) == [
        "Monday to Wednesday 09:00–17:00",
        "Friday and Saturday 09:00–17:00",
        "Sunday 00:00–24:00",
    ]


def test_days_and_their_names() -> None:
    text = "2026-12-31\n2026-12-24 Christmas  Eve"
    days = {"2026-12-24": "Christmas  Eve", "2026-12-31": ""}
    assert read_days(text) == days
    assert read_days(days_text(days)) == days
    assert days_text(["2026-05-01"]) == "2026-05-01"
