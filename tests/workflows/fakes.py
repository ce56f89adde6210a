"""Activities over memory, in place of the database: the same ports, the same rules of recording."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from portal.domain import codec
from portal.domain.request.events import EVENTS, Event
from portal.domain.request.state import Approval
from portal.domain.routing.plan import RoutePlan, RouteQuestion, RouteReview, StagePlan
from portal.workflows.messages import (
    EntitlementAnswer,
    EntitlementAsk,
    RecordAnswer,
    RecordBatch,
    RecordedEvent,
    RouteAnswer,
    RouteAsk,
    StaffAnswer,
    StaffAsk,
)
from portal.workflows.ports import Recorder, Router, Staff

Plan = Callable[[RouteQuestion], StagePlan]


@dataclass
class FakeRecorder(Recorder):
    """Keeps events and batches. `fail`: errors to raise first, oldest first.

    `lost_answers`: how many batches are kept without the workflow ever hearing of it.
    """

    events: list[RecordedEvent] = field(default_factory=list)
    batches: list[RecordBatch] = field(default_factory=list)
    fail: list[Exception] = field(default_factory=list)
    lost_answers: int = 0

    @activity.defn(name="record")
    def record(self, batch: RecordBatch) -> RecordAnswer | None:
        """Append what is new; answer with the record where it differs."""
        if self.fail:
            raise self.fail.pop(0)
        first = batch.events[0].data["seq"]
        there = self.events[first - 1 :]
        if there and there != batch.events[: len(there)]:
            return RecordAnswer(recorded=there)
        self.batches.append(batch)
        self.events.extend(batch.events[len(there) :])
        if self.lost_answers:
            self.lost_answers -= 1
            raise ConnectionError("the answer was lost")
        return None

    @property
    def kinds(self) -> list[str]:
        """The events' names, in order."""
        return [event.kind for event in self.events]

    @property
    def state(self) -> Approval:
        """The state that came with the last batch."""
        return codec.decode(Approval, self.batches[-1].state)

    def decoded(self) -> list[Event]:
        """The events themselves."""
        return [codec.decode(EVENTS[each.kind], each.data) for each in self.events]

    def of(self, kind: type[Event]) -> list[Event]:
        """The events of one kind."""
        return [event for event in self.decoded() if isinstance(event, kind)]


@dataclass
class FakeRouter(Router):
    """Opens the given stages in order. `fail`: errors to raise first, oldest first. `review`: what
    it says of an open stage."""

    stages: Sequence[Plan] = ()
    fail: list[Exception] = field(default_factory=list)
    attention: list[str] = field(default_factory=list)
    asked: list[RouteQuestion] = field(default_factory=list)
    review: RouteReview | None = None

    @activity.defn(name="route")
    def route(self, ask: RouteAsk) -> RouteAnswer:
        """The next stage that was not carried over, or the end of the route."""
        if self.fail:
            raise self.fail.pop(0)
        question = codec.decode(RouteQuestion, ask.question)
        self.asked.append(question)
        return RouteAnswer(plan=codec.encode(self._plan(question)))

    def _plan(self, question: RouteQuestion) -> RoutePlan:
        if self.attention:
            return RoutePlan(attention=self.attention.pop(0))
        if question.reviewing:
            return RoutePlan(review=self.review, total=len(self.stages))
        for index, make in enumerate(self.stages):
            stage = replace(make(question), index=index)
            if index >= question.from_index and stage.key not in question.carried:
                return RoutePlan(stage=stage, total=len(self.stages))
        return RoutePlan(total=len(self.stages))


@dataclass
class FakeStaff(Staff):
    """Knows these people by name. `fail`: errors to raise first, oldest first."""

    names: dict[str, str] = field(default_factory=dict)
    fail: list[Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    doubted: list[str] = field(default_factory=list)
    struck: set[str] = field(default_factory=set)

    @activity.defn(name="staff")
    def staff(self, ask: StaffAsk) -> StaffAnswer:
        """The name, if it is known."""
        if self.fail:
            raise self.fail.pop(0)
        self.asked.append(ask.person_id)
        return StaffAnswer(name=self.names.get(ask.person_id, ""))

    @activity.defn(name="entitlement")
    def entitlement(self, ask: EntitlementAsk) -> EntitlementAnswer:
        """Everybody has the right to what they have, unless their command is among the `struck`."""
        self.doubted.append(ask.command_id)
        return EntitlementAnswer(is_entitled=ask.command_id not in self.struck)


def permanent(message: str = "the data make no sense") -> ApplicationError:
    """An error that trying again will not mend."""
    return ApplicationError(message, non_retryable=True)


def days(question: RouteQuestion, number: float) -> datetime:
    """A time so many days after the question was asked."""
    return question.now + timedelta(days=number)
