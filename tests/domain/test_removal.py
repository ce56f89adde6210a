"""Which months go: none with a request that is open, held, younger than its retention, or kept for
ever."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.proof.removal import (
    OF_REQUESTS,
    KeptMonth,
    Month,
    MonthBar,
    removal_bar,
    spans,
)
from portal.domain.proof.retention import (
    SETTLED,
    Kept,
    KeptRequest,
    Retention,
    StandingHold,
    holds_on,
    kept_until,
    may_erase,
)
from tests.domain.test_retention import NOW, days, holds, requests

retentions = st.builds(Retention, texts_days=days, files_days=days, requests_days=days)
months = st.dates(date(2020, 1, 1), date(2027, 12, 31)).map(lambda day: Month(day.replace(day=1)))


@given(requests, retentions, holds)
def test_what_is_removed_may_be_erased_and_is_past_every_length(
    request: KeptRequest, retention: Retention, held: list[StandingHold]
) -> None:
    bar = removal_bar(request, retention, held, NOW)
    if bar is None:
        assert may_erase(request, held, NOW)
        assert request.closed_at is not None
        assert retention.requests_days is not None
        assert request.closed_at + timedelta(days=retention.requests_days) <= NOW
        for what in Kept:
            end = kept_until(request, what, retention)
            assert end is not None
            assert end <= NOW
    assert (bar is MonthBar.OPEN) == (request.closed_at is None)
    if bar is not MonthBar.OPEN and holds_on(request, held, NOW):
        assert bar is MonthBar.HELD


@given(
    months, st.lists(st.tuples(requests, retentions), max_size=5), holds, st.booleans(),
    st.integers(0, 2), st.booleans(),
)  # fmt: skip
def test_a_month_goes_only_as_a_whole(
    month: Month,
    kept: list[tuple[KeptRequest, Retention]],
    held: list[StandingHold],
    is_apart: bool,
    unsealed: int,
    is_anchored: bool,
) -> None:
    counted = Counter(removal_bar(*each, held, NOW) for each in kept)
    seen = KeptMonth(month, is_apart, unsealed, is_anchored, counted)
    if seen.may_go(NOW):
        assert kept
        assert is_apart
        assert is_anchored
        assert not unsealed
        assert month.ends + SETTLED <= NOW
        assert all(removal_bar(*each, held, NOW) is None for each in kept)
    else:
        assert seen.bars(NOW) or not kept
    assert set(counted) - {None} == set(seen.bars(NOW)) & set(OF_REQUESTS)


@given(months)
def test_months_meet_and_are_called_what_they_are_read_from(month: Month) -> None:
    assert Month.named(str(month)) == month
    following = Month(month.ends.date())
    assert following.begins == month.ends
    assert timedelta(days=28) <= month.ends - month.begins <= timedelta(days=31)
    assert isinstance(month.begins, datetime)


@pytest.mark.parametrize("name", ["", "2026", "2026-13", "2026-1", "x" * 7, "2026-01-01"])
def test_other_names_are_of_no_month(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        Month.named(name)


@given(st.sets(st.integers(1, 60)))
def test_spans_are_the_numbers(numbers: set[int]) -> None:
    found = spans(numbers)
    assert {n for first, last in found for n in range(first, last + 1)} == numbers
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(found))
