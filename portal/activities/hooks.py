"""What other programs are told of a batch of events: rows for the outbox of webhooks. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.activities.projection import SOMEBODY, Row
from portal.domain.policy.policy import Decision
from portal.domain.request import events
from portal.domain.request.catalogue import EVENT_ENTRIES
from portal.domain.request.events import SYSTEM, Event
from portal.domain.request.state import Approval

# What came over from the old engine is no news to anybody.
OF_THE_MOVE = (events.LegacyRecorded, events.RequestImported, events.RequestFailed)
STARTED = "STARTED"


def hook_rows(
    recorded: Sequence[Event], state: Approval, names: Mapping[str, str], workflow_id: str
) -> list[Row]:
    """A row for each event that may be told: its thin data, and what only full endpoints hear.

    Status, stage and version are those after the whole batch, as they are committed together.
    """
    if any(isinstance(event, OF_THE_MOVE) for event in recorded):
        return []
    status = STARTED if state.is_open else state.status.value
    common = {
        "workflowId": workflow_id,
        "requestId": state.request_id,
        "number": state.number,
        "status": status,
        "stage": state.stage.plan.name if state.stage is not None else None,
        "contentVersion": state.content_version,
    }
    return [
        {
            "seq": event.seq,
            "type": hook.value,
            "at": event.at,
            "data": common | {"seq": event.seq, **_of_task(event)},
            "more": _more(event, state, names),
        }
        for event in recorded
        if (hook := EVENT_ENTRIES[type(event)].hook) is not None
    ]


def _of_task(event: Event) -> dict[str, Any]:
    task_id = getattr(event, "task_id", None)
    if task_id is None:
        return {}
    decision: Decision | None = getattr(event, "decision", None)
    return {"taskId": task_id, "decision": None if decision is None else decision.value}


def _more(event: Event, state: Approval, names: Mapping[str, str]) -> dict[str, Any]:
    """What says who and how much."""
    return {
        "title": state.content.title,
        "amount": state.content.amount,
        "currency": state.content.currency,
        "requester": _person(state.requester_id, names),
        "actor": None if event.actor == SYSTEM else _person(event.actor, names),
    }


def _person(person_id: str, names: Mapping[str, str]) -> dict[str, str]:
    return {"id": person_id, "name": names.get(person_id, SOMEBODY)}
