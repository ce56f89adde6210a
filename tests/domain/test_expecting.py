"""When a request may be finished: a range with sense in it, whatever the past and the absences."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.domain.time.expected_finish import (
    Decider,
    Expected,
    Past,
    StageAhead,
    Unsaid,
    expect,
    percentile,
    placed,
)
from portal.domain.time.working_time import Calendar

NOW = datetime(2026, 11, 25, 10, 7, 30, tzinfo=UTC)
DAY = ((540, 720), (780, 1020))
OFFICE = Calendar(time_zone="Europe/Berlin", hours=(DAY,) * 5 + ((),) * 2)
HERE = Decider()
calendars = st.sampled_from([None, OFFICE])
pasts = st.lists(st.integers(0, 5_000), min_size=5, max_size=40).map(
    lambda minutes: Past(minutes=tuple(sorted(minutes)))
)
hours = st.integers(-100, 300)
spans = st.tuples(hours, st.integers(1, 200)).map(
    lambda span: (NOW + timedelta(hours=span[0]), NOW + timedelta(hours=span[0] + span[1]))
)
people = st.lists(
    st.builds(
        Decider, group=st.sampled_from(["a", "b"]), away=st.lists(spans, max_size=2).map(tuple)
    ),
    min_size=1, max_size=4,
).map(tuple)  # fmt: skip
stages = st.builds(
    StageAhead, name=st.just("Finance"), past=pasts, people=people, needed=st.integers(1, 4),
    by_group=st.booleans(), calendar=calendars,
)  # fmt: skip
under_way = st.builds(
    StageAhead, name=st.just("Manager"), past=pasts, people=people, needed=st.integers(1, 4),
    calendar=calendars, opened_at=st.integers(0, 100).map(lambda h: NOW - timedelta(hours=h)),
)  # fmt: skip


@given(under_way, st.lists(stages, max_size=2))
def test_a_range_is_in_order_and_never_past(first: StageAhead, rest: list[StageAhead]) -> None:
    found = expect([first, *rest], NOW)
    assert found == expect([first, *rest], NOW)
    assert isinstance(found, Unsaid) or NOW <= found.low <= found.high


@given(under_way, st.lists(stages, max_size=1), st.integers(1, 3_000))
def test_waiting_makes_it_no_earlier(
    first: StageAhead, rest: list[StageAhead], minutes: int
) -> None:
    found = expect([first, *rest], NOW)
    later = expect([first, *rest], NOW + timedelta(minutes=minutes))
    assume(isinstance(found, Expected) and isinstance(later, Expected))
    assert isinstance(found, Expected)
    assert isinstance(later, Expected)
    assert (later.low >= found.low, later.high >= found.high) == (True, True)


@given(under_way, st.lists(stages, max_size=1))
def test_absences_only_delay(first: StageAhead, rest: list[StageAhead]) -> None:
    from dataclasses import replace

    def all_here(stage: StageAhead) -> StageAhead:
        there = tuple(replace(person, away=()) for person in stage.people)
        return replace(stage, people=there)

    found = expect([first, *rest], NOW)
    without = expect([all_here(first), *map(all_here, rest)], NOW)
    if isinstance(found, Unsaid):
        assert found == without
    else:
        assert isinstance(without, Expected)
        assert (found.low >= without.low, found.high >= without.high) == (True, True)


def test_the_percentiles_are_those_of_the_nearest_rank() -> None:
    ten = tuple(range(10, 110, 10))
    assert [percentile(ten, each) for each in (20, 80, 1, 100)] == [20, 80, 10, 100]
    stage = StageAhead(name="Manager", past=Past(minutes=ten), people=(HERE,))
    found = expect([stage], NOW)
    assert found == Expected(
        low=NOW + timedelta(minutes=20), high=NOW + timedelta(minutes=80), count=10, since=None
    )


@pytest.mark.parametrize("minutes", [(), (1, 2, 3, 4)])
def test_too_few_are_not_guessed_from(minutes: tuple[int, ...]) -> None:
    stage = StageAhead(name="Manager", past=Past(minutes=minutes), people=(HERE,))
    assert expect([stage], NOW) == Unsaid(stage="Manager", count=len(minutes))


def test_longer_than_nearly_all_is_said() -> None:
    past = Past(minutes=tuple(range(1, 41)))
    opened_at = NOW - timedelta(minutes=38)
    stage = StageAhead(name="Manager", past=past, people=(HERE,), opened_at=opened_at)
    assert expect([stage], NOW) == Unsaid(stage="Manager", count=40, shorter=38, is_longer=True)


def test_an_absence_counts_only_where_too_few_others_are_there() -> None:
    week = (NOW, NOW + timedelta(days=7))
    assert placed(None, NOW, 60, [week]) == week[1] + timedelta(minutes=60)
    past = Past(minutes=(60,) * 5)
    gone = Decider(away=(week,))
    one = StageAhead(name="Finance", past=past, people=(HERE, gone))
    both = StageAhead(name="Finance", past=past, people=(HERE, gone), needed=2)
    found, later = expect([one], NOW), expect([both], NOW)
    assert isinstance(found, Expected)
    assert isinstance(later, Expected)
    assert (found.high, later.low) == (NOW + timedelta(hours=1), week[1] + timedelta(hours=1))
