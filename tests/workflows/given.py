"""Requests, stages and commands for the tests of workflows."""

import uuid
from datetime import UTC, datetime
from typing import Any

from portal.domain import codec
from portal.domain.request import commands
from portal.domain.request.apply import task_id
from portal.domain.request.commands import Command
from portal.domain.request.state import Content
from portal.domain.routing.plan import Candidate, PlannedEscalation, RouteQuestion, StagePlan
from portal.workflows.messages import CommandMessage
from tests.workflows.fakes import Plan, days

ANA, BEN, CAI, DAN = (f"00000000-0000-7000-8000-00000000000{n}" for n in range(1, 5))


def new_id() -> str:
    """A fresh id."""
    return str(uuid.uuid4())


def stage(key: str, *people: str, undo: int = 0, **values: Any) -> Plan:
    """A stage that asks these people; callables among `values` are given the question."""

    def make(question: RouteQuestion) -> StagePlan:
        given = {name: v(question) if callable(v) else v for name, v in values.items()}
        asked = values.get("groups", ())
        candidates = tuple(
            Candidate(person_id=each, name=each, why="asked", group=asked[n] if asked else None)
            for n, each in enumerate(people)
        )
        return StagePlan(index=0, key=key, name=key, people=candidates, undo_seconds=undo, **given)

    return make


def escalates_to_ben(question: RouteQuestion) -> tuple[PlannedEscalation, ...]:
    """Ben gets the task after three days."""
    ben = Candidate(person_id=BEN, name="Ben", why="Ana's manager")
    return (PlannedEscalation(level=1, at=days(question, 3), to=(ben,)),)


def message(command: Command) -> CommandMessage:
    """The signal for a command."""
    return CommandMessage(
        command_id=command.command_id,
        kind=commands.kind_of(command),
        payload=codec.encode(command),
    )


NEWER = "00000000-0000-7000-8000-0000000000f2"


class Requests:
    """One request, and the commands people give about it."""

    def __init__(self) -> None:
        self.id = new_id()

    def submit(self, *, requester: str = DAN, title: str = "A lens") -> CommandMessage:
        """The command that begins it."""
        return message(
            commands.Submit(
                **self._common(requester),
                number="PR-1001",
                type_code="PURCHASE",
                policy_version_id=new_id(),
                content=Content(title=title),
            )
        )

    def task(self, person: str, opening: int = 1) -> str:
        """The id of a person's task in the stage opened as number `opening`."""
        return task_id(self.id, opening, person)

    def decide(
        self,
        kind: type[commands.TaskCommand],
        person: str,
        opening: int = 1,
        round: int = 1,  # noqa: A002 - the domain's word
        comment: str = "because",
        version: int = 0,
    ) -> CommandMessage:
        """Approve, reject or send back."""
        return message(
            kind(
                **self._common(person),
                task_id=self.task(person, opening),
                round=round,
                content_version=version or round,
                comment=comment,
            )
        )

    def approve(self, person: str, opening: int = 1, **values: Any) -> CommandMessage:
        """Approve a task."""
        return self.decide(commands.Approve, person, opening, **values)

    def reject(self, person: str, opening: int = 1) -> CommandMessage:
        """Reject a task."""
        return self.decide(commands.Reject, person, opening)

    def send_back(self, person: str, opening: int = 1) -> CommandMessage:
        """Send the request back."""
        return self.decide(commands.SendBack, person, opening)

    def give(self, kind: type[Command], person: str, **values: Any) -> CommandMessage:
        """Any other command."""
        return message(kind(**self._common(person), **values))

    def _common(self, person: str) -> dict[str, Any]:
        return {
            "command_id": new_id(),
            "request_id": self.id,
            "actor_id": person,
            "at": datetime(2020, 1, 1, tzinfo=UTC),
        }

    def move(self, from_version_id: str, *stages: str, same: tuple[str, ...]) -> CommandMessage:
        """Go on by another version of the policy, which has these stages."""
        return self.give(
            commands.MoveToPolicy,
            CAI,
            policy_version_id=NEWER,
            from_version_id=from_version_id,
            version=2,
            stages=stages,
            same=same,
            reason="For all.",
        )
