"""A mapped instance as rows of the record and its projections."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from portal.activities.chaining import chain_events
from portal.activities.projection import project
from portal.activities.standing import Before, content_columns, standing_columns
from portal.domain.codec import encode
from portal.domain.policy.policy import WorkflowKind
from portal.domain.request.events import Event, LegacyRecorded, RequestSubmitted, kind_of
from portal.domain.request.state import Approval
from portal.legacy.outcome import Mapped, Result
from portal.legacy.records import Instance
from portal.legacy.setting import NewType, Setting
from portal.workflows import names
from portal.workflows.messages import RecordedEvent

Row = dict[str, Any]


@dataclass
class Batch:
    """Rows for each table."""

    requests: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    participants: list[Row] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)
    texts: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All rows."""
        return sum(len(rows) for rows in vars(self).values())


def number(mapped: Mapped, given: str) -> None:
    """Give the request its number."""
    assert mapped.state is not None
    mapped.state = replace(mapped.state, number=given)
    first = mapped.events[0]
    if isinstance(first, RequestSubmitted):
        mapped.events[0] = replace(first, number=given)


def workflow_ref(instance: Instance) -> str:
    """The id of the request's workflow: with the old request id as it is written."""
    return names.workflow_id(WorkflowKind.APPROVAL, instance.request_id or instance.id)


def add(batch: Batch, mapped: Mapped, instance: Instance, kind: NewType, setting: Setting) -> None:
    """Add the rows of an instance that was never recorded before."""
    state, events = mapped.state, mapped.events
    assert state is not None
    chained = chain_events("", [_message(event) for event in events])
    rows = project(events, state)
    request = standing_columns(state, events, Before(), _names(state, setting))
    request |= content_columns(state) | _first_columns(mapped, instance, kind, setting)
    batch.requests.append(request | {"last_hash": chained.last_hash, "updated_at": setting.now})
    batch.tasks += rows.tasks.values()
    batch.comments += rows.comments
    people = {**rows.participants, **dict.fromkeys(mapped.people)}
    batch.participants += [
        {"request_id": state.request_id, "user_id": person, "submitted_at": state.submitted_at}
        for person in people
    ]
    batch.states.append({"request_id": state.request_id, "seq": state.seq, "state": encode(state)})
    batch.texts += chained.texts
    batch.events += chained.events
    batch.history.append(_history(mapped, instance, setting.now))


def _message(event: Event) -> RecordedEvent:
    """An event as it travels; most are old rows, which are JSON already."""
    if not isinstance(event, LegacyRecorded):
        return RecordedEvent(kind_of(event), encode(event))
    data = dict(vars(event)) | {"at": event.at.isoformat()}
    return RecordedEvent("LegacyRecorded", data)


def _first_columns(mapped: Mapped, instance: Instance, kind: NewType, setting: Setting) -> Row:
    """What the events after the first never change."""
    state, first = mapped.state, mapped.events[0]
    assert state is not None
    assert isinstance(first, RequestSubmitted)
    requester = setting.names.get(state.requester_id, "Somebody")
    return {
        "id": state.request_id,
        "number": state.number,
        "type_code": kind.code,
        "type_name": kind.name,
        "workflow": _workflow(state.request_id, instance.request_id),
        "policy_version_id": state.policy_version_id,
        "requester_id": state.requester_id,
        "requester_name": requester,
        "module": first.module,
        "entity_type": first.entity_type,
        "entity_id": first.entity_id,
        "meta": encode(first.metadata),
        "priority": state.priority.value,
        "submitted_at": state.submitted_at,
    }


def _workflow(request_id: str, old_id: str | None) -> str:
    kind = WorkflowKind.APPROVAL.value
    return kind if old_id in (None, request_id) else f"{kind}:{old_id}"


def _names(state: Approval, setting: Setting) -> dict[str, str]:
    people = [state.requester_id, *(task.assignee_id for task in state.open_tasks)]
    return {person: setting.names[person] for person in people if person in setting.names}


def _history(mapped: Mapped, instance: Instance, now: datetime) -> Row:
    """The row that other systems read; the old request id and initiator as they were."""
    state = mapped.state
    assert state is not None
    runs = mapped.result is not Result.HISTORY
    return {
        "id": state.request_id,
        "workflow_type": names.workflow_type(WorkflowKind.APPROVAL),
        "request_id": instance.request_id,
        "temporal_workflow_id": workflow_ref(instance) if runs else None,
        "temporal_run_id": None,
        "status": "STARTED" if state.is_open else state.status.value,
        "initiator_id": instance.initiator or state.requester_id,
        "started_at": state.submitted_at,
        "completed_at": state.closed_at,
        "metadata": {
            "number": state.number,
            "request_type": state.type_code,
            "imported": True,
            "legacy_instance_id": instance.id,
            "legacy_workflow_id": instance.row.get("workflow_id"),
            "legacy_state": instance.state,
        },
        "created_at": now,
    }
