"""The old engine's times: when a step is due, when it escalates, and what the move does to both."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from portal.legacy.engine import Definition, EngineStep, MappingFinding
from portal.legacy.route import Unit
from portal.legacy.setting import Setting
from portal.legacy.values import amount, moment, share

HOUR = 3600.0
# Longer than any wait that means something; a number beyond it would not fit into a time.
LONGEST = 1e10


@dataclass(frozen=True)
class Wait:
    """How long a step may wait: until it is due, and until it escalates."""

    due: timedelta | None = None
    escalate: timedelta | None = None


@dataclass(frozen=True)
class StageClockTimes:
    """Absolute times of an open stage."""

    due_at: datetime | None = None
    escalate_at: datetime | None = None


def wait_of(step: EngineStep, definition: Definition, finding: MappingFinding) -> Wait:
    """What timeoutSeconds and sla_config give; maxDurationHours is ignored, and listed.

    Without escalationTimeHours a step escalates when it is due, and never if it may not.
    """
    if definition.sla.get("maxDurationHours") is not None:
        finding.remark("The definition's maxDurationHours has no counterpart and is left out.")
    due = _span(amount(step.definition.get("timeoutSeconds")), 1)
    if due is None:
        due = _span(amount(definition.sla.get("responseTimeHours")), HOUR)
    if step.definition.get("allowEscalation") is False:
        return Wait(due)
    return Wait(due, _span(amount(definition.sla.get("escalationTimeHours")), HOUR) or due)


def minutes(span: timedelta) -> int:
    """Whole minutes, at least one, rounded up: never early."""
    return max(1, ceil(span.total_seconds() / 60))


def clock_of(
    unit: Unit, definition: Definition, request_id: str, setting: Setting, *, held: bool
) -> StageClockTimes:
    """The times of a stage that opens at the move, or was open already.

    A stage of several steps is due when the first of them is. What is overdue gets the grace, for
    running stages spread between one and two times of it; a held one gets it on resuming.
    """
    now = setting.now
    clocks = [_plain(step, definition, now) for step in (*unit.around, *unit.steps)]
    later = now + (setting.grace if held else setting.grace * (1 + share(request_id)))
    due = _first(each.due_at for each in clocks)
    escalate = _first(each.escalate_at for each in clocks)
    if due is not None and due <= now and escalate is not None:
        # Whatever is overdue has the grace before anything escalates.
        escalate = max(escalate, later)
    return StageClockTimes(_not_past(due, later, now), _not_past(escalate, later, now))


def _plain(step: EngineStep, definition: Definition, now: datetime) -> StageClockTimes:
    wait = wait_of(step, definition, MappingFinding())
    start = step.started_at or now
    due = moment(step.row.get("due_date"))
    if due is None:
        return StageClockTimes(_later(start, wait.due), _later(start, wait.escalate))
    by_hours = amount(definition.sla.get("escalationTimeHours")) is not None
    if step.definition.get("allowEscalation") is False:
        return StageClockTimes(due)
    return StageClockTimes(due, _later(start, wait.escalate) if by_hours else due)


def _first(times: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _not_past(at: datetime | None, later: datetime, now: datetime) -> datetime | None:
    return later if at is not None and at <= now else at


def _span(number: float | None, unit: float) -> timedelta | None:
    return None if number is None else timedelta(seconds=min(number * unit, LONGEST))


def _later(start: datetime, span: timedelta | None) -> datetime | None:
    try:
        return None if span is None else start + span
    except OverflowError:
        return None
