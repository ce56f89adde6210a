"""The workflow's part played in the test's own process: same rules, same routing, same recorder.

What is left out is Temporal: a command is applied at once, on the thread that delivers it. A
folder's conftest.py takes the fixtures over: ``from tests.in_process import process  # noqa``.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from portal.activities.record import record_batch
from portal.config import Settings
from portal.directory import planner, receivers, staff
from portal.domain.codec import decode, encode
from portal.domain.policy.policy import WorkflowKind
from portal.domain.request import apply as approval
from portal.domain.request.commands import COMMANDS, Command, NamingCommand, Submit
from portal.domain.request.events import Event, kind_of
from portal.domain.request.state import Approval, Content
from portal.extensions import db
from portal.models import Command as Row
from portal.models.columns import new_id
from portal.temporal import gateway
from portal.temporal.gateway import CommandDelivery, Delivery
from portal.workflows import names
from portal.workflows.messages import RecordBatch, RecordedEvent
from tests.asking import CODE
from tests.web import People

NUMBER = "CH-1001"


class InProcess(gateway.Gateway):
    """A gateway behind which requests live in memory; `is_away` makes it lose its server."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        super().__init__(replace(settings, outcome_wait_ms=2_000))
        self.engine, self.states = engine, dict[str, Approval]()
        self.is_away = False
        self.held: list[CommandDelivery] = []
        self.kinds: dict[str, str] = {}

    def deliver(self, command: CommandDelivery) -> Delivery:
        """Apply a command now, or keep it while away."""
        self.kinds[command.request_id] = command.workflow
        if self.is_away:
            self.held.append(command)
            return Delivery.UNKNOWN
        self.give(decode(COMMANDS[command.kind], command.payload))
        return Delivery.DELIVERED

    def return_and_catch_up(self) -> None:
        """Be back, and apply what waited."""
        self.is_away = False
        while self.held:
            self.deliver(self.held.pop(0))

    def take_up(self) -> int:
        """Play the relay: apply every command that waits in the table; how many there were."""
        waiting = select(Row.kind, Row.payload, Row.request_id, Row.workflow).where(
            Row.applied_at.is_(None)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(waiting.order_by(Row.created_at, Row.id)).all()
        for row in rows:
            self.kinds[row.request_id] = row.workflow
            self.give(decode(COMMANDS[row.kind], row.payload))
        return len(rows)

    def give(self, command: Command, at: datetime | None = None) -> Approval:
        """Apply a command, route, and record it all."""
        now = at or datetime.now(UTC)
        state = self.states.get(command.request_id) or Approval(request_id=command.request_id)
        if isinstance(command, NamingCommand):
            with self.engine.connect() as connection:
                name = staff.name_of(connection, command.to_id)
                task = getattr(command, "task_id", None)
                near = receivers.reach(connection, state, task, command.to_id, now)
            command = replace(command, to_name=name, to_reach=near)
        return self._go_on(state, approval.apply(state, command, now), now)

    def pass_time(self, request_id: str, **length: float) -> Approval:
        """Let the request's clock run; a settling stage moves on."""
        until = datetime.now(UTC) + timedelta(**length)
        state = self.states[request_id]
        while (due := approval.next_due(state)) is not None and due <= until:
            state = self._go_on(state, approval.tick(state, due), due)
        return state

    def _go_on(self, state: Approval, events: list[Event], now: datetime) -> Approval:
        for event in events:
            state = approval.evolve(state, event)
        with self.engine.begin() as connection:
            while state.is_open and state.wants_route:
                plan = planner.plan_next(connection, approval.question(state, now))
                more = approval.route(state, plan, now)
                events = [*events, *more]
                for event in more:
                    state = approval.evolve(state, event)
            kind = self.kinds.get(state.request_id, WorkflowKind.APPROVAL.value)
            record_batch(connection, _batch(state, events, kind))
        self.states[state.request_id] = state
        return state


def _batch(state: Approval, events: list[Event], workflow: str) -> RecordBatch:
    kind, workflow_id = names.address(workflow, state.request_id)
    return RecordBatch(
        request_id=state.request_id,
        workflow_id=workflow_id,
        run_id="the-first-run",
        workflow_type=names.workflow_type(kind),
        events=[RecordedEvent(kind_of(event), encode(event)) for event in events],
        state=encode(state),
    )


def submit(kind: dict[str, str], people: People, **values: Any) -> Submit:
    """Ana's request for a chair; `values` changes the command, or `amount` and `title`."""
    amount, title = values.pop("amount", 12_000), values.pop("title", "A chair")
    fields = {"amount": amount, "reason": "The old one broke.", "offers": []}
    given: dict[str, Any] = {
        "command_id": new_id(),
        "request_id": new_id(),
        "actor_id": people.ana,
        "at": datetime.now(UTC),
        "number": NUMBER,
        "type_code": CODE,
        "policy_version_id": kind["policy_version"],
        "content": Content(title=title, fields=fields, amount=amount, currency="EUR"),
    }
    return Submit(**(given | values))


@pytest.fixture
def process(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """The process behind the app's gateway."""
    with app.app_context():
        running = InProcess(settings, db.engine)
    monkeypatch.setattr(gateway, "_gateway", running)
    return running


@pytest.fixture
def asked(process: InProcess, people: People, kind: dict[str, str]) -> Approval:
    """Ana's request `NUMBER` for a chair of €120.00, which waits for Ben."""
    return process.give(submit(kind, people))
