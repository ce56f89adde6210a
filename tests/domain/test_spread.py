"""Percentiles over runs are those of all the minutes together."""

import struct
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.time.spread import Spread, unpacked

MINUTES = st.integers(min_value=-5, max_value=2_000_000)
RUNS = st.lists(st.lists(MINUTES, max_size=30), max_size=8)


@given(RUNS, RUNS, st.integers(1, 100))
def test_a_percentile_is_the_least_that_so_many_do_not_exceed(
    kept: list[list[int]], taken: list[list[int]], percent: int
) -> None:
    # What is taken away was in the runs before.
    before = [sorted(run) for run in (*kept, *taken)]
    spread = Spread.of(
        [*((1, run) for run in before), *((-1, tuple(sorted(run))) for run in taken)]
    )
    left = sorted(each for run in kept for each in run)
    assert spread.size == len(left)
    if left:
        assert spread.percentile(percent) == left[ceil(len(left) * percent / 100) - 1]
    else:
        assert spread.percentile(percent) is None


@given(RUNS, st.integers(1, 900), st.integers(1, 12))
def test_bins_count_each_once(runs: list[list[int]], step: int, last: int) -> None:
    least = [sorted(max(0, each) for each in run) for run in runs]
    found = list(Spread.of((1, run) for run in least).bins(step, last))
    each = [min(minutes // step, last) for run in least for minutes in run]
    assert found == [each.count(n) for n in range(last + 1)]


@given(st.lists(MINUTES))
def test_minutes_are_read_as_they_were_packed(minutes: list[int]) -> None:
    assert list(unpacked(struct.pack(f">{len(minutes)}i", *minutes))) == minutes
