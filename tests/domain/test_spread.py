"""Percentiles over runs are those of all the minutes together."""

import struct
from math import ceil
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.time import spread as spread_module
from portal.domain.time.spread import Spread, unpacked

MINUTES = st.integers(min_value=-5, max_value=2_000_000)
RUNS = st.lists(st.lists(MINUTES, max_size=30), max_size=8)


def packed(minutes: list[int]) -> bytes:
    """As a database packs them."""
    return struct.pack(f">{len(minutes)}i", *minutes)


@given(RUNS, RUNS, st.integers(1, 100), st.integers(1, 20))
def test_a_percentile_is_the_least_that_so_many_do_not_exceed(
    kept: list[list[int]], taken: list[list[int]], percent: int, short: int
) -> None:
    # What is taken away was in the runs before. Some are packed in order.
    before = [sorted(run) if len(run) % 2 else run for run in (*kept, *taken)]
    with patch.object(spread_module, "SHORT", short):
        spread = Spread.of(
            [
                *((1, packed(run), run == sorted(run)) for run in before),
                *((-1, packed(run), False) for run in taken),
            ]
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
    found = list(Spread.of((1, packed(run), True) for run in least).bins(step, last))
    each = [min(minutes // step, last) for run in least for minutes in run]
    assert found == [each.count(n) for n in range(last + 1)]


@given(st.lists(MINUTES))
def test_minutes_are_read_as_they_were_packed(minutes: list[int]) -> None:
    assert list(unpacked(packed(minutes))) == minutes
