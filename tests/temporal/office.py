"""An office with a policy in a real database, and a desk from which people give commands."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, insert, select, text

from portal import models
from portal.config import Settings
from portal.domain.codec import decode, encode
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.domain.request import commands
from portal.domain.request.apply import task_id
from portal.domain.request.commands import Command
from portal.domain.request.state import Click, Content
from portal.extensions import db
from portal.models.columns import new_id
from portal.services.commands import Receipt, issue
from portal.services.snapshots import RequestSnapshot, new_request, of_request
from portal.temporal.gateway import CommandDelivery

PATIENCE = 120.0


@dataclass(frozen=True)
class Office:
    """Ids: Rita asks, Ana decides, then Ben; Adam is an admin."""

    rita: str = field(default_factory=new_id)
    ana: str = field(default_factory=new_id)
    ben: str = field(default_factory=new_id)
    adam: str = field(default_factory=new_id)
    version: str = field(default_factory=new_id)

    def insert(self, connection: Connection, **policy: Any) -> None:
        """Put people, the request type "purchase" and its policy into the database."""
        names = {"rita": self.rita, "ana": self.ana, "ben": self.ben, "adam": self.adam}
        people = [
            {"id": key, "name": name.title(), "roles": ["admin"] if name == "adam" else []}
            for name, key in names.items()
        ]
        connection.execute(insert(models.User), people)
        kind = {"id": new_id(), "code": "purchase", "name": "Purchase", "prefix": "PR"}
        connection.execute(insert(models.RequestType).values(**kind))
        definition = encode(Policy(stages=self.stages(), **{"undo_seconds": 0, **policy}))
        connection.execute(
            insert(models.PolicyVersion).values(
                id=self.version,
                request_type_id=kind["id"],
                version=1,
                definition=definition,
            )
        )

    def stages(self) -> tuple[Stage, ...]:
        """Ana first, then Ben."""
        people = {"first": self.ana, "second": self.ben}
        return tuple(
            Stage(
                key=key,
                name=key.title(),
                rules=(ApproverRule(kind=RuleKind.PEOPLE, people=(person,)),),
                elapsed=True,
                expire_after=60 * 24,
            )
            for key, person in people.items()
        )


@dataclass
class Desk:
    """Gives commands about one request and looks at what became of them."""

    settings: Settings
    engine: Engine
    office: Office
    app: Flask | None = None
    request_id: str = field(default_factory=new_id)
    number: str = "PR-1001"
    workflow: str = "approval"

    def another(self, number: str) -> "Desk":
        """The same office, another request."""
        return replace(self, request_id=new_id(), number=number)

    def submit(self) -> commands.Submit:
        """The command that begins the request."""
        return commands.Submit(
            **self._common(self.office.rita),
            number=self.number,
            type_code="purchase",
            policy_version_id=self.office.version,
            content=Content(title="A lens"),
        )

    def decide(self, person: str, opening: int = 1, *, approve: bool = True) -> Command:
        """Approve or reject the task of this person in that opening."""
        kind = commands.Approve if approve else commands.Reject
        task = task_id(self.request_id, opening, person)
        return kind(**self._common(person), task_id=task, comment="because")

    def comment(self, words: str = "Hello") -> Command:
        """Rita says something."""
        return commands.Comment(**self._common(self.office.rita), comment=words)

    def _common(self, person: str) -> dict[str, Any]:
        return {
            "command_id": new_id(),
            "request_id": self.request_id,
            "actor_id": person,
            "at": datetime.now(UTC),
        }

    def delivery(self, command: Command) -> CommandDelivery:
        """What the gateway and the relay deliver."""
        return CommandDelivery(
            command_id=command.command_id,
            request_id=self.request_id,
            number=self.number,
            kind=commands.kind_of(command),
            payload=encode(command),
            workflow=self.workflow,
        )

    def store(self, *given: Command) -> None:
        """Put commands into the table, due now, as a web process does that then dies."""
        for command in given:
            row = {
                "id": command.command_id,
                "request_id": self.request_id,
                "number": self.number,
                "task_id": getattr(command, "task_id", None),
                "kind": commands.kind_of(command),
                "workflow": self.workflow,
                "actor_id": command.actor_id,
                "payload": encode(command),
            }
            with self.engine.begin() as connection:
                connection.execute(insert(models.Command).values(**row))

    def issue(self, command: Command, **values: Any) -> Receipt:
        """Give a command as the pages do."""
        assert self.app is not None
        with self.app.app_context():
            return issue(command, Click(), self._about(command), **values)

    def _about(self, command: Command) -> RequestSnapshot:
        """The request as it stands; before its record begins: what waits for it."""
        if self.request() is not None:
            return of_request(self.number, command.command_id)
        mine = select(models.Command.payload).where(
            models.Command.request_id == self.request_id, models.Command.kind == "Submit"
        )
        waiting = tuple(decode(commands.Submit, each) for each in db.session.scalars(mine))
        about = new_request(self.request_id, self.number, self.workflow)
        return replace(about, waiting=waiting)

    def row(self, command: Command) -> Any:
        """The command's row, or None."""
        return self._one(select(models.Command).where(models.Command.id == command.command_id))

    def request(self) -> Any:
        """The request's row, or None."""
        return self._one(select(models.Request).where(models.Request.id == self.request_id))

    def events(self) -> list[str]:
        """The names of the recorded events, in order."""
        statement = select(models.AuditEvent.kind).where(
            models.AuditEvent.request_id == self.request_id
        )
        with self.engine.connect() as connection:
            return list(connection.scalars(statement.order_by(models.AuditEvent.seq)))

    def status(self) -> str | None:
        """The request's status, None while nothing is recorded."""
        row = self.request()
        return None if row is None else str(row.status)

    def due_now(self) -> None:
        """Every waiting command may be tried at once."""
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE portal.commands SET next_attempt_at = now()"))

    def _one(self, statement: Any) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(statement).one_or_none()


def until(condition: Callable[[], Any], patience: float = PATIENCE) -> None:
    """Wait until the condition holds."""
    limit = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


def seconds_for(work: Callable[[], Any]) -> float:
    """How long it takes: for comparing with something else of the same run."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun
