"""Tells the course of one request in a test: who does what, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from portal.domain.request import apply as approval
from portal.domain.request import commands
from portal.domain.request.events import CommandRefused, Event
from portal.domain.request.state import Approval, Content, Task
from portal.domain.routing.plan import Candidate, RoutePlan, StagePlan

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
REQUEST = "01890a5d-ac96-774b-bcce-b302099a8057"


def at(minutes: float = 0) -> datetime:
    """So many minutes after the story begins."""
    return MONDAY + timedelta(minutes=minutes)


def asked(*people: str) -> tuple[Candidate, ...]:
    """Candidates by name; "ana@Finance" is asked for the group Finance."""
    found = []
    for person in people:
        name, _, group = person.partition("@")
        found.append(Candidate(person_id=name, name=name, why="Why not.", group=group or None))
    return tuple(found)


def stage(*people: str, index: int = 0, **values: Any) -> StagePlan:
    """A stage plan that asks these people, with an undo window of 10 seconds."""
    given = {"key": f"stage-{index}", "name": f"Stage {index}", "undo_seconds": 10, **values}
    groups = tuple(dict.fromkeys(each.group for each in asked(*people) if each.group))
    return StagePlan(index=index, people=asked(*people), **{"groups": groups, **given})


class Story:
    """A request and its clock. Every method answers with the events that followed."""

    def __init__(self) -> None:
        self.now = MONDAY
        self.state = Approval(request_id=REQUEST)
        self.log: list[Event] = []
        self._commands = 0

    def _fold(self, events: list[Event]) -> list[Event]:
        for event in events:
            self.state = approval.evolve(self.state, event)
        self.log += events
        return events

    def gives(self, command: commands.Command) -> list[Event]:
        """A ready-made command arrives."""
        return self._fold(approval.apply(self.state, command, self.now))

    def says(self, kind: type[commands.Command], actor: str, **values: Any) -> list[Event]:
        """Somebody gives a command with an id of its own."""
        self._commands += 1
        given = {
            "command_id": str(UUID(int=self._commands)),
            "request_id": self.state.request_id,
            "actor_id": actor,
            "at": self.now,
            **values,
        }
        return self.gives(kind(**given))

    def submits(self, requester: str = "rita", **values: Any) -> list[Event]:
        """The first command, with a small content unless another is given."""
        given = {
            "number": "PR-1",
            "type_code": "purchase",
            "policy_version_id": "v1",
            "content": Content(title="Chairs", fields={"seats": 4, "colour": "red"}),
            **values,
        }
        return self.says(commands.Submit, requester, **given)

    def routed(self, plan: RoutePlan) -> list[Event]:
        """Routing answers."""
        return self._fold(approval.route(self.state, plan, self.now))

    def opens(self, *people: str, **values: Any) -> list[Event]:
        """Routing answers with a stage that asks these people."""
        index = values.pop("index", self.state.next_index)
        return self.routed(RoutePlan(stage=stage(*people, index=index, **values)))

    def decides(self, kind: type[commands.TaskCommand], who: str, **values: Any) -> list[Event]:
        """Somebody decides their own task, as it stands now, unless `values` say otherwise."""
        given = {
            "round": self.state.round,
            "content_version": self.state.content_version,
            "comment": "Because.",
            **values,
        }
        if "task_id" not in given:
            given["task_id"] = self.task_of(who).id
        return self.says(kind, who, **given)

    def approves(self, who: str, **values: Any) -> list[Event]:
        """Somebody approves their task."""
        return self.decides(commands.Approve, who, **values)

    def rejects(self, who: str, **values: Any) -> list[Event]:
        """Somebody rejects their task."""
        return self.decides(commands.Reject, who, **values)

    def sends_back(self, who: str, **values: Any) -> list[Event]:
        """Somebody sends the request back."""
        return self.decides(commands.SendBack, who, **values)

    def waits(self, minutes: float = 0, seconds: float = 0) -> list[Event]:
        """Time passes, then the clock ticks once."""
        self.now += timedelta(minutes=minutes, seconds=seconds)
        return self._fold(approval.tick(self.state, self.now))

    def task_of(self, person: str) -> Task:
        """The person's task in the stage under way."""
        assert self.state.stage is not None
        return next(task for task in self.state.stage.tasks if task.assignee_id == person)


def kinds(events: list[Event]) -> list[str]:
    """The names of events, in order."""
    return [type(event).__name__ for event in events]


def refusal(events: list[Event]) -> str:
    """Why the one command was refused."""
    (event,) = events
    assert isinstance(event, CommandRefused)
    return event.reason
