"""Whose names a batch needs."""

from collections.abc import Iterable

from portal.domain.request.events import SYSTEM, Event
from portal.domain.request.state import Approval

# Fields of events that hold a person whose name the rows or the notices may need.
NAMING = ("from_id", "to_id", "by")


def people_in(events: Iterable[Event], state: Approval) -> set[str]:
    """Everybody whose name the rows or the notices may need."""
    tasks = state.open_tasks
    asked = {who for each in tasks for who in (each.owner_id, each.assignee_id)}
    people = {state.requester_id, *asked}
    for event in events:
        people |= {event.actor, event.on_behalf_of or SYSTEM}
        people |= {getattr(event, name, None) or SYSTEM for name in NAMING}
    return people - {SYSTEM, ""}
