"""An instance as the old engine would have made, assigned, continued or ended it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from portal.domain.policy.policy import Mode
from portal.domain.request import events as happened
from portal.domain.request.events import Event, RequestSubmitted
from portal.domain.request.state import Approval, Priority, Status
from portal.legacy.back.rows import begin_step, end_step, leave_out_step, old_key, stamp
from portal.legacy.back.teller import Opening, Sitting, Teller
from portal.legacy.back.telling import context_of
from portal.legacy.engine import (
    NOTE,
    Definition,
    EngineStep,
    Instance,
    MappingFinding,
    Row,
    person_in,
    with_note,
)
from portal.legacy.route import RoutePart, route_of
from portal.legacy.values import mapping, text


def begin_instance(
    definition: Definition, first: Event, state: Approval, profile: Callable[[str], str]
) -> Instance:
    """The instance at its start, every step pending."""
    assert isinstance(first, RequestSubmitted)
    at, requester = first.at, profile(first.actor)
    id_ = old_key(at, "workflow_instances", first.request_id)
    context = {"userId": requester, **context_of(first.content, None)}
    if first.on_behalf_of is not None:
        context["onBehalfOf"] = profile(first.on_behalf_of)
    about = {"referenceType": first.entity_type, "referenceId": first.entity_id}
    context |= {name: value for name, value in about.items() if value is not None}
    row = {
        "id": id_, "workflow_id": definition.id, "request_id": first.request_id,
        "initiator_id": requester, "state": "INITIALIZED", "status": "PENDING",
        "current_step_index": 0, "context": context,
        "metadata": {"tags": [], "priority": _priority(first.priority),
                     NOTE: {"number": state.number, "new": True}},
        "started_at": stamp(at), "completed_at": None, "created_at": stamp(at), "error": None,
        "retry_count": 0,
    }  # fmt: skip
    steps = tuple(_step(id_, place, defined, at) for place, defined in enumerate(definition.steps))
    return Instance(id_, row, definition, steps)


def _step(instance_id: str, place: int, defined: Row, at: datetime) -> EngineStep:
    kind = text(defined.get("type")) or ""
    row: dict[str, Any] = {
        "id": old_key(at, "workflow_step_instances", instance_id, str(place)),
        "instance_id": instance_id, "step_index": place, "step_type": kind,
        "step_data": mapping(defined.get("config")), "status": "PENDING",
        "assignee_id": person_in(mapping(defined.get("config")).get("assigneeId")),
        "result": None, "started_at": None, "completed_at": None, "due_date": None,
        "escalation_level": 0, "step_definition": defined,
    }  # fmt: skip
    return EngineStep(str(row["id"]), place, kind, "PENDING", row, defined)


def _priority(priority: Priority) -> str:
    """The old engine had LOW, NORMAL, HIGH and URGENT."""
    return {Priority.MEDIUM: "NORMAL", Priority.CRITICAL: "URGENT"}.get(priority, priority.value)


def seat(teller: Teller) -> None:
    """Write the assignees of the stage that is open at the end."""
    opening = teller.opening
    if opening is None or opening.unit is None:
        return
    if len(opening.steps) > 1:
        _seat_parts(teller, opening)
    elif opening.since or any(each.moved for each in opening.sittings.values()):
        _seat_one(teller, opening, opening.steps[0])


def _seat_one(teller: Teller, opening: Opening, step: EngineStep) -> None:
    now = opening.asked_now
    voted = {each.owner for each in opening.said}
    if not now or now == _asked(teller, step) - voted:
        return
    if len(now) > 1 or (opening.plan.mode is not Mode.ANY and len(opening.sittings) > 1):
        teller.problem(_others(teller, step, now))
        return
    (person,) = now
    moved = [each.moved for each in opening.sittings.values() if each.is_open and each.moved]
    _assign(teller, step, person, moved[0] if moved else "")


def _seat_parts(teller: Teller, opening: Opening) -> None:
    """Of several steps that are one stage, those that now ask somebody whom their row does not."""
    assert opening.unit is not None
    sitting: dict[str, list[Sitting]] = {}
    for each in opening.sittings.values():
        for step in teller.places.steps_of(opening.unit, each.first, each.group):
            if each.is_open and (opening.since or each.moved):
                sitting.setdefault(step.id, []).append(each)
    for step in opening.steps:
        waiting = sitting.get(step.id, [])
        people = {each.person for each in waiting}
        if people <= _asked(teller, step):
            continue
        if len(people) == 1:
            _assign(teller, step, waiting[0].person, waiting[0].moved)
        else:
            teller.problem(_others(teller, step, people))


def _asked(teller: Teller, step: EngineStep) -> set[str]:
    """Whom the step asks by its row as it is now."""
    now = next(each for each in teller.rows.as_instance().steps if each.id == step.id)
    return set(teller.places.people.of_step(now, MappingFinding()).people)


def _others(teller: Teller, step: EngineStep, people: set[str]) -> str:
    names = ", ".join(sorted(map(teller.places.people.directory.name, people)))
    return f"The step “{step.name}” waits for {names}; its old rule asks others."


def _assign(teller: Teller, step: EngineStep, person: str, moved: str) -> None:
    row = teller.rows.steps[step.id]
    row["assignee_id"] = person
    row["status"] = moved or row["status"]


STATES = {
    Status.APPROVED: "COMPLETED",
    Status.REJECTED: "COMPLETED",
    Status.CANCELLED: "CANCELLED",
    Status.WITHDRAWN: "CANCELLED",
    Status.TIMEOUT: "FAILED",
    Status.FAILED: "FAILED",
}
TIMED_OUT = "Nobody decided in time, and every escalation had passed."
WITHDRAWN = "Withdrawn by the requester."


def close_instance(teller: Teller, state: Approval, events: list[Event]) -> None:
    """The request has an outcome: it ends here, and what was still to come is left out."""
    row = teller.rows.instance
    row["state"] = STATES[state.status]
    assert state.closed_at is not None
    row["completed_at"] = stamp(state.closed_at)
    words = _words(state.status, events)
    row["error"] = words if row["state"] == "FAILED" else None
    for step in teller.rows.before.steps:
        passed = step.type in ("CONDITION", "PARALLEL") and state.status is Status.APPROVED
        if teller.rows.is_finished(step):
            continue
        if passed:
            end_step(teller.rows.steps[step.id], state.closed_at, None)
        else:
            leave_out_step(teller.rows.steps[step.id])
    note = {"number": state.number, "status": state.status.value, "state": row["state"]}
    row["metadata"] = with_note(row, **note)
    if row["state"] == "CANCELLED":
        row["metadata"]["cancellationReason"] = words


def go_on(teller: Teller, state: Approval, now: datetime) -> None:
    """The request is open: it rests where it was held since, and otherwise it is in progress."""
    row = teller.rows.instance
    if state.status is Status.ON_HOLD and teller.held is not None:
        row["state"], row["error"] = "SUSPENDED", teller.held
    elif state.status is not Status.ON_HOLD:
        if row.get("state") in ("WAITING", "SUSPENDED"):
            row["error"] = None
        row["state"] = "IN_PROGRESS"
    if teller.resumed:
        row["metadata"] = with_note(row, number=state.number, resumed=True)
    if teller.opening is None:
        _begin_next(teller, now)


def _begin_next(teller: Teller, now: datetime) -> None:
    """No stage is open: the next approval of the old route begins, as the engine should have."""
    instance = teller.rows.as_instance()
    if not instance.steps or any(step.is_under_way for step in instance.steps):
        return
    for unit in route_of(instance, MappingFinding()).ahead:
        if unit.part is RoutePart.LEFT_OUT:
            for step in unit.steps:
                leave_out_step(teller.rows.steps[step.id])
        elif unit.part is RoutePart.APPROVAL:
            for step in (*unit.around, *unit.steps):
                begin_step(teller.rows.steps[step.id], now)
            return


def _words(status: Status, events: list[Event]) -> str:
    for event in reversed(events):
        match event:
            case happened.RequestCancelled(reason=reason):
                return reason or "Cancelled."
            case happened.RequestWithdrawn(comment=comment):
                return f"{WITHDRAWN} {comment}".strip()
            case happened.RequestFailed(reason=reason):
                return reason
    return TIMED_OUT if status is Status.TIMEOUT else ""
