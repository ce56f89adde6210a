"""Minutes of very many in runs that are each in order: exact percentiles without mixing them. Pure.

A run may also say what is to be left out of the others, as of figures that were taken away since
they were counted. No run of those has a value that no other run has.
"""

import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

# Shorter runs are put into one: looking into each takes longer than putting them in order.
SHORT = 100


def unpacked(packed: bytes) -> "array[int]":
    """Minutes as a database packs them, four bytes each, the first the highest."""
    run = array("i", packed)
    if sys.byteorder == "little":
        run.byteswap()
    return run


@dataclass(frozen=True, slots=True)
class Spread:
    """Minutes: those of `runs` without those of `gone`."""

    runs: tuple[Sequence[int], ...] = ()
    gone: tuple[Sequence[int], ...] = ()
    size: int = field(init=False)

    def __post_init__(self) -> None:
        size = sum(map(len, self.runs)) - sum(map(len, self.gone))
        object.__setattr__(self, "size", size)

    @staticmethod
    def of(signed: Iterable[tuple[int, bytes, bool]]) -> "Spread":
        """Of packed runs with a sign: 1 for those that count, -1 for what is to be left out; and
        whether they are in order. What is not is put in order here."""
        runs: dict[bool, list[Sequence[int]]] = {True: [], False: []}
        other: dict[bool, list[bytes]] = {True: [], False: []}
        for sign, packed, in_order in signed:
            if in_order and len(packed) >= SHORT * 4:
                runs[sign > 0].append(unpacked(packed))
            else:
                other[sign > 0].append(packed)
        for counts, packs in other.items():
            if minutes := b"".join(packs):
                runs[counts].append(sorted(unpacked(minutes)))
        return Spread(tuple(runs[True]), tuple(runs[False]))

    def up_to(self, minutes: int) -> int:
        """How many are no longer than that."""
        found = sum([bisect_right(run, minutes) for run in self.runs])
        return found - sum([bisect_right(run, minutes) for run in self.gone])

    def percentile(self, percent: int) -> int | None:
        """The least value that so many in a hundred do not exceed; None where there is none."""
        if not self.size:
            return None
        rank = -(-self.size * percent // 100)
        low = high = self._guess(percent)
        step = 1
        if self.up_to(high) < rank:
            while self.up_to(high) < rank:
                low, high, step = high + 1, high + step, 2 * step
        else:
            while self.up_to(low - 1) >= rank:
                low, high, step = low - step, low - 1, 2 * step
        while low < high:
            middle = (low + high) // 2
            if self.up_to(middle) >= rank:
                high = middle
            else:
                low = middle + 1
        return low

    def _guess(self, percent: int) -> int:
        """Close to it, where the runs are much alike: the middle one of their own."""
        own = sorted((run[-(-len(run) * percent // 100) - 1], len(run)) for run in self.runs)
        half = sum(size for _value, size in own) / 2
        for value, size in own:
            half -= size
            if half <= 0:
                return value
        return own[-1][0]

    def bins(self, step: int, last: int) -> Iterator[int]:
        """How many took so many whole steps, from none on; all from `last` on together."""
        before = 0
        for each in range(last):
            until = self.up_to((each + 1) * step - 1)
            yield until - before
            before = until
        yield self.size - before
