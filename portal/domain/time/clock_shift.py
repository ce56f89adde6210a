"""Clocks that stood still: everything of a stage that was to come is shifted."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from portal.domain.request.state import OpenStage, Task
from portal.domain.routing.plan import StagePlan

NO_QUESTION: dict[str, Any] = {"asked_at": None, "question": "", "asked_by": None}


def shifted(stage: OpenStage, by: timedelta) -> OpenStage:
    """The stage with all its times shifted, as after a hold."""
    return replace(
        stage,
        plan=_plan_later(stage.plan, by),
        tasks=tuple(_task_later(task, by) for task in stage.tasks),
        settles_at=_shift(stage.settles_at, by),
        paused_at=_shift(stage.paused_at, by),
    )


def _task_later(task: Task, by: timedelta) -> Task:
    return replace(task, due_at=_shift(task.due_at, by), undo_until=_shift(task.undo_until, by))


def _plan_later(plan: StagePlan, by: timedelta) -> StagePlan:
    """The plan with all its times shifted."""
    return replace(
        plan,
        people=tuple(replace(each, due_at=_shift(each.due_at, by)) for each in plan.people),
        reminders=tuple(at + by for at in plan.reminders),
        escalations=tuple(replace(level, at=level.at + by) for level in plan.escalations),
        expires_at=_shift(plan.expires_at, by),
        due_at=_shift(plan.due_at, by),
    )


def _shift(at: datetime | None, by: timedelta) -> datetime | None:
    """A time that may be missing, shifted."""
    return None if at is None else at + by


def run_on(stage: OpenStage, at: datetime) -> OpenStage:
    """The stage where no question is open any more: its times are shifted by as long as it waited.

    An undo window was not stopped by it.
    """
    if stage.paused_at is None or any(task.asked_at for task in stage.tasks):
        return stage
    by = at - stage.paused_at
    tasks = tuple(replace(task, due_at=_shift(task.due_at, by)) for task in stage.tasks)
    return replace(stage, plan=_plan_later(stage.plan, by), tasks=tasks, paused_at=None)


def without_questions(stage: OpenStage, at: datetime) -> OpenStage:
    """The stage after the requester changed the request: that answers whatever was asked."""
    tasks = tuple(replace(task, **NO_QUESTION) for task in stage.tasks)
    return run_on(replace(stage, tasks=tasks), at)
