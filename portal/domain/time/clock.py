"""What time does to a request: settling, reminders, escalations, expiry, another try at routing.

Every comparison is `now >= time`: a clock that runs late fires late, never early.
"""

from datetime import datetime

from portal.domain.deciding.decide import (
    asked_parts,
    asked_tasks,
    is_excluded,
    settle,
    settle_parts,
    settled_tasks,
    withdraw_settled,
)
from portal.domain.people.delegation import busy
from portal.domain.request import events
from portal.domain.request.events import Event
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.state import Approval, OpenStage, Status, Task
from portal.domain.routing.plan import Candidate, PlannedEscalation


def tick(state: Approval, now: datetime) -> list[Event]:
    """Everything that is due now, in the order of the times. Overdue reminders become one."""
    if state.status is not Status.PENDING or state.wants_route:
        return []
    recorder = EventRecorder(state, now)
    stage = state.stage
    if stage is None:
        _retry_routing(recorder)
    elif stage.settles_at is not None:
        if now >= stage.settles_at:
            settle(recorder)
    else:
        settle_parts(recorder)
        if stage.paused_at is None:
            _run_stage_clock(recorder, stage)
        if recorder.state.is_open:
            _retry_routing(recorder)
    return recorder.events


def next_due(state: Approval) -> datetime | None:
    """When `tick` will next have something to do; None while no clock runs.

    After a tick at that time, or later, the answer lies in the future again.
    """
    if state.status is not Status.PENDING or state.wants_route:
        return None
    stage = state.stage
    if stage is None:
        return state.attention_retry_at
    if stage.settles_at is not None:
        return stage.settles_at
    times = [] if stage.paused_at is not None else _coming(stage)
    times += [at for at, _ in settled_tasks(stage)]
    if state.attention_retry_at is not None:
        times.append(state.attention_retry_at)
    return min(times, default=None)


def _coming(stage: OpenStage) -> list[datetime]:
    plan = stage.plan
    times = list(plan.reminders[stage.reminders_sent : stage.reminders_sent + 1])
    times += [level.at for level in plan.escalations[stage.escalations_done :][:1]]
    if plan.expires_at is not None:
        times.append(plan.expires_at)
    return times


def _retry_routing(recorder: EventRecorder) -> None:
    retry_at = recorder.state.attention_retry_at
    if retry_at is not None and recorder.now >= retry_at:
        recorder.by_system(events.RoutingRetried, attempt=recorder.state.attention_count)


def _run_stage_clock(recorder: EventRecorder, stage: OpenStage) -> None:
    plan, now = stage.plan, recorder.now
    expires = plan.expires_at is not None and now >= plan.expires_at
    reminders = sum(1 for at in plan.reminders if at <= now)
    # With the end of the stage due as well, a reminder could only come too late to help.
    remind_at = plan.reminders[reminders - 1] if reminders > stage.reminders_sent else None
    pending_reminder = remind_at if not expires else None
    for number in range(stage.escalations_done, len(plan.escalations)):
        level = plan.escalations[number]
        if level.at > now or (plan.expires_at is not None and level.at > plan.expires_at):
            break
        if pending_reminder is not None and pending_reminder <= level.at:
            _remind(recorder, reminders)
            pending_reminder = None
        _escalate(recorder, level, number + 1)
    if pending_reminder is not None:
        _remind(recorder, reminders)
    if expires:
        _expire(recorder, stage)


def _remind(recorder: EventRecorder, number: int) -> None:
    stage = recorder.state.stage
    asked = () if stage is None else tuple(task.id for task in asked_tasks(stage))
    recorder.by_system(events.ReminderDue, task_ids=asked, number=number)


def _escalate(recorder: EventRecorder, level: PlannedEscalation, number: int) -> None:
    """Move the first open task of each part that lacks votes, as far as there is somebody to move
    it to; remind the rest."""
    stage = recorder.state.stage
    waiting = () if stage is None else tuple(part.open_tasks for part in asked_parts(stage))
    moved = [tasks[0].id for tasks in waiting if tasks and _move(recorder, tasks[0], level, number)]
    ids = tuple(task.id for tasks in waiting for task in tasks if task.id not in moved)
    # An event in any case, or the clock would stand at this level for ever.
    if ids or not moved:
        recorder.by_system(events.ReminderDue, task_ids=ids, escalation=number)


def _move(recorder: EventRecorder, task: Task, level: PlannedEscalation, number: int) -> bool:
    target = _target(recorder.state, level)
    if target is not None:
        recorder.by_system(
            events.TaskEscalated,
            task_id=task.id,
            level=number,
            from_id=task.assignee_id,
            to_id=target.person_id,
            message=level.message,
            why=target.why,
        )
    return target is not None


def _target(state: Approval, level: PlannedEscalation) -> Candidate | None:
    stage = state.stage
    if stage is None:
        return None
    asked = busy(stage)
    for candidate in level.to:
        person = candidate.person_id
        if person not in asked and not is_excluded(state, stage, person):
            return candidate
    return None


def _expire(recorder: EventRecorder, stage: OpenStage) -> None:
    asked = {task.id for task in asked_tasks(stage)}
    for task in recorder.state.open_tasks:
        if task.id in asked:
            recorder.by_system(events.TaskExpired, task_id=task.id)
        else:
            withdraw_settled(recorder, task)
    recorder.by_system(events.RequestTimedOut, stage_key=stage.plan.key)
