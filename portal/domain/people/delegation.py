"""Tasks that move to a delegate while their owner is away, and back."""

from portal.domain.deciding.decide import find_task, is_excluded
from portal.domain.errors import Refusal
from portal.domain.policy.policy import Reach
from portal.domain.request import commands, events
from portal.domain.request.events import SYSTEM
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.state import OpenStage, TaskStatus


def start(recorder: EventRecorder, command: commands.StartDelegation) -> Refusal | None:
    """Give an open task of somebody who is away to the delegate. Only the portal itself may."""
    if command.actor_id != SYSTEM:
        return Refusal.NOT_ALLOWED
    found = find_task(recorder.state, command.task_id)
    if found is None or found[1].status is not TaskStatus.OPEN:
        return Refusal.LATE
    stage, task = found
    # Only what is one's own: what somebody has for another is not passed on once more.
    if task.acting_for is not None or task.assignee_id != command.on_behalf_of:
        return Refusal.NOT_YOURS
    if is_excluded(recorder.state, stage, command.delegate_id, task.assignee_id):
        return Refusal.EXCLUDED
    if command.delegate_id in busy(stage):
        return Refusal.ALREADY_ASKED
    if command.to_reach is Reach.OUTSIDE:
        return Refusal.NOT_A_RECEIVER
    recorder.by_actor(
        events.TaskDelegated,
        task_id=task.id,
        from_id=task.assignee_id,
        to_id=command.delegate_id,
        why=command.why,
        delegation_id=command.delegation_id,
        until=command.until,
    )
    return None


def end(recorder: EventRecorder, command: commands.EndDelegation) -> Refusal | None:
    """Give an open task back to its owner. Only the portal itself may."""
    if command.actor_id != SYSTEM:
        return Refusal.NOT_ALLOWED
    found = find_task(recorder.state, command.task_id)
    if found is None or found[1].status is not TaskStatus.OPEN:
        return Refusal.LATE
    _, task = found
    if task.acting_for is None or task.delegation_id != command.delegation_id:
        return Refusal.NOT_YOURS
    recorder.by_actor(
        events.TaskGivenBack,
        task_id=task.id,
        from_id=task.assignee_id,
        to_id=task.acting_for,
        reason=command.reason,
    )
    return None


def busy(stage: OpenStage) -> set[str | None]:
    """Everybody who is asked in a stage or decided there, themselves or represented by another.

    One person has one vote in a stage: nobody gets a second task there, by whatever way. Whose task
    was withdrawn, since its part has its votes, has none yet.
    """
    return {
        person
        for task in stage.tasks
        if task.dropped or task.status is not TaskStatus.WITHDRAWN
        for person in (task.assignee_id, task.acting_for, task.decided_by)
    }
