"""The activities of a canary: an approval that goes the whole way, and leaves nothing behind.

Each writes for real, in a transaction of its own that is then rolled back: a type and two people
who exist nowhere else, everything that the request recorded so far, and what comes new. So the
tables, triggers, functions and rights are those of every request, and nobody ever sees it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select
from temporalio import activity

from portal.activities.record import record_batch
from portal.directory.planner import plan_next
from portal.domain.codec import decode, encode
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.domain.request.commands import Approve, Submit, kind_of
from portal.domain.request.state import Approval, Content
from portal.domain.routing.plan import RouteQuestion
from portal.models import PolicyVersion, Request, RequestType, User
from portal.models.columns import new_id
from portal.workflows.messages import (
    CommandMessage,
    EntitlementAnswer,
    EntitlementAsk,
    RecordAnswer,
    RecordBatch,
    RouteAnswer,
    RouteAsk,
    StaffAnswer,
    StaffAsk,
)
from portal.workflows.ports import Recorder, Router, Staff

NAME = "Canary"
# Long enough to be a timer of the server's.
UNDO_SECONDS = 1


class NotRecorded(Exception):
    """The record does not say of the request what its workflow does."""


@dataclass(frozen=True)
class CanaryRequest:
    """The ids of one request and of all that it needs; none is ever committed."""

    request_id: str = field(default_factory=new_id)
    type_id: str = field(default_factory=new_id)
    version_id: str = field(default_factory=new_id)
    requester_id: str = field(default_factory=new_id)
    approver_id: str = field(default_factory=new_id)

    @property
    def code(self) -> str:
        """The code of its type, and its number."""
        return f"canary-{self.request_id}"

    def submit(self) -> CommandMessage:
        """The command that begins it."""
        return _message(
            Submit(
                command_id=new_id(), request_id=self.request_id, actor_id=self.requester_id,
                at=datetime.now(UTC), number=self.code, type_code=self.code,
                policy_version_id=self.version_id, content=Content(title=NAME),
            )
        )  # fmt: skip

    def approve(self, state: Approval) -> CommandMessage:
        """The command that decides it. Raises ValueError unless just the approver is asked."""
        (task,) = state.open_tasks
        return _message(
            Approve(
                command_id=new_id(), request_id=self.request_id, actor_id=self.approver_id,
                at=datetime.now(UTC), task_id=task.id, content_version=state.content_version,
            )
        )  # fmt: skip

    def insert(self, connection: Connection) -> None:
        """The rows that it needs."""
        stage = Stage(
            key="canary",
            name=NAME,
            rules=(ApproverRule(kind=RuleKind.PEOPLE, people=(self.approver_id,)),),
        )
        policy = Policy(stages=(stage,), undo_seconds=UNDO_SECONDS)
        people = [{"id": each, "name": NAME} for each in (self.requester_id, self.approver_id)]
        kind = {"id": self.type_id, "code": self.code, "name": NAME, "prefix": self.code}
        version = {"id": self.version_id, "request_type_id": self.type_id, "version": 1}
        connection.execute(insert(User), people)
        connection.execute(insert(RequestType).values(kind))
        connection.execute(
            insert(PolicyVersion).values(version | {"form": [], "definition": encode(policy)})
        )


def _message(command: Submit | Approve) -> CommandMessage:
    return CommandMessage(command.command_id, kind_of(command), encode(command))


class CanaryActivity(Recorder, Router, Staff):
    """What the workflow of one canary asks of the world."""

    def __init__(self, engine: Engine, canary: CanaryRequest) -> None:
        self._engine = engine
        self._canary = canary
        self._batches: list[RecordBatch] = []
        self._changed = threading.Condition()

    @activity.defn(name="record")
    def record(self, batch: RecordBatch) -> RecordAnswer:
        """Record everything up to this batch, compare, and take it all back."""
        state = decode(Approval, batch.state)
        with self._told() as connection:
            answer = record_batch(connection, batch)
            row = connection.execute(
                select(Request.status, Request.last_seq).where(Request.id == batch.request_id)
            ).one()
        if answer.recorded or (row.status, row.last_seq) != (state.status.value, state.seq):
            raise NotRecorded(f"{row.status}, event {row.last_seq}, not event {state.seq}")
        with self._changed:
            self._batches.append(batch)
            self._changed.notify_all()
        return answer

    @activity.defn(name="route")
    def route(self, ask: RouteAsk) -> RouteAnswer:
        """Find who decides, as routing does."""
        question = decode(RouteQuestion, ask.question)
        with self._told() as connection:
            return RouteAnswer(plan=encode(plan_next(connection, question)))

    @activity.defn(name="staff")
    def staff(self, ask: StaffAsk) -> StaffAnswer:
        """Nobody is named to a canary."""
        return StaffAnswer()

    @activity.defn(name="entitlement")
    def entitlement(self, ask: EntitlementAsk) -> EntitlementAnswer:
        """Its approver keeps the right."""
        return EntitlementAnswer(is_entitled=True)

    @property
    def key(self) -> str:
        """The request's id."""
        return self._canary.request_id

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """What its workflow asks of the world."""
        return [self.record, self.route, self.staff, self.entitlement]

    def submit(self) -> CommandMessage:
        """The command that begins it."""
        return self._canary.submit()

    def approve(self, state: Approval) -> CommandMessage:
        """The command that decides it."""
        return self._canary.approve(state)

    def asked(self, seconds: float) -> Approval:
        """Its state once somebody is asked. Raises TimeoutError."""

        def state() -> Approval | None:
            found = decode(Approval, self._batches[-1].state) if self._batches else None
            return found if found and found.open_tasks else None

        with self._changed:
            if not self._changed.wait_for(lambda: state() is not None, seconds):
                raise TimeoutError("nobody was asked")
            found = state()
        assert found is not None
        return found

    @contextmanager
    def _told(self) -> Iterator[Connection]:
        """A transaction in which everything so far happened; it is rolled back."""
        with self._engine.connect() as connection:
            self._canary.insert(connection)
            for batch in self._batches:
                record_batch(connection, batch)
            yield connection
            connection.rollback()
