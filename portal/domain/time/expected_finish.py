"""When a request may be finished, from how long the same stages took before. Pure.

Each stage to come is taken to last between the 20th and the 80th percentile of the past ones
(nearest rank: the smallest that so many per cent did not exceed); one under way, between those of
the past ones that lasted longer than it has waited already. Minutes are placed on the calendar by
which the stage counts, and time in which nobody may decide for a person who is away is left out.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.domain.time.working_time import (
    Calendar,
    add_business_minutes,
    business_minutes_between,
)

LEAST = 5
QUICK, SLOW = 20, 80
# With fewer than this share of the past ones longer still, their length says nothing any more.
NEARLY_ALL = 10
Span = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class Past:
    """How many minutes the same stage took before, in order, and since when they were counted."""

    minutes: tuple[int, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Decider:
    """Somebody who can decide; `away`: when nobody decides for them."""

    group: str | None = None
    away: tuple[Span, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StageAhead:
    """A stage under way (since `opened_at`) or to come. `calendar` None: the wall clock counts.

    `needed` of the people have to decide, or one of each group where they have groups.
    """

    name: str
    past: Past
    people: tuple[Decider, ...]
    needed: int = 1
    by_group: bool = False
    calendar: Calendar | None = None
    opened_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Between `low` and `high`, from at least `count` past requests since `since`."""

    low: datetime
    high: datetime
    count: int
    since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Unsaid:
    """No range: too few past ones of this stage, or (`is_longer`) it has waited longer than
    `shorter` of the `count` there were."""

    stage: str
    count: int
    shorter: int = 0
    is_longer: bool = False


def expect(stages: Sequence[StageAhead], now: datetime) -> Expected | Unsaid:
    """When the last of the stages ends, if they come one after the other from now on."""
    low = high = now
    for stage in stages:
        unsaid = _unsaid(stage, now)
        if unsaid is not None:
            return unsaid
        low = max(low, _end(stage, QUICK, low, now))
        high = max(low, high, _end(stage, SLOW, high, now))
    smallest = min((stage.past for stage in stages), key=lambda past: len(past.minutes))
    return Expected(low=low, high=high, count=len(smallest.minutes), since=smallest.since)


def percentile(ordered: Sequence[int], percent: int) -> int:
    """The smallest value that so many per cent of them do not exceed; of at least one value."""
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def placed(
    calendar: Calendar | None, start: datetime, minutes: int, away: Sequence[Span]
) -> datetime:
    """When so many minutes will have passed since `start` outside the spans of absence."""
    for begins, ends in sorted(away):
        if ends <= start:
            continue
        if _after(calendar, start, minutes) <= begins:
            break
        minutes -= min(minutes, _between(calendar, start, begins))
        start = ends
    return _after(calendar, start, minutes)


def _unsaid(stage: StageAhead, now: datetime) -> Unsaid | None:
    count = len(stage.past.minutes)
    if count < LEAST or not stage.people:
        return Unsaid(stage=stage.name, count=count)
    left = len(_longer(stage, now))
    if left < max(1, count // NEARLY_ALL):
        return Unsaid(stage=stage.name, count=count, shorter=count - left, is_longer=True)
    return None


def _longer(stage: StageAhead, now: datetime) -> tuple[int, ...]:
    """The past ones that lasted longer than this one has waited; all where it has not begun."""
    if stage.opened_at is None:
        return stage.past.minutes
    waited = _between(stage.calendar, stage.opened_at, now)
    return stage.past.minutes[bisect_right(stage.past.minutes, waited) :]


def _end(stage: StageAhead, percent: int, start: datetime, now: datetime) -> datetime:
    """When enough people can have decided, if each takes as long as this share of the past."""
    start = stage.opened_at or start
    minutes = percentile(_longer(stage, now), percent)
    known: dict[tuple[Span, ...], datetime] = {}
    ends: dict[str | None, list[datetime]] = {}
    for person in stage.people:
        if person.away not in known:
            known[person.away] = placed(stage.calendar, start, minutes, person.away)
        group = person.group if stage.by_group else None
        ends.setdefault(group, []).append(known[person.away])
    if stage.by_group:
        return max(min(each) for each in ends.values())
    in_order = sorted(ends[None])
    return in_order[min(max(stage.needed, 1), len(in_order)) - 1]


def _after(calendar: Calendar | None, start: datetime, minutes: int) -> datetime:
    if calendar is None:
        return start + timedelta(minutes=minutes)
    return add_business_minutes(calendar, start, minutes)


def _between(calendar: Calendar | None, start: datetime, end: datetime) -> int:
    if calendar is None:
        return max(0, (end - start) // timedelta(minutes=1))
    return business_minutes_between(calendar, start, end)
