"""What time does to a request: settling, reminders, escalations, expiry, another try at routing.

Every comparison is `now >= time`: a clock that runs late fires late, never early.
"""

from datetime import datetime

from portal.domain.deciding.decide import is_excluded
from portal.domain.deciding.settle import settle
from portal.domain.people.delegation import busy
from portal.domain.request import events as request_events
from portal.domain.request import events as stage_events
from portal.domain.request.events import Event
from portal.domain.request.recorder import Draft
from portal.domain.request.state import Approval, OpenStage
from portal.domain.request.values import Status
from portal.domain.routing.plan import Candidate, PlannedEscalation


def tick(state: Approval, now: datetime) -> list[Event]:
    """Everything that is due now, in the order of the times. Overdue reminders become one."""
    if state.status is not Status.PENDING or state.wants_route:
        return []
    draft = Draft(state, now)
    stage = state.stage
    if stage is None:
        _retry_routing(draft)
    elif stage.settles_at is not None:
        if now >= stage.settles_at:
            settle(draft)
    else:
        if stage.paused_at is None:
            _run_stage_clock(draft, stage)
        if draft.state.is_open:
            _retry_routing(draft)
    return draft.events


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


def _retry_routing(draft: Draft) -> None:
    retry_at = draft.state.attention_retry_at
    if retry_at is not None and draft.now >= retry_at:
        draft.happened(request_events.RoutingRetried, attempt=draft.state.attention_count)


def _run_stage_clock(draft: Draft, stage: OpenStage) -> None:
    plan, now = stage.plan, draft.now
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
            _remind(draft, reminders)
            pending_reminder = None
        _escalate(draft, level, number + 1)
    if pending_reminder is not None:
        _remind(draft, reminders)
    if expires:
        _expire(draft, plan.key)


def _remind(draft: Draft, number: int) -> None:
    asked = tuple(task.id for task in draft.state.open_tasks)
    draft.happened(stage_events.ReminderDue, task_ids=asked, number=number)


def _escalate(draft: Draft, level: PlannedEscalation, number: int) -> None:
    """Move the first open task; remind the rest. With nobody to move it to, remind everybody."""
    waiting = draft.state.open_tasks
    target = _target(draft.state, level)
    if waiting and target is not None:
        draft.happened(
            stage_events.TaskEscalated,
            task_id=waiting[0].id,
            level=number,
            from_id=waiting[0].assignee_id,
            to_id=target.person_id,
            message=level.message,
            why=target.why,
        )
        waiting = waiting[1:]
        if not waiting:
            return
    ids = tuple(task.id for task in waiting)
    # An event in any case, or the clock would stand at this level for ever.
    draft.happened(stage_events.ReminderDue, task_ids=ids, escalation=number)


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


def _expire(draft: Draft, stage_key: str) -> None:
    for task in draft.state.open_tasks:
        draft.happened(stage_events.TaskExpired, task_id=task.id)
    draft.happened(request_events.RequestTimedOut, stage_key=stage_key)
