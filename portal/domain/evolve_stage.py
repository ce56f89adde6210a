"""How the events of a stage and its tasks change the state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from portal.domain import asking_events
from portal.domain import stage_events as happened
from portal.domain.event import SYSTEM, Event
from portal.domain.evolve_request import NO_ATTENTION
from portal.domain.later import run_on
from portal.domain.request import TaskStatus
from portal.domain.state import Approval, OpenStage, PassedStage, Task

Changes = dict[str, Any]


def _skipped(state: Approval, event: happened.StageSkipped) -> Changes:
    left = tuple(stage for stage in state.interrupted if stage.plan.key != event.key)
    return {"next_index": event.index + 1, "interrupted": left}


def _opened(state: Approval, event: happened.StageOpened) -> Changes:
    stage = OpenStage(plan=event.plan, opening=event.opening, opened_at=event.at)
    return {"opening": event.opening, **_under_way(state, stage)}


def _continued(state: Approval, event: happened.StageContinued) -> Changes:
    stage = state.interrupted_stage(event.key)
    return {} if stage is None else _under_way(state, stage)


def _under_way(state: Approval, stage: OpenStage) -> Changes:
    """The request has come to this stage; those behind it that were interrupted have time."""
    key, index = stage.plan.key, stage.plan.index
    return {
        "stage": stage,
        "next_index": index,
        "wants_route": False,
        "passed": tuple(each for each in state.passed if each.key != key),
        "carried": tuple(each for each in state.carried if each != key),
        "interrupted": tuple(
            each for each in state.interrupted if each.plan.key != key and each.plan.index > index
        ),
        **NO_ATTENTION,
    }


def _assigned(state: Approval, event: happened.TaskAssigned) -> Changes:
    stage = state.stage
    if stage is None:
        return {}
    task = Task(
        id=event.task_id, assignee_id=event.person_id, group=event.group, due_at=event.due_at
    )
    return {"stage": replace(stage, tasks=(*stage.tasks, task))}


def _approver_added(state: Approval, event: asking_events.ApproverAdded) -> Changes:
    stage = state.stage
    if stage is None:
        return {}
    task = Task(id=event.task_id, assignee_id=event.person_id, due_at=event.due_at, added=True)
    return {"stage": replace(stage, tasks=(*stage.tasks, task))}


def _carried(state: Approval, event: happened.DecisionCarried) -> Changes:
    stage = state.stage
    if stage is None:
        return {}
    task = Task(
        id=event.task_id,
        assignee_id=event.person_id,
        group=event.group,
        status=TaskStatus.DECIDED,
        decision=event.decision,
        decided_by=event.decided_by,
        acting_for=event.acting_for,
        delegation_id=event.delegation_id,
        due_at=event.due_at,
        undo_until=event.undo_until,
    )
    tasks = (*stage.tasks, task)
    return {"stage": replace(stage, tasks=tasks, settles_at=event.settles_at)}


def _with_task(state: Approval, task_id: str, on_stage: Changes, **on_task: Any) -> Changes:
    stage = state.stage
    if stage is None:
        return {}
    tasks = tuple(replace(task, **on_task) if task.id == task_id else task for task in stage.tasks)
    return {"stage": replace(stage, tasks=tasks, **on_stage)}


def _decided(state: Approval, event: happened.TaskDecided) -> Changes:
    undo = timedelta(seconds=0 if state.stage is None else state.stage.plan.undo_seconds)
    changes = _with_task(
        state,
        event.task_id,
        {"settles_at": event.settles_at},
        status=TaskStatus.DECIDED,
        decision=event.decision,
        decided_by=event.actor,
        undo_until=event.at + undo,
        asked_at=None,
    )
    return _unpaused(state, event.at, changes)


def _asked(state: Approval, event: asking_events.InformationAsked) -> Changes:
    stage = state.stage
    stops = stage is not None and stage.plan.asking_stops_clock and stage.paused_at is None
    on_stage = {"paused_at": event.at} if stops else {}
    return _with_task(state, event.task_id, on_stage, asked_at=event.at)


def _answered(state: Approval, event: asking_events.InformationGiven) -> Changes:
    return _unpaused(state, event.at, _with_task(state, event.task_id, {}, asked_at=None))


def _unpaused(state: Approval, at: datetime, changes: Changes) -> Changes:
    """The clock runs on once no question is open. A hold is counted by its own end."""
    stage: OpenStage | None = changes.get("stage")
    return changes if stage is None else {"stage": run_on(stage, state.held_at or at)}


def _retracted(state: Approval, event: happened.DecisionRetracted) -> Changes:
    return _with_task(
        state,
        event.task_id,
        {"settles_at": event.settles_at},
        status=TaskStatus.OPEN,
        decision=None,
        decided_by=None,
        undo_until=None,
    )


def _escalated(state: Approval, event: happened.TaskEscalated) -> Changes:
    on_stage = {"escalations_done": event.level}
    return _with_task(state, event.task_id, on_stage, **_owned_by(event.to_id))


def _owned_by(person_id: str) -> dict[str, str | None]:
    return {"assignee_id": person_id, "acting_for": None, "delegation_id": None}


def _reassigned(state: Approval, event: happened.TaskReassigned) -> Changes:
    return {**_with_task(state, event.task_id, {}, **_owned_by(event.to_id)), **NO_ATTENTION}


def _given_back(state: Approval, event: happened.TaskGivenBack) -> Changes:
    return _with_task(state, event.task_id, {}, **_owned_by(event.to_id))


def _delegated(state: Approval, event: happened.TaskDelegated) -> Changes:
    return _with_task(
        state,
        event.task_id,
        {},
        assignee_id=event.to_id,
        acting_for=event.from_id,
        delegation_id=event.delegation_id,
    )


def _expired(state: Approval, event: happened.TaskExpired) -> Changes:
    return _with_task(state, event.task_id, {"expired": True}, status=TaskStatus.EXPIRED)


def _withdrawn(state: Approval, event: happened.TaskWithdrawn) -> Changes:
    withdrawn = {"status": TaskStatus.WITHDRAWN, "dropped": event.dropped, "asked_at": None}
    changes = _with_task(state, event.task_id, {}, **withdrawn)
    changes = _unpaused(state, event.at, changes)
    left = tuple(_without_task(stage, event.task_id) for stage in state.interrupted)
    return {**changes, "interrupted": left}


def _without_task(stage: OpenStage, task_id: str) -> OpenStage:
    return replace(stage, tasks=tuple(task for task in stage.tasks if task.id != task_id))


def _reminded(state: Approval, event: happened.ReminderDue) -> Changes:
    if event.actor != SYSTEM:
        return {"nudged_at": event.at}
    stage = state.stage
    if stage is None:
        return {}
    if event.escalation:
        return {"stage": replace(stage, escalations_done=event.escalation)}
    return {"stage": replace(stage, reminders_sent=event.number)}


def _passed(state: Approval, event: happened.StagePassed) -> Changes:
    passed = PassedStage(
        key=event.key,
        index=event.index,
        round=state.round,
        deciders=event.deciders,
        acted_for=event.acted_for,
        overridden_by=event.overridden_by,
        reads=None if state.stage is None else state.stage.plan.reads,
    )
    return {
        "stage": None,
        "next_index": event.index + 1,
        "wants_route": True,
        "passed": (*state.passed, passed),
        **NO_ATTENTION,
    }


def _failed(_state: Approval, _event: happened.StageFailed) -> Changes:
    return {"stage": None}


CHANGES: dict[type[Event], Callable[[Approval, Any], Changes]] = {
    happened.StageSkipped: _skipped,
    happened.StageOpened: _opened,
    happened.TaskAssigned: _assigned,
    happened.StageContinued: _continued,
    happened.DecisionCarried: _carried,
    happened.TaskDecided: _decided,
    happened.DecisionRetracted: _retracted,
    happened.TaskEscalated: _escalated,
    happened.TaskReassigned: _reassigned,
    happened.TaskDelegated: _delegated,
    happened.TaskGivenBack: _given_back,
    asking_events.ApproverAdded: _approver_added,
    asking_events.InformationAsked: _asked,
    asking_events.InformationGiven: _answered,
    happened.TaskExpired: _expired,
    happened.TaskWithdrawn: _withdrawn,
    happened.ReminderDue: _reminded,
    happened.StagePassed: _passed,
    happened.StageFailed: _failed,
}
