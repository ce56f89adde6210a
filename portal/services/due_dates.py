"""When the stages of a policy would remind, escalate and end if they opened at some moment.

Worked out by the very code that routing uses: `stage_times` with the planner's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.directory.calendars import calendar_in, free_days
from portal.directory.planner import clock_by, load_policy
from portal.domain.policy.policy import Stage, StageKind, WorkflowKind, WorkingTime
from portal.domain.policy.simple import simple_stage
from portal.domain.routing.plan import PlannedEscalation, StagePlan
from portal.domain.time.explanations import Skipped, skipped
from portal.domain.time.stage_times import Clocks, stage_times
from portal.domain.time.working_time import Calendar
from portal.extensions import db

SOMEBODY = "somebody"


@dataclass(frozen=True, slots=True)
class Hours:
    """A calendar and the names of its days off."""

    calendar: Calendar
    names: Mapping[date, str]

    def skipped(self, start: datetime, end: datetime) -> Skipped:
        """What lies between without being counted."""
        return skipped(self.calendar, self.names, start, end)


@dataclass(frozen=True, slots=True)
class StageDue:
    """A stage of the policy with its times; `hours`: whose working time, None for every hour."""

    stage: Stage
    plan: StagePlan
    hours: Hours | None


def hours_in(calendar: Mapping[str, Any], now: datetime) -> Hours:
    """A calendar's row as working time. Raises InvalidPolicy where it makes no sense."""
    return Hours(calendar_in(calendar, now.year), free_days(calendar, now.year))


def due_dates(
    version_id: str, workflow: str, by_type: Hours | None, place: Hours | None, now: datetime
) -> list[StageDue]:
    """Each stage as if it opened at `now` and asked one person, whose place that is.

    Raises InvalidPolicy for a policy or a calendar that makes no sense.
    """
    clocks = Clocks(
        now=now,
        of_type=clock_by(None if by_type is None else by_type.calendar, now),
        places={SOMEBODY: place.calendar} if place is not None else {},
    )
    stages = load_policy(db.session.connection(), version_id).stages
    found = []
    for index, stage in enumerate(stages):
        plan = _plan(index, stage, clocks)
        if workflow == WorkflowKind.SIMPLE:
            plan = simple_stage(plan, now)
        own = stage.working_time is WorkingTime.APPROVER and place is not None
        hours = None if stage.elapsed else place if own else by_type
        found.append(StageDue(stage, plan, hours))
    return found


def _plan(index: int, stage: Stage, clocks: Clocks) -> StagePlan:
    plan = StagePlan(index=index, key=stage.key, name=stage.name, kind=stage.kind)
    if stage.kind is StageKind.NOTIFY:
        return plan
    times = stage_times(stage, clocks, {SOMEBODY: [SOMEBODY]})
    return StagePlan(
        index=index,
        key=stage.key,
        name=stage.name,
        reminders=times.reminders,
        escalations=tuple(
            PlannedEscalation(level=level, at=at, to=())
            for level, at in enumerate(times.escalations, start=1)
        ),
        expires_at=times.expires_at,
        due_at=times.due_at,
    )
