"""What people do with a request as a whole: submit, resubmit, comment, stop and go, remind."""

from datetime import timedelta
from math import ceil

from portal.domain.deciding.carried_votes import carried_stages
from portal.domain.deciding.decide import asked_tasks, withdraw_open_tasks
from portal.domain.errors import Refusal
from portal.domain.request import commands, events
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.reasons import Code, reason
from portal.domain.request.state import Status

NUDGE_EVERY = timedelta(hours=4)


def submit(recorder: EventRecorder, command: commands.Submit) -> Refusal | None:
    """Begin the first round. A request is submitted once."""
    if recorder.state.round:
        return Refusal.NOT_ALLOWED
    recorder.by_actor(
        events.RequestSubmitted,
        number=command.number,
        type_code=command.type_code,
        policy_version_id=command.policy_version_id,
        content=command.content,
        content_hash=command.content.fingerprint(),
        module=command.module,
        entity_type=command.entity_type,
        entity_id=command.entity_id,
        priority=command.priority,
        due_at=command.due_at,
        metadata=command.metadata,
        via=command.via,
    )
    return None


def resubmit(recorder: EventRecorder, command: commands.Resubmit) -> Refusal | None:
    """Begin the next round of a returned request; stages the change does not touch are carried."""
    state = recorder.state
    if state.status is not Status.RETURNED:
        return Refusal.NOT_RETURNED
    if not state.is_by(command.actor_id):
        return Refusal.NOT_ALLOWED
    if command.content_version != state.content_version:
        return Refusal.STALE
    changed = command.content.changed_from(state.content)
    recorder.by_actor(
        events.RequestResubmitted,
        round=state.round + 1,
        content_version=state.content_version + 1,
        content=command.content,
        content_hash=command.content.fingerprint(),
        changed=changed,
        carried=carried_stages(state, command.content),
        comment=command.comment,
    )
    return None


def comment(recorder: EventRecorder, command: commands.Comment) -> Refusal | None:
    """Say something, at any time while the request is open."""
    if not command.comment.strip():
        return Refusal.COMMENT_REQUIRED
    recorder.by_actor(events.CommentAdded, comment=command.comment, files=command.files)
    return None


def withdraw(recorder: EventRecorder, command: commands.Withdraw) -> Refusal | None:
    """Take the request back: the requester, or the person it is on behalf of."""
    if not recorder.state.is_by(command.actor_id):
        return Refusal.NOT_ALLOWED
    withdraw_open_tasks(recorder, reason(Code.WITHDRAWN))
    recorder.by_actor(events.RequestWithdrawn, comment=command.comment)
    return None


def cancel(recorder: EventRecorder, command: commands.Cancel) -> Refusal | None:
    """End the request with a reason. That the actor is an admin is checked before."""
    if not command.reason.strip():
        return Refusal.COMMENT_REQUIRED
    withdraw_open_tasks(recorder, reason(Code.CANCELLED))
    recorder.by_actor(events.RequestCancelled, reason=command.reason)
    return None


def hold(recorder: EventRecorder, command: commands.Hold) -> Refusal | None:
    """Stop the clocks of a pending request with a reason. A returned request has none to stop."""
    if recorder.state.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    if recorder.state.status is not Status.PENDING:
        return Refusal.NOT_ALLOWED
    if not command.reason.strip():
        return Refusal.COMMENT_REQUIRED
    recorder.by_actor(events.RequestHeld, reason=command.reason)
    return None


def resume(recorder: EventRecorder, command: commands.Resume) -> Refusal | None:
    """Let the clocks run on, every time later by the seconds held (rounded up: never early).

    On a request that needs attention: ask routing again now.
    """
    state = recorder.state
    if state.status is Status.ON_HOLD and state.held_at is not None:
        seconds = max(0, ceil((recorder.now - state.held_at).total_seconds()))
        recorder.by_actor(events.RequestResumed, seconds=seconds, comment=command.comment)
        return None
    if state.status is Status.PENDING and state.attention is not None:
        recorder.by_actor(events.RequestResumed, seconds=0, comment=command.comment)
        return None
    return Refusal.NOT_HELD


def remind(recorder: EventRecorder, command: commands.Remind) -> Refusal | None:
    """The requester's nudge, at most every four hours, to all who are asked now and do not wait for
    an answer of theirs.
    """
    state = recorder.state
    if not state.is_by(command.actor_id):
        return Refusal.NOT_ALLOWED
    if state.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    if state.stage is None or state.stage.settles_at is not None:
        return Refusal.NOT_ALLOWED
    if state.nudged_at is not None and recorder.now < state.nudged_at + NUDGE_EVERY:
        return Refusal.TOO_SOON
    asked = tuple(task.id for task in asked_tasks(state.stage) if task.asked_at is None)
    if not asked:
        return Refusal.ANSWER_FIRST
    recorder.by_actor(events.ReminderDue, task_ids=asked)
    return None
