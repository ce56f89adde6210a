"""Ask the requester something before deciding, and answer."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import AnswerInformation, AskInformation
from portal.domain.request.values import Status
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused
from portal.services.task_standing import TaskStanding, task_standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a form says about a task: a question, or the answer to it."""

    command_id: str
    task_id: str
    text: str


def ask(words: Words, actor_id: str, click: Click) -> Receipt:
    """Record a question of whoever has the task. Raises Refused, with the text."""
    standing = task_standing(words.task_id, words.command_id, actor_id)
    refusal = None if standing.sent_before else _may_not_ask(standing, words, actor_id)
    if refusal is not None:
        raise Refused(refusal, words.text)
    # In whose place a delegate asks stands with the question, too.
    command = AskInformation(**_given(standing, words, actor_id), on_behalf_of=standing.acting_for)
    return issue(command, click, standing.number, standing.workflow)


def answer(words: Words, actor_id: str, click: Click) -> Receipt:
    """Record the answer of whoever asked for the request. Raises Refused, with the text."""
    standing = task_standing(words.task_id, words.command_id, actor_id)
    refusal = None if standing.sent_before else _may_not_answer(standing, words, actor_id)
    if refusal is not None:
        raise Refused(refusal, words.text)
    command = AnswerInformation(**_given(standing, words, actor_id))
    return issue(command, click, standing.number, standing.workflow)


def _given(standing: TaskStanding, words: Words, actor_id: str) -> dict[str, Any]:
    return {
        "command_id": words.command_id,
        "request_id": standing.request_id,
        "actor_id": actor_id,
        "at": datetime.now(UTC),
        "task_id": words.task_id,
        "round": standing.round,
        "content_version": standing.content_version,
        "comment": words.text,
    }


def _may_not_ask(standing: TaskStanding, words: Words, actor_id: str) -> Refusal | None:
    if actor_id != standing.assignee_id:
        return Refusal.NOT_YOURS
    if standing.over is not None:
        return standing.over
    if standing.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    if standing.is_asking:
        return Refusal.ASKED_BEFORE
    return None if words.text.strip() else Refusal.COMMENT_REQUIRED


def _may_not_answer(standing: TaskStanding, words: Words, actor_id: str) -> Refusal | None:
    if not standing.is_own_request(actor_id):
        return Refusal.NOT_ALLOWED
    if standing.over is not None or not standing.is_asking:
        return Refusal.LATE
    return None if words.text.strip() else Refusal.COMMENT_REQUIRED
