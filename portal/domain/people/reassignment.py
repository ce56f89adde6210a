"""Handing a task to somebody else. None of this is a decision, so a hold does not stand against it.

Whoever gets a task must be there, must be allowed to decide here, and must not be asked in the
stage already: everybody has one vote in a stage.
"""

from portal.domain.deciding.decide import can_change, find_task, is_excluded, moved_on
from portal.domain.errors import Refusal
from portal.domain.people.delegation import busy
from portal.domain.policy.policy import Reach
from portal.domain.request import commands, events
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.state import Approval, OpenStage, Task


def reassign(recorder: EventRecorder, command: commands.Reassign) -> Refusal | None:
    """Move a task and its ownership; an administrator has to say why."""
    found = open_task(recorder.state, command.task_id)
    if isinstance(found, Refusal):
        return found
    stage, task = found
    refusal = _may_not_move(recorder.state, task, command) or cannot_get(
        recorder.state, stage, command
    )
    if refusal is not None:
        return refusal
    recorder.by_actor(
        events.TaskReassigned,
        task_id=task.id,
        from_id=task.assignee_id,
        to_id=command.to_id,
        comment=command.comment,
    )
    return None


def delegate(recorder: EventRecorder, command: commands.Delegate) -> Refusal | None:
    """Delegate a task: another decides for its owner. No chains: a delegate cannot delegate."""
    found = open_task(recorder.state, command.task_id)
    if isinstance(found, Refusal):
        return found
    stage, task = found
    if command.actor_id != task.owner_id:
        return Refusal.NOT_YOURS
    if task.acting_for is not None:
        return Refusal.DELEGATED
    refusal = cannot_get(recorder.state, stage, command)
    if refusal is not None:
        return refusal
    recorder.by_actor(
        events.TaskDelegated,
        task_id=task.id,
        from_id=task.assignee_id,
        to_id=command.to_id,
        comment=command.comment,
    )
    return None


def take_back(recorder: EventRecorder, command: commands.TakeBack) -> Refusal | None:
    """End the delegation of one task. What an absence moved comes back when the absence ends."""
    found = open_task(recorder.state, command.task_id)
    if isinstance(found, Refusal):
        return found
    _, task = found
    if command.actor_id not in (task.owner_id, task.assignee_id):
        return Refusal.NOT_YOURS
    if task.acting_for is None:
        return Refusal.LATE
    if task.delegation_id is not None:
        return Refusal.NOT_ALLOWED
    recorder.by_actor(
        events.TaskGivenBack,
        task_id=task.id,
        from_id=task.assignee_id,
        to_id=task.acting_for,
        comment=command.comment,
    )
    return None


def open_task(state: Approval, task_id: str) -> tuple[OpenStage, Task] | Refusal:
    """An undecided task of a stage that is not settling, or why there is none to act on."""
    found = find_task(state, task_id)
    if found is None:
        return moved_on(state)
    stage, task = found
    return (stage, task) if can_change(stage, task) else Refusal.LATE


def cannot_get(
    state: Approval, stage: OpenStage, command: commands.NamingCommand
) -> Refusal | None:
    """Why the person named cannot be given a task of this stage."""
    if not command.to_name:
        return Refusal.NOBODY
    if is_excluded(state, stage, command.to_id):
        return Refusal.BARRED
    if command.to_id in busy(stage):
        return Refusal.ALREADY_ASKED
    return _out_of_reach(command)


def _out_of_reach(command: commands.NamingCommand) -> Refusal | None:
    """A task stays with people whom its stage means; beyond its own rules somebody says why.

    An administrator, who has to give a reason in any case, can help where nobody else is left.
    """
    if command.to_reach in (None, Reach.OWN):
        return None
    by_admin = isinstance(command, commands.Reassign) and command.as_admin
    if command.to_reach is Reach.OUTSIDE and not by_admin:
        return Refusal.NOT_A_RECEIVER
    said = getattr(command, "comment", "").strip()
    return None if said else Refusal.REASON_NEEDED


def _may_not_move(state: Approval, task: Task, command: commands.Reassign) -> Refusal | None:
    if command.actor_id == task.owner_id:
        return None
    if not command.as_admin:
        return Refusal.NOT_YOURS
    if command.actor_id in (state.requester_id, state.on_behalf_of):
        return Refusal.OWN_REQUEST
    return None if command.comment.strip() else Refusal.COMMENT_REQUIRED
