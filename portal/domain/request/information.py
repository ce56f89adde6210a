"""Asking the requester something before deciding, and their answer."""

from portal.domain.errors import Refusal
from portal.domain.people.reassignment import open_task
from portal.domain.request import commands
from portal.domain.request import events as asking_events
from portal.domain.request.recorder import Draft
from portal.domain.request.values import Status


def ask(draft: Draft, command: commands.AskInformation) -> Refusal | None:
    """Ask, one question at a time for each task. The task stays open, and can still be decided."""
    found = open_task(draft.state, command.task_id)
    if isinstance(found, Refusal):
        return found
    _, task = found
    if command.actor_id != task.assignee_id:
        return Refusal.NOT_YOURS
    if draft.state.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    if task.asked_at is not None:
        return Refusal.ASKED_BEFORE
    if not command.comment.strip():
        return Refusal.COMMENT_REQUIRED
    draft.done(asking_events.InformationAsked, task_id=task.id, comment=command.comment)
    return None


def answer(draft: Draft, command: commands.AnswerInformation) -> Refusal | None:
    """Answer: the requester, or the person it is on behalf of, also while the request is held."""
    state = draft.state
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
    draft.done(asking_events.InformationGiven, task_id=task.id, comment=command.comment)
    return None
