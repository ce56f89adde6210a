"""Deciding a task, and undoing a decision."""

from dataclasses import replace
from datetime import timedelta

from portal.domain.deciding.settle import settle
from portal.domain.deciding.verdict import Verdict, verdict
from portal.domain.errors import Refusal
from portal.domain.policy.policy import Decision
from portal.domain.request import commands, events
from portal.domain.request.recorder import EventRecorder
from portal.domain.request.state import Approval, OpenStage, Task
from portal.domain.request.values import Status, TaskStatus

DECISIONS: dict[type[commands.TaskCommand], Decision] = {
    commands.Approve: Decision.APPROVE,
    commands.Reject: Decision.REJECT,
    commands.SendBack: Decision.SEND_BACK,
}


def decide(recorder: EventRecorder, command: commands.TaskCommand) -> Refusal | None:
    """Approve, reject or send back. The first valid decision on a task wins."""
    state, decision = recorder.state, DECISIONS[type(command)]
    refusal = _not_now(state, command)
    if refusal is not None:
        return refusal
    found = find_task(state, command.task_id)
    if found is None:
        return moved_on(state)
    stage, task = found
    refusal = _not_this_person(state, stage, task, command)
    if refusal is not None:
        return refusal
    if task.status is not TaskStatus.OPEN or stage.settles_at is not None:
        return Refusal.LATE
    if decision in stage.plan.comment_required and not command.comment.strip():
        return Refusal.COMMENT_REQUIRED
    # Both names stand with the decision, whatever the form said.
    recorder.command = replace(command, on_behalf_of=task.acting_for)
    _record(recorder, command, decision, stage)
    return None


def retract(recorder: EventRecorder, command: commands.Retract) -> Refusal | None:
    """Undo one's own decision before its undo window ends; every other task stays as it is."""
    state = recorder.state
    if state.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    found = find_task(state, command.task_id)
    if found is None:
        return Refusal.UNDO_OVER if moved_on(state) is Refusal.LATE else Refusal.UNKNOWN_TASK
    stage, task = found
    if task.status is not TaskStatus.DECIDED:
        return Refusal.NOT_ALLOWED
    if task.decided_by != command.actor_id:
        return Refusal.NOT_YOURS
    if task.undo_until is None or recorder.now >= task.undo_until:
        return Refusal.UNDO_OVER
    left = tuple(_reopened(each) if each.id == task.id else each for each in stage.tasks)
    settles_at = None if verdict(stage.plan, left) is Verdict.PENDING else stage.settles_at
    recorder.by_actor(events.DecisionRetracted, task_id=task.id, settles_at=settles_at)
    return None


def find_task(state: Approval, task_id: str) -> tuple[OpenStage, Task] | None:
    """The task and its stage, if it belongs to the stage under way."""
    if state.stage is None:
        return None
    for task in state.stage.tasks:
        if task.id == task_id:
            return state.stage, task
    return None


def _not_now(state: Approval, command: commands.TaskCommand) -> Refusal | None:
    if not state.is_open:
        return Refusal.LATE
    if state.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    if command.round != state.round or command.content_version != state.content_version:
        return Refusal.STALE
    return None


def moved_on(state: Approval) -> Refusal:
    """A task that is not here belonged to an earlier stage, if there was one."""
    earlier = state.opening - (0 if state.stage is None else 1)
    return Refusal.LATE if earlier or not state.is_open else Refusal.UNKNOWN_TASK


def _not_this_person(
    state: Approval, stage: OpenStage, task: Task, command: commands.TaskCommand
) -> Refusal | None:
    if is_excluded(state, stage, command.actor_id, task.acting_for):
        return Refusal.EXCLUDED
    if command.actor_id != task.assignee_id:
        return Refusal.NOT_YOURS
    return Refusal.NO_LONGER_YOURS if command.entitled is False else None


def is_excluded(state: Approval, stage: OpenStage, *people: str | None) -> bool:
    """True if one of these may never decide in this stage: who acts, and for whom."""
    barred = {state.requester_id, state.on_behalf_of, *stage.plan.excluded} - {None}
    return not barred.isdisjoint(people)


def _record(
    recorder: EventRecorder, command: commands.TaskCommand, decision: Decision, stage: OpenStage
) -> None:
    state, undo = recorder.state, stage.plan.undo_seconds
    voted = tuple(
        _voted(each, decision) if each.id == command.task_id else each for each in stage.tasks
    )
    reached = verdict(stage.plan, voted) is not Verdict.PENDING
    recorder.by_actor(
        events.TaskDecided,
        task_id=command.task_id,
        decision=decision,
        content_version=state.content_version,
        content_hash=state.content_hash,
        comment=command.comment,
        settles_at=recorder.now + timedelta(seconds=undo) if reached else None,
        via=command.via,
        files=command.files,
    )
    if reached and undo <= 0:
        settle(recorder)


def _voted(task: Task, decision: Decision) -> Task:
    return replace(task, status=TaskStatus.DECIDED, decision=decision)


def _reopened(task: Task) -> Task:
    return replace(task, status=TaskStatus.OPEN, decision=None)
