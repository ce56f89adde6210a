"""A request that began here as the old engine would have made it: an instance and its steps."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from portal.domain.request.events import Event, RequestSubmitted
from portal.domain.request.state import Approval
from portal.domain.request.values import Priority
from portal.legacy.back.keys import old_key, stamp
from portal.legacy.back.rounds import context_of
from portal.legacy.note import NAME
from portal.legacy.records import Definition, Instance, Row, Step, person_in
from portal.legacy.values import mapping, text


def begin(
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
                     NAME: {"number": state.number, "new": True}},
        "started_at": stamp(at), "completed_at": None, "created_at": stamp(at), "error": None,
        "retry_count": 0,
    }  # fmt: skip
    steps = tuple(_step(id_, place, defined, at) for place, defined in enumerate(definition.steps))
    return Instance(id_, row, definition, steps)


def _step(instance_id: str, place: int, defined: Row, at: datetime) -> Step:
    kind = text(defined.get("type")) or ""
    row: dict[str, Any] = {
        "id": old_key(at, "workflow_step_instances", instance_id, str(place)),
        "instance_id": instance_id, "step_index": place, "step_type": kind,
        "step_data": mapping(defined.get("config")), "status": "PENDING",
        "assignee_id": person_in(mapping(defined.get("config")).get("assigneeId")),
        "result": None, "started_at": None, "completed_at": None, "due_date": None,
        "escalation_level": 0, "step_definition": defined,
    }  # fmt: skip
    return Step(str(row["id"]), place, kind, "PENDING", row, defined)


def _priority(priority: Priority) -> str:
    """The old engine had LOW, NORMAL, HIGH and URGENT."""
    return {Priority.MEDIUM: "NORMAL", Priority.CRITICAL: "URGENT"}.get(priority, priority.value)
