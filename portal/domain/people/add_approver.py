"""Asking somebody beside the policy's people, too: that makes a stage stricter, never easier."""

from portal.domain.errors import Refusal
from portal.domain.people.reassignment import cannot_get
from portal.domain.request import commands, events
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.state import Approval, OpenStage, TaskStatus
from portal.domain.routing.step import task_id

MOST_ADDED = 10
_ASKED = frozenset({TaskStatus.OPEN, TaskStatus.DECIDED})


def add_approver(recorder: EventRecorder, command: commands.AddApprover) -> Refusal | None:
    """Add somebody to the stage under way: by who asked for it, or who is asked in the stage."""
    state, stage = recorder.state, recorder.state.stage
    if stage is None or stage.settles_at is not None:
        return Refusal.LATE
    if command.round != state.round:
        return Refusal.STALE
    if not _may(state, stage, command.actor_id):
        return Refusal.NOT_ALLOWED
    refusal = cannot_get(state, stage, command)
    if refusal is None and sum(task.added for task in stage.tasks) >= MOST_ADDED:
        refusal = Refusal.ADDED_ENOUGH
    if refusal is not None:
        return refusal
    recorder.by_actor(
        events.ApproverAdded,
        # Its own id: the person may have had a task here that went to somebody else.
        task_id=task_id(state.request_id, state.opening, f"added:{command.command_id}"),
        round=state.round,
        index=stage.plan.index,
        stage_key=stage.plan.key,
        person_id=command.to_id,
        due_at=stage.plan.due_at,
        comment=command.comment,
    )
    return None


def _may(state: Approval, stage: OpenStage, person_id: str) -> bool:
    if state.is_by(person_id):
        return True
    asked = (task for task in stage.tasks if task.status in _ASKED)
    return any(person_id in (task.assignee_id, task.owner_id) for task in asked)
