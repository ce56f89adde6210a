"""Which months of the record may be dropped with all their requests, and why others may not."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from portal.domain.proof.retention import SETTLED, KeptRequest, Retention, StandingHold, holds_on


class MonthBar(StrEnum):
    """Why a month is not dropped. The first four are of the month, the others of its requests."""

    NOT_OVER = "not_over"
    NO_PARTITION = "no_partition"
    NOT_SEALED = "not_sealed"
    NO_ANCHOR = "no_anchor"
    OPEN = "open"
    FOR_EVER = "for_ever"
    NOT_DUE = "not_due"
    HELD = "held"


OF_REQUESTS = (MonthBar.OPEN, MonthBar.FOR_EVER, MonthBar.NOT_DUE, MonthBar.HELD)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the record, by UTC."""

    first: date

    @classmethod
    def named(cls, text: str) -> "Month":
        """The month that `2024-01` names. Raises ValueError."""
        if len(text) != 7 or not text.isascii():
            raise ValueError(text)
        return cls(date.fromisoformat(f"{text}-01"))

    @property
    def begins(self) -> datetime:
        """Its first moment."""
        return datetime(self.first.year, self.first.month, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        """The first moment behind it."""
        later = self.first.replace(day=28) + timedelta(days=4)
        return datetime(later.year, later.month, 1, tzinfo=UTC)

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class KeptMonth:
    """A month as removal sees it. `is_apart`: its events have a partition of their own;
    `unsealed`: how many wait for their seal; `is_anchored`: checkpoints are kept outside;
    `requests`: how many each bar keeps, and under None those that nothing does."""

    month: Month
    is_apart: bool = True
    unsealed: int = 0
    is_anchored: bool = True
    requests: Counter[MonthBar | None] = field(default_factory=Counter)

    def bars(self, now: datetime) -> tuple[MonthBar, ...]:
        """Everything that stands against dropping it; empty where nothing does."""
        said = {
            MonthBar.NOT_OVER: self.month.ends + SETTLED > now,
            MonthBar.NO_PARTITION: not self.is_apart,
            MonthBar.NOT_SEALED: self.unsealed > 0,
            MonthBar.NO_ANCHOR: not self.is_anchored,
        }
        said |= {bar: self.requests[bar] > 0 for bar in OF_REQUESTS}
        return tuple(bar for bar, stands in said.items() if stands)

    def may_go(self, now: datetime) -> bool:
        """Whether it may be dropped: nothing stands against it, and there is something in it."""
        return not self.bars(now) and self.requests.total() > 0


@dataclass(frozen=True, slots=True)
class MonthBegun:
    """A month of which acts said that it is to go. `is_anchored`: an anchor has all of them;
    `is_dropped`: it is gone."""

    month: Month
    at: datetime
    actor: str
    acts: tuple[str, ...]
    is_anchored: bool
    is_dropped: bool


@dataclass(frozen=True, slots=True)
class MonthSeen:
    """A month with what stands against it. `packed_at`: when somebody took its evidence pack after
    its end; `begun`: that it is to go was said already."""

    kept: KeptMonth
    bars: tuple[MonthBar, ...]
    packed_at: datetime | None
    begun: MonthBegun | None


def removal_bar(
    request: KeptRequest, retention: Retention, holds: Iterable[StandingHold], now: datetime
) -> MonthBar | None:
    """Why a request is not removed; None where it may be."""
    if request.closed_at is None:
        return MonthBar.OPEN
    if holds_on(request, holds, now):
        return MonthBar.HELD
    if retention.requests_days is None:
        return MonthBar.FOR_EVER
    length = max(SETTLED, timedelta(days=retention.requests_days))
    return MonthBar.NOT_DUE if request.closed_at + length > now else None


def spans(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as the first and last of each unbroken row: 1, 2, 3, 7 are [[1, 3], [7, 7]]."""
    found: list[list[int]] = []
    for each in sorted(set(numbers)):
        if found and found[-1][1] == each - 1:
            found[-1][1] = each
        else:
            found.append([each, each])
    return found
