"""Where a request stands: the columns of its row that follow from the state and the last events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.domain.codec import encode
from portal.domain.request import events as happened
from portal.domain.request.events import Event, InformationAsked
from portal.domain.request.state import Approval, OpenStage, Task
from portal.domain.request.values import Status

ADMINS = "the administrators"
LOOKS_AGAIN = "Looks again for an approver"
Turn = tuple[datetime, str]

# After these events somebody else, or nobody yet, has the next turn.
BEGINNINGS = (
    happened.RequestSubmitted,
    happened.RequestResubmitted,
    happened.RequestAmended,
    happened.RequestMovedToPolicy,
    happened.RequestReturned,
    happened.RequestHeld,
    happened.AttentionNeeded,
)


@dataclass(frozen=True, kw_only=True)
class Before:
    """What the request's row said before the batch; the defaults are those of one without a row."""

    is_there: bool = False
    last_seq: int = 0
    last_hash: str = ""
    title: str = ""
    waiting_since: datetime | None = None
    hold_reason: str | None = None
    returned_by: str | None = None
    changed_fields: list[str] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    run_id: str | None = None


def content_columns(state: Approval) -> dict[str, Any]:
    """What is asked for. A sum takes an amount and a currency."""
    content = state.content
    is_sum = content.amount is not None and content.currency is not None
    return {
        "title": content.title,
        "fields": encode(content.fields),
        "amount": content.amount if is_sum else None,
        "currency": content.currency if is_sum else None,
    }


def standing_columns(
    state: Approval, events: Sequence[Event], before: Before, names: dict[str, str]
) -> dict[str, Any]:
    """Status, whose turn it is, since when, and what the clock does next."""
    stage = state.stage
    turn = next_turn(state)
    columns = {
        "status": state.status,
        "policy_version_id": state.policy_version_id or None,
        "round": state.round,
        "stage_index": None if stage is None else stage.plan.index,
        "stage_name": None if stage is None else stage.plan.name,
        "stage_due_at": None if stage is None or stage.paused_at else stage.plan.due_at,
        "questions": _questions(state, events, before, names),
        "settles_at": None if stage is None else stage.settles_at,
        "waiting_for": waiting_for(state, names),
        "waiting_since": _waiting_since(state, events, before),
        "next_at": None if turn is None else turn[0],
        "next_what": None if turn is None else turn[1],
        "attention": state.attention,
        "content_version": state.content_version,
        "content_hash": state.content_hash,
        "last_seq": state.seq,
        "updated_at": events[-1].at,
        "closed_at": state.closed_at,
    }
    return columns | _kept_columns(events, before, names)


def waiting_for(state: Approval, names: dict[str, str]) -> list[dict[str, str | None]]:
    """Whose turn it is. Nobody's while a decision settles, or when the request is closed."""
    if not state.is_open:
        return []
    if state.status is Status.RETURNED:
        return [_person(state.requester_id, names)]
    if state.status is Status.ON_HOLD or state.attention is not None:
        return [{"id": None, "name": ADMINS}]
    if state.stage is not None and state.stage.settles_at is not None:
        return []
    turns = [
        _person(state.requester_id, names) if task.asked_at is not None else _asked(task, names)
        for task in state.open_tasks
    ]
    return list({turn["id"]: turn for turn in turns}.values())


def _asked(task: Task, names: dict[str, str]) -> dict[str, str | None]:
    person = _person(task.assignee_id, names)
    if task.acting_for is not None:
        person["for"] = names.get(task.acting_for, "somebody")
    return person


def next_turn(state: Approval) -> Turn | None:
    """When the clock does something next if nobody does, and what; None while no clock runs."""
    if state.status is not Status.PENDING:
        return None
    if state.stage is None:
        retry_at = state.attention_retry_at
        return None if retry_at is None else (retry_at, LOOKS_AGAIN)
    if state.stage.settles_at is not None:
        return state.stage.settles_at, "Moves on"
    turns = [] if state.stage.paused_at is not None else [*_coming(state.stage)]
    if state.attention_retry_at is not None:
        turns.append((state.attention_retry_at, LOOKS_AGAIN))
    return min(turns, key=lambda turn: turn[0], default=None)


def _coming(stage: OpenStage) -> Iterable[Turn]:
    plan = stage.plan
    # At one moment the weightier is named: the list is in that order, and min keeps the first.
    if plan.expires_at is not None:
        yield plan.expires_at, "Expires"
    for level in plan.escalations[stage.escalations_done :][:1]:
        names = ", ".join(person.name for person in level.to)
        yield level.at, f"Escalation to {names}" if names else "Escalation"
    for at in plan.reminders[stage.reminders_sent :][:1]:
        yield at, "Reminder"


def _person(person_id: str, names: dict[str, str]) -> dict[str, str | None]:
    return {"id": person_id, "name": names.get(person_id, "Somebody")}


def _waiting_since(state: Approval, events: Sequence[Event], before: Before) -> datetime | None:
    if not state.is_open:
        return None
    if state.status is Status.PENDING and state.stage is not None:
        return state.stage.opened_at
    since = before.waiting_since
    for event in events:
        # Another fruitless search for the same reason is no news.
        if isinstance(event, BEGINNINGS) and getattr(event, "attempt", 1) == 1:
            since = event.at
    return since


def _questions(
    state: Approval, events: Sequence[Event], before: Before, names: dict[str, str]
) -> list[dict[str, Any]]:
    """What the requester is asked and has not answered, oldest first."""
    waiting = {task.id for task in state.open_tasks if task.asked_at is not None}
    if not waiting:
        return []
    asked = {each["task_id"]: each for each in before.questions}
    for event in events:
        if isinstance(event, InformationAsked):
            asked.pop(event.task_id, None)
            asked[event.task_id] = {
                "task_id": event.task_id,
                "name": names.get(event.actor, "Somebody"),
                "text": event.comment,
                "at": event.at,
            }
    return [each for task_id, each in asked.items() if task_id in waiting]


def _kept_columns(events: Sequence[Event], before: Before, names: dict[str, str]) -> dict[str, Any]:
    """What stays from event to event until another one changes it."""
    kept: dict[str, Any] = {
        "hold_reason": before.hold_reason,
        "returned_by": before.returned_by,
        "changed_fields": before.changed_fields,
    }
    for event in events:
        match event:
            case happened.RequestHeld():
                kept["hold_reason"] = event.reason
            case happened.RequestResumed():
                kept["hold_reason"] = None
            case happened.RequestReturned():
                kept["returned_by"] = names.get(event.by, "Somebody")
            case happened.RequestResubmitted() | happened.RequestAmended():
                kept["returned_by"] = None
                kept["changed_fields"] = list(event.changed)
    return kept
