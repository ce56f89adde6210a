"""Where the marks of a chart stand. Across in per cent, so that a chart fits any width; up and down
in pixels, y from the top. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT, ABOVE, BELOW = 170, 20, 24
GAP = 0.12
LEAST_BAR = 2.0
# How many letters of labels stand beside each other on a desk and on the narrowest phone.
WIDE, NARROW = 60, 26
STEPS = (1, 2, 4, 5, 10)


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """A part of a column; `look` is the series it belongs to."""

    look: str
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class AxisLabel:
    """Words under a column; `is_spare`: narrow screens leave it out."""

    words: str
    x: float
    is_spare: bool


@dataclass(frozen=True, slots=True)
class AxisLine:
    """A line across, and the number beside it."""

    number: int
    y: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A line down at `x` with words at its side."""

    look: str
    words: str
    x: float

    @property
    def before(self) -> bool:
        """Whether its words stand before it: on the side that has more room."""
        return self.x > 50


@dataclass(frozen=True, slots=True)
class Columns:
    """Stacked columns, as `components/charts.html` draws them."""

    bars: tuple[ColumnPart, ...]
    lines: tuple[AxisLine, ...]
    labels: tuple[AxisLabel, ...]
    marks: tuple[Mark, ...] = ()
    height: int = ABOVE + HEIGHT + BELOW
    foot: int = ABOVE + HEIGHT


def columns(
    names: Sequence[str],
    stacks: Sequence[Sequence[tuple[str, int]]],
    *,
    marks: Sequence[Mark] = (),
    at_edges: bool = False,
) -> Columns:
    """Columns side by side; each of `stacks` lists its parts from below as (look, number).

    `at_edges`: the names say where a column begins, but for the last, which says all from there on.
    """
    lines = ticks(max((sum(number for _, number in each) for each in stacks), default=0))
    top, wide = lines[-1], 100 / max(len(stacks), 1)
    bars = []
    for index, parts in enumerate(stacks):
        foot = float(ABOVE + HEIGHT)
        for look, number in parts:
            if number:
                tall = max(HEIGHT * number / top, LEAST_BAR)
                foot -= tall
                x = (index + GAP / 2) * wide
                bars.append(ColumnPart(look, _r(x), _r((1 - GAP) * wide), _r(foot), _r(tall)))
    last, room = len(names) - 1, sum(len(name) + 1 for name in names)
    shown = _every(room, WIDE)
    kept = shown * _every(room, NARROW * shown)
    labels = tuple(
        AxisLabel(name, _r((i + (0 if at_edges and i != last else 0.5)) * wide), i % kept != 0)
        for i, name in enumerate(names)
        if i % shown == 0
    )
    across = tuple(AxisLine(each, _r(ABOVE + HEIGHT - HEIGHT * each / top)) for each in lines)
    return Columns(tuple(bars), across, labels, tuple(marks))


def _every(room: int, most: int) -> int:
    """Each how manieth label stands, so that those shown have no more letters than `most`."""
    return max(1, -(-room // most))


def ticks(largest: int, most: int = 5) -> tuple[int, ...]:
    """Round numbers from 0 to at least `largest`, at most `most` above 0."""
    size = 1
    while True:
        for step in STEPS:
            each = step * size
            if each * most >= largest:
                return tuple(range(0, max(largest, 1) + each, each))[: most + 1]
        size *= 10


def placed(value: float, least: float, most: float) -> float:
    """Where a value stands between two others, in per cent; the ends hold what lies beyond."""
    return _r(100 * min(max((value - least) / (most - least), 0.0), 1.0)) if most > least else 0.0


def _r(number: float) -> float:
    return round(number, 2)
