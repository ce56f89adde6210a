"""A request as it stands when somebody acts on it: its kept state and what still waits for it."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import structlog
from sqlalchemy import Row, TextClause, text

from portal.directory.planner import LOCK, predict
from portal.domain.codec import decode
from portal.domain.deciding.decide import find_task
from portal.domain.errors import CannotDecode, DomainError, Refusal
from portal.domain.request import state as states
from portal.domain.request.catalogue import DECISIONS
from portal.domain.request.commands import COMMANDS, Command, Retract, kind_of
from portal.domain.request.state import Approval, Via
from portal.domain.routing.plan import Attention, RouteQuestion, StagePlan, StageSkip
from portal.extensions import db
from portal.models.states import IS_CURRENT, kept_state
from portal.services.errors import Refused

# Commands that are recorded and not applied yet, oldest first; what was given up never will be.
_WAITING = """(
    SELECT jsonb_agg(jsonb_build_array(w.kind, w.payload) ORDER BY w.created_at, w.id)
    FROM portal.commands w
    WHERE w.request_id = r.id AND w.applied_at IS NULL AND w.parked_at IS NULL
) AS waiting"""
# A state behind the request's row, or of another shape, was kept by another version of the portal.
_STATE = f"LEFT JOIN portal.request_states s ON s.request_id = r.id AND {IS_CURRENT}"
# Whatever is read of the directory after this holds until the command is stored (`rights`).
_LOCK = f"pg_advisory_xact_lock_shared({LOCK})"
_REQUEST = f"{_LOCK}, r.id::text AS request_id, r.number, r.workflow, s.state, {_WAITING}"
_USED = "EXISTS (SELECT 1 FROM portal.commands c WHERE c.id = CAST(:command AS uuid)) AS is_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSnapshot:
    """A request's state, and where its commands go.

    `waiting`: commands that are recorded and not applied yet. `is_used`: the form's key was used
    before, so that its first result stands.
    """

    state: Approval
    number: str
    workflow: str
    now: datetime
    waiting: tuple[Command, ...] = ()
    is_used: bool = False

    def given(self, command_id: str, actor_id: str | None, via: Via = Via.WEB) -> dict[str, Any]:
        """What every command about the request says."""
        return {
            "command_id": command_id,
            "request_id": self.state.request_id,
            "actor_id": actor_id,
            "at": self.now,
            "via": via,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSnapshot:
    """A task and its request. `acting_for`: its owner, where a delegate has it."""

    id: str
    round: int
    acting_for: str | None
    request: RequestSnapshot

    def given(self, command_id: str, actor_id: str, via: Via = Via.WEB) -> dict[str, Any]:
        """What every command about the task says; it is about the content as it stands now."""
        return self.request.given(command_id, actor_id, via) | {
            "task_id": self.id,
            "round": self.round,
            "content_version": self.request.state.content_version,
        }

    @property
    def open_task(self) -> states.Task | None:
        """The task in the stage under way; None where the request has moved on."""
        found = find_task(self.request.state, self.id)
        return None if found is None else found[1]

    def is_decided_by(self, person_id: str | None) -> bool:
        """Whether a decision of theirs about it is recorded, and waits to be applied."""
        last = False
        for each in self.request.waiting:
            if getattr(each, "task_id", None) == self.id and each.actor_id == person_id:
                is_decision = kind_of(each) in DECISIONS
                last = is_decision or (last and not isinstance(each, Retract))
        return last


def new_request(request_id: str, number: str, workflow: str) -> RequestSnapshot:
    """A request that is about to begin."""
    state = Approval(request_id=request_id)
    return RequestSnapshot(state=state, number=number, workflow=workflow, now=datetime.now(UTC))


def of_request(number: str, command_id: str, typed: str = "") -> RequestSnapshot:
    """The request of that number, for a command of that id.

    Raises Refused, with what was typed, where there is no such request.
    """
    values = {"number": number, "command": command_id}
    row = db.session.execute(_by_number(), values).one_or_none()
    if row is None:
        raise Refused(Refusal.UNKNOWN_TASK, typed)
    return _snapshot(row, typed)


def of_task(task_id: str, command_id: str, typed: str = "") -> TaskSnapshot:
    """The task of that id, for a command of that id. Raises Refused as `of_request` does."""
    values = {"task": task_id, "command": command_id}
    row = db.session.execute(_by_task(), values).one_or_none()
    if row is None:
        raise Refused(Refusal.UNKNOWN_TASK, typed)
    return _task_snapshot(row, typed)


def of_requests(numbers: Iterable[str]) -> dict[str, RequestSnapshot]:
    """The requests of these numbers, those that are there, by number: one statement for all."""
    rows = db.session.execute(_by_numbers(), {"numbers": list(numbers)})
    return {row.number: _snapshot(row) for row in rows}


def of_tasks(task_ids: Iterable[str]) -> dict[str, TaskSnapshot]:
    """The tasks of these ids by id, without those of which nothing is recorded: one statement
    for all of them, and more only for requests whose kept state is not today's."""
    rows = db.session.execute(_by_tasks(), {"tasks": list(task_ids)})
    found = {}
    for row in rows:
        with suppress(Refused):
            found[row.task_id] = _task_snapshot(row)
    return found


def _task_snapshot(row: Row[Any], typed: str = "") -> TaskSnapshot:
    return TaskSnapshot(
        id=row.task_id,
        round=row.round,
        acting_for=row.acting_for,
        request=_snapshot(row, typed),
    )


def _snapshot(row: Row[Any], typed: str = "") -> RequestSnapshot:
    return RequestSnapshot(
        state=_state(row, typed),
        number=row.number,
        workflow=row.workflow,
        now=row.now,
        waiting=tuple(_waiting(row.waiting or ())),
        is_used=row.is_used,
    )


def _state(row: Row[Any], typed: str) -> Approval:
    if row.state is not None:
        return decode(Approval, row.state)
    try:
        return kept_state(db.session.connection(), row.request_id)
    except LookupError:
        raise Refused(Refusal.UNKNOWN_TASK, typed) from None


def _waiting(rows: Iterable[tuple[str, Any]]) -> Iterable[Command]:
    """What this version cannot read, it cannot think of; the workflow will refuse it."""
    for kind, payload in rows:
        try:
            yield decode(COMMANDS[kind], payload)
        except (KeyError, CannotDecode):
            continue


# Raw: two outer joins and an aggregate in one trip, which stands before every command.
@cache
def _by_number() -> TextClause:
    return text(
        f"SELECT {_REQUEST}, clock_timestamp() AS now, {_USED}"  # noqa: S608 - our own words
        f" FROM portal.requests r {_STATE} WHERE r.number = :number"
    )


@cache
def _by_numbers() -> TextClause:
    return text(
        f"SELECT {_REQUEST}, clock_timestamp() AS now, false AS is_used"  # noqa: S608 - our own words
        f" FROM portal.requests r {_STATE} WHERE r.number = ANY(:numbers)"
        " ORDER BY r.submitted_at, r.id"
    )


_TASK = "t.id::text AS task_id, t.round, t.acting_for::text AS acting_for"


@cache
def _by_task() -> TextClause:
    return text(
        f"SELECT {_TASK}, {_REQUEST}, clock_timestamp() AS now, {_USED}"  # noqa: S608 - our own words
        f" FROM portal.tasks t JOIN portal.requests r ON r.id = t.request_id {_STATE}"
        " WHERE t.id = CAST(:task AS uuid)"
    )


@cache
def _by_tasks() -> TextClause:
    return text(
        f"SELECT {_TASK}, {_REQUEST}, clock_timestamp() AS now, false AS is_used"  # noqa: S608
        f" FROM portal.tasks t JOIN portal.requests r ON r.id = t.request_id {_STATE}"
        " WHERE t.id = ANY(CAST(:tasks AS uuid[]))"
    )


log = structlog.get_logger("portal.web")


def forecast(question: RouteQuestion) -> tuple[StageSkip | StagePlan | Attention, ...]:
    """The stages from `question.from_index` on. Empty where the policy cannot be read any more:
    a page must still be drawn, and the workflow will tell the admins itself."""
    try:
        return tuple(predict(db.session.connection(), question))
    except DomainError as error:
        log.warning("no forecast", request_id=question.request_id, error=str(error))
        return ()
