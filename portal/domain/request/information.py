"""Asking the requester something before deciding, and their answer."""

from portal.domain.errors import Refusal
from portal.domain.people.reassignment import open_task
from portal.domain.request import commands, events
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.state import Status


def ask(recorder: EventRecorder, command: commands.AskInformation) -> Refusal | None:
    """Ask, one question at a time for each task. The task stays open, and can still be decided."""
    found = open_task(recorder.state, command.task_id)
    if isinstance(found, Refusal):
        return found
    _, task = found
    if command.actor_id != task.assignee_id:
        return Refusal.NOT_YOURS
    if recorder.state.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    if task.asked_at is not None:
        return Refusal.ASKED_BEFORE
    if not command.comment.strip():
        return Refusal.COMMENT_REQUIRED
    recorder.by_actor(events.InformationAsked, task_id=task.id, comment=command.comment)
    return None


def answer(recorder: EventRecorder, command: commands.AnswerInformation) -> Refusal | None:
    """Answer: the requester, or the person it is on behalf of, also while the request is held."""
    state = recorder.state
    if command.actor_id not in (state.requester_id, state.on_behalf_of):
        return Refusal.NOT_ALLOWED
    found = open_task(state, command.task_id)
    if isinstance(found, Refusal):
        return found
    _, task = found
    if task.asked_at is None:
        return Refusal.LATE
    if not command.comment.strip():
        return Refusal.COMMENT_REQUIRED
    recorder.by_actor(events.InformationGiven, task_id=task.id, comment=command.comment)
    return None
