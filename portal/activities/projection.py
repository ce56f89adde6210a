"""The rows of a request as functions of its state before and after an event. Pure.

`rows_of` compares two states, so that a verb without a new column changes nothing here. What is no
part of the state (comments, reasons, the answers to commands) stands in `texts`; `record` writes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.domain.codec import encode
from portal.domain.deciding.decide import asked_tasks
from portal.domain.policy.policy import StageKind
from portal.domain.request.apply import evolve
from portal.domain.request.events import SYSTEM, Event
from portal.domain.request.state import Approval, Content, OpenStage, Status, Task, TaskStatus

ADMINS = "the administrators"
SOMEBODY = "Somebody"
LOOKS_AGAIN = "Looks again for an approver"
# Fields of events that hold a person whose name the rows or the notices may need.
NAMING = ("from_id", "to_id", "by")

Row = dict[str, Any]
Names = dict[str, str]
Turn = tuple[datetime, str]


@dataclass
class Rows:
    """Rows for the tables around a request; `task_changes` by task id, `undone` task ids."""

    tasks: dict[str, Row] = field(default_factory=dict)
    task_changes: dict[str, Row] = field(default_factory=dict)
    participants: dict[str, None] = field(default_factory=dict)
    comments: list[Row] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    outcomes: dict[str, Row] = field(default_factory=dict)

    def change_task(self, task_id: str, **columns: Any) -> None:
        """Change a task of this batch, or one that is already in the table."""
        inserted = self.tasks.get(task_id)
        if inserted is not None:
            inserted.update(columns)
        else:
            self.task_changes.setdefault(task_id, {"id": task_id}).update(columns)

    def explain_task(self, task_id: str, **why: Any) -> None:
        """Add to what is known of why it came to whom it came to."""
        row = self.tasks.get(task_id) or self.task_changes.get(task_id, {})
        self.change_task(task_id, why=row.get("why", {}) | why)

    def follow(self, later: "Rows") -> None:
        """Take in what a later event brings about."""
        self.tasks.update(later.tasks)
        for task_id, columns in later.task_changes.items():
            self.change_task(task_id, **columns)
        self.participants.update(later.participants)
        self.undone += later.undone


def rows_of(before: Approval, after: Approval, at: datetime) -> Rows:
    """What tasks and readers of a request become where its state changes, at this time."""
    rows = Rows()
    rows.participants.update(dict.fromkeys(_readers(before, after)))
    if before.stage is after.stage and before.interrupted is after.interrupted:
        return rows
    known = {task.id: task for stage in before.under_way for task in stage.tasks}
    for stage in after.under_way:
        for task in stage.tasks:
            old = known.pop(task.id, None)
            if old is not None:
                _change_task(rows, old, task, after, at)
            elif task.status is TaskStatus.OPEN:
                rows.participants[task.assignee_id] = None
                rows.tasks[task.id] = _new_task(task, stage, after, at)
    for task in known.values():
        if task.status is TaskStatus.OPEN:
            rows.change_task(task.id, **_decision(TaskStatus.WITHDRAWN))
    return rows


def _readers(before: Approval, after: Approval) -> Iterator[str]:
    """Who asks, as the request begins; the people of a stage that only tells them, as it opens."""
    if before.round == 0 and after.round > 0:
        yield after.requester_id
        if after.on_behalf_of is not None:
            yield after.on_behalf_of
    stage = after.stage
    if stage is not None and stage.plan.kind is StageKind.NOTIFY and before.stage is not stage:
        for person in stage.plan.people:
            yield person.person_id


def _new_task(task: Task, stage: OpenStage, state: Approval, at: datetime) -> Row:
    plan = stage.plan
    return {
        "id": task.id,
        "request_id": state.request_id,
        "requester_id": state.requester_id,
        "round": state.round,
        "stage_index": plan.index,
        "stage_key": plan.key,
        "stage_name": plan.name,
        "group_name": task.group,
        "assignee_id": task.assignee_id,
        "status": task.status,
        "opened_at": at,
        "due_at": task.due_at,
        "comment": "",
        "content_version": state.content_version,
        "escalation_level": 0,
        "comment_required": list(plan.comment_required),
        "why": {},
    }


def _change_task(rows: Rows, old: Task, task: Task, state: Approval, at: datetime) -> None:
    if task is old:
        return
    if task.status is not old.status:
        rows.change_task(task.id, **_decision(task.status))
        if task.status is TaskStatus.DECIDED:
            rows.change_task(
                task.id,
                decided_at=at,
                decided_by=task.decided_by,
                decision=task.decision,
                acting_for=task.acting_for,
                content_version=state.content_version,
                content_hash=state.content_hash,
            )
        elif old.status is TaskStatus.DECIDED:
            rows.change_task(task.id, comment="")
            rows.undone.append(task.id)
    if _whose(task) != _whose(old):
        rows.participants[task.assignee_id] = None
        assignee, acting_for, delegation = _whose(task)
        rows.change_task(
            task.id, assignee_id=assignee, acting_for=acting_for, delegation_id=delegation
        )
    if task.status is TaskStatus.OPEN and _clock(task) != _clock(old):
        due_at, asked_at = _clock(task)
        # With the status, for only then an empty time is written.
        rows.change_task(task.id, status=task.status, due_at=due_at, asked_at=asked_at)


def _decision(status: TaskStatus) -> Row:
    """A status, and no decision: a task that is not open waits for no information."""
    nothing = dict.fromkeys(("decided_at", "decided_by", "decision", "asked_at"))
    return {"status": status, **nothing}


def _whose(task: Task) -> tuple[str, str | None, str | None]:
    return task.assignee_id, task.acting_for, task.delegation_id


def _clock(task: Task) -> tuple[datetime | None, datetime | None]:
    return task.due_at, task.asked_at


def steps_of(before: Approval, events: Iterable[Event]) -> Iterator[tuple[Event, Approval, Rows]]:
    """Each event with the state after it, and what it changes in the rows around the request."""
    for event in events:
        after = evolve(before, event)
        yield event, after, rows_of(before, after, event.at)
        before = after


def request_columns(state: Approval, names: Names, at: datetime) -> Row:
    """Status, whose turn it is, since when, what the clock does next, and what is asked for."""
    stage = state.stage
    turn = next_turn(state)
    returned_by = state.returned_by
    return {
        **content_columns(state.content),
        "status": state.status,
        "policy_version_id": state.policy_version_id or None,
        "round": state.round,
        "stage_index": None if stage is None else stage.plan.index,
        "stage_name": None if stage is None else stage.plan.name,
        "stage_due_at": None if stage is None or stage.paused_at else stage.plan.due_at,
        "questions": _questions(state, names),
        "settles_at": None if stage is None else stage.settles_at,
        "waiting_for": waiting_for(state, names),
        "waiting_since": state.waiting_since if state.is_open else None,
        "next_at": None if turn is None else turn[0],
        "next_what": None if turn is None else turn[1],
        "attention": state.attention,
        "hold_reason": state.hold_reason,
        "returned_by": None if returned_by is None else names.get(returned_by, SOMEBODY),
        "changed_fields": list(state.changed),
        "content_version": state.content_version,
        "content_hash": state.content_hash,
        "last_seq": state.seq,
        "updated_at": at,
        "closed_at": state.closed_at,
    }


def content_columns(content: Content) -> Row:
    """What is asked for. Only a new version of it changes these columns."""
    is_sum = content.amount is not None and content.currency is not None
    return {
        "title": content.title,
        "fields": encode(content.fields),
        "amount": content.amount if is_sum else None,
        "currency": content.currency if is_sum else None,
    }


def waiting_for(state: Approval, names: Names) -> list[dict[str, str | None]]:
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
        for stage in state.under_way
        for task in asked_tasks(stage)
    ]
    return list({turn["id"]: turn for turn in turns}.values())


def _asked(task: Task, names: Names) -> dict[str, str | None]:
    person = _person(task.assignee_id, names)
    if task.acting_for is not None:
        person["for"] = names.get(task.acting_for, "somebody")
    return person


def _person(person_id: str, names: Names) -> dict[str, str | None]:
    return {"id": person_id, "name": names.get(person_id, SOMEBODY)}


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


def _questions(state: Approval, names: Names) -> list[Row]:
    """What the requester is asked and has not answered, oldest first."""
    tasks = (task for stage in state.under_way for task in asked_tasks(stage))
    asked = [(task.asked_at, task) for task in tasks if task.asked_at is not None]
    return [
        {
            "task_id": task.id,
            "name": names.get(task.asked_by or "", SOMEBODY),
            "text": task.question,
            "at": at,
        }
        for at, task in sorted(asked, key=lambda each: each[0])
    ]


def people_in(events: Sequence[Event], state: Approval) -> set[str]:
    """Everybody whose name the rows or the notices may need."""
    people = {state.requester_id, state.returned_by or SYSTEM}
    for task in state.open_tasks:
        people |= {task.owner_id, task.assignee_id, task.asked_by or SYSTEM}
    for event in events:
        people |= {event.actor, event.on_behalf_of or SYSTEM}
        people |= {getattr(event, name, None) or SYSTEM for name in NAMING}
    return people - {SYSTEM, ""}
