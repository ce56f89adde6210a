"""The state after an event. Says nothing about what is allowed: events are facts."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from portal.domain import evolve_request, evolve_stage
from portal.domain.errors import DomainError
from portal.domain.event import Event
from portal.domain.state import Approval

Change = Callable[[Approval, Any], dict[str, Any]]

CHANGES: dict[type[Event], Change] = {**evolve_request.CHANGES, **evolve_stage.CHANGES}


def evolve(state: Approval, event: Event) -> Approval:
    """The state with one more event. Raises DomainError if the event is not the next in number."""
    if event.seq != state.seq + 1:
        raise DomainError(
            f"Request {state.request_id}: event {event.seq} cannot follow event {state.seq}."
        )
    changes = CHANGES[type(event)](state, event)
    command_id = event.command_id
    if command_id is not None and command_id not in state.handled:
        changes["handled"] = (*state.handled, command_id)
    return replace(state, seq=event.seq, **changes)


def fold(request_id: str, events: Iterable[Event]) -> Approval:
    """The state of a request after these events, which begin with number 1."""
    state = Approval(request_id=request_id)
    for event in events:
        state = evolve(state, event)
    return state
