"""Where the marks of a chart stand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.presentation.charts import ABOVE, HEIGHT, NARROW, WIDE, Mark, columns, placed, ticks


@given(st.integers(0, 10**9))
def test_the_lines_are_few_and_reach_the_largest(largest: int) -> None:
    found = ticks(largest)
    assert found[0] == 0
    assert found[-1] >= largest
    assert 2 <= len(found) <= 6
    assert len({b - a for a, b in pairwise(found)}) == 1


@given(st.lists(st.lists(st.integers(0, 10**6), min_size=1, max_size=3), min_size=1, max_size=60))
def test_every_number_above_nothing_has_a_bar_inside_the_chart(numbers: list[list[int]]) -> None:
    stacks = [[("c1", each) for each in stack] for stack in numbers]
    found = columns([str(i) for i in range(len(stacks))], stacks)
    assert len(found.bars) == sum(each > 0 for stack in numbers for each in stack)
    for bar in found.bars:
        assert bar.x >= -0.01
        assert bar.x + bar.width <= 100.01
        assert bar.y + bar.height <= ABOVE + HEIGHT + 0.1
        assert bar.y >= ABOVE - 2 * 3 - 0.1  # parts too small to be seen are drawn two pixels tall


def test_what_lies_beyond_stands_at_the_end() -> None:
    assert [placed(x, 0, 10) for x in (-1, 0, 2.5, 10, 99)] == [0, 0, 25, 100, 100]
    assert placed(3, 5, 5) == 0


@given(st.integers(0, 60), st.sampled_from(["7", "W12", "KW 38"]))
def test_labels_have_room_beside_each_other(count: int, name: str) -> None:
    names = [name] * count
    labels = columns(names, [[("c1", 1)] for _ in names]).labels
    for most, kept in ((WIDE, labels), (NARROW, [each for each in labels if not each.is_spare])):
        assert sum(len(each.words) + 1 for each in kept) <= most + len(name)
        assert bool(kept) == bool(names)


@pytest.mark.parametrize(("x", "before"), [(0, False), (7, False), (93, True), (100, True)])
def test_words_of_a_mark_stand_where_there_is_room(x: float, before: bool) -> None:
    assert Mark("mid", "Median 0,6", x).before is before
