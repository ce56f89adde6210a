"""What a change of people would make of open tasks: the change is made, looked at, and undone."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from portal.directory import planner
from portal.domain.errors import DomainError
from portal.domain.request import apply as approval
from portal.domain.request.commands import ReviewPeople
from portal.domain.request.events import (
    SYSTEM,
    AttentionNeeded,
    Event,
    TaskDelegated,
    TaskGivenBack,
    TaskReassigned,
    TaskWithdrawn,
)
from portal.domain.request.state import Approval
from portal.domain.request.values import Status
from portal.extensions import db
from portal.models import Request, Task, User
from portal.models.columns import new_id
from portal.models.states import kept_states
from portal.services.people import Act, Change, apply

MOST = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to an open request, in words."""

    number: str
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Effects:
    """What happens to the requests looked at; `unseen`: how many more are concerned."""

    effects: tuple[Effect, ...]
    unseen: int


def effects_of(wish: Change) -> Effects:
    """Try the change in a transaction that is taken back. Raises what `people.change` does."""
    try:
        if not apply(wish):
            return Effects((), 0)
        concerned = _concerned(wish)
        if concerned is None:
            return Effects((), 0)
        rows = db.session.execute(
            select(Request.id, Request.number, Request.title)
            .where(concerned, Request.status == Status.PENDING)
            .order_by(Request.submitted_at, Request.id)
            .limit(MOST)
        ).all()  # fmt: skip
        count = db.session.scalar(
            select(func.count()).where(concerned, Request.status == Status.PENDING)
        )
        states = kept_states(db.session.connection(), (str(row.id) for row in rows))
        found = tuple(_effect(row, states) for row in rows)
        return Effects(found, max(0, (count or 0) - len(rows)))
    finally:
        db.session.rollback()


def _concerned(wish: Change) -> ColumnElement[bool] | None:
    match wish.act:
        case Act.ACTIVATE | Act.JOIN:
            return Request.attention.is_not(None)
        case Act.MANAGER:
            return Request.requester_id == wish.person_id
        case Act.PLACE:
            return None
    mine = or_(Task.assignee_id == wish.person_id, Task.acting_for == wish.person_id)
    tasks = select(Task.request_id).where(mine, Task.status == "OPEN")
    return Request.id.in_(tasks)


def _effect(row: Any, states: dict[str, Approval]) -> Effect:
    state = states.get(str(row.id))
    try:
        words = "" if state is None else _words(_review(state))
    except DomainError as error:
        words = f"cannot be told: {error}"
    return Effect(row.number, row.title, words or "stays as it is")


def _review(state: Approval) -> list[Event]:
    """What the request's workflow would make of it, by the same rules and the same routing."""
    now = datetime.now(UTC)
    command = ReviewPeople(
        command_id=new_id(), request_id=state.request_id, actor_id=SYSTEM, at=now
    )
    events = approval.apply(state, command, now)
    for event in events:
        state = approval.evolve(state, event)
    if not state.wants_route:
        return events
    plan = planner.plan_next(db.session.connection(), approval.question(state, now))
    return [*events, *approval.route(replace(state), plan, now)]


def _words(events: list[Event]) -> str:
    told = [words for event in events if (words := _event_words(event))]
    return "; ".join(told)


def _event_words(event: Event) -> str:
    match event:
        case TaskReassigned():
            return f"goes to {_name(event.to_id)}"
        case TaskDelegated():
            return f"{_name(event.to_id)} decides for {_name(event.from_id)}, who is away"
        case TaskGivenBack():
            return f"goes back to {_name(event.to_id)}"
        case TaskWithdrawn() if event.dropped:
            return "the others who are asked are enough"
        case AttentionNeeded():
            return "needs an administrator: nobody else may decide"
    return ""


def _name(person_id: str) -> str:
    return db.session.scalar(select(User.name).where(User.id == person_id)) or "somebody"
