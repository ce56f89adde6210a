"""Events in the making: numbers them, and keeps the state up to date while a handler works."""

from datetime import datetime
from typing import Any

from portal.domain.request.commands import Command
from portal.domain.request.events import Event
from portal.domain.request.evolve import evolve
from portal.domain.request.state import Approval


class EventRecorder:
    """The answer to one command, plan or tick. `state` already contains the `events` so far."""

    __slots__ = ("command", "events", "now", "state")

    def __init__(self, state: Approval, now: datetime, command: Command | None = None) -> None:
        self.state = state
        self.now = now
        self.command = command
        self.events: list[Event] = []

    def by_system(self, kind: type[Event], /, **values: Any) -> None:
        """Add what follows from the rules or the clock: the actor is the system."""
        state = self.state
        self._add(kind(request_id=state.request_id, seq=state.seq + 1, at=self.now, **values))

    def by_actor(self, kind: type[Event], /, **values: Any) -> None:
        """Add what the command's person did."""
        command = self.command
        if command is None:
            self.by_system(kind, **values)
            return
        self._add(
            kind(
                request_id=self.state.request_id,
                seq=self.state.seq + 1,
                at=self.now,
                actor=command.actor_id,
                on_behalf_of=command.on_behalf_of,
                command_id=command.command_id,
                **values,
            )
        )

    def _add(self, event: Event) -> None:
        self.state = evolve(self.state, event)
        self.events.append(event)
