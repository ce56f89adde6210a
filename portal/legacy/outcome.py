"""What mapping an instance comes to: the events to record, or why it cannot move by itself."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.domain.codec import encode
from portal.domain.policy.policy import Policy
from portal.domain.request.apply import evolve
from portal.domain.request.events import Event, LegacyRecorded
from portal.domain.request.state import Approval
from portal.legacy.choices import ReasonQuestion
from portal.temporal.client import DATA_CONVERTER
from portal.workflows.messages import StartApproval


class InstanceResult(StrEnum):
    """What became of an instance; the first three are final."""

    MOVED = "moved"
    ON_HOLD = "on_hold"
    HISTORY = "history"
    NEEDS_PERSON = "needs_person"
    FAILED = "failed"


MOST_BYTES = 1_500_000
"""What a workflow is started with at most. The server takes 2 MiB; a request grows here, too."""


def start_of(state: Approval) -> StartApproval:
    """What the request's workflow is started with."""
    return StartApproval(state.request_id, state=encode(state), is_lean=True, tells_place=True)


def bytes_of(state: Approval) -> int:
    """How long that is, as it is sent."""
    payloads = DATA_CONVERTER.payload_converter.to_payloads([start_of(state)])
    return sum(len(each.data) for each in payloads)


FINAL = frozenset({InstanceResult.MOVED, InstanceResult.ON_HOLD, InstanceResult.HISTORY})


@dataclass
class Mapped:
    """An instance as it will stand here.

    `questions`: what the reasons ask of a person. `people`: user ids who may see it.
    `policy`: of the route; None with a result that writes nothing. `profiles`: of whom accounts
    are needed.
    """

    instance_id: str
    result: InstanceResult
    reasons: list[str] = field(default_factory=list)
    questions: list[ReasonQuestion] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    state: Approval | None = None
    policy: Policy | None = None
    people: set[str] = field(default_factory=set)
    profiles: set[str] = field(default_factory=set)


class Story:
    """Events in the making, with the state after them."""

    def __init__(self, state: Approval) -> None:
        self._state = state
        self._told = 0
        self.events: list[Event] = []

    @property
    def state(self) -> Approval:
        """The state after all events so far."""
        if self._told:
            self._state = replace(self._state, seq=self._state.seq + self._told)
            self._told = 0
        return self._state

    def tell(self, at: datetime, actor: str, **values: Any) -> None:
        """One more row of the old engine. These are most events by far, and change nothing else."""
        self._told += 1
        seq = self._state.seq + self._told
        self.events.append(
            LegacyRecorded(request_id=self._state.request_id, seq=seq, at=at, actor=actor, **values)
        )

    def add(self, kind: type[Event], at: datetime, actor: str = "system", **values: Any) -> None:
        """One more event."""
        state = self.state
        event = kind(request_id=state.request_id, seq=state.seq + 1, at=at, actor=actor, **values)
        self._state = evolve(state, event)
        self.events.append(event)
