"""Plays a scenario through the real rules in past time: commands, routing, clocks and events.

The same domain code decides as in a workflow; only the clock is the scenario's. The result is
recorded as any batch is, and an open request's workflow is started from its state.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from portal.demo.scenarios import Scenario, ScenarioStep
from portal.directory import planner
from portal.domain.codec import decode, encode
from portal.domain.request import apply as approval
from portal.domain.request import commands
from portal.domain.request.commands import Command
from portal.domain.request.events import Event
from portal.domain.request.state import Approval
from portal.models.columns import new_id

# What is done with a task, and what makes a new version of the content.
DECISIONS: dict[str, type[Command]] = {
    "approve": commands.Approve, "reject": commands.Reject, "send_back": commands.SendBack,
    "ask": commands.AskInformation,
}  # fmt: skip
CORRECTIONS: dict[str, type[Command]] = {"resubmit": commands.Resubmit, "amend": commands.Amend}
# The command, and what its text is called.
STEERING: dict[str, tuple[type[Command], str]] = {
    "hold": (commands.Hold, "reason"),
    "cancel": (commands.Cancel, "reason"),
    "withdraw": (commands.Withdraw, "comment"),
}


@dataclass(frozen=True)
class TypeInForce:
    """What a Submit needs to know of a request type."""

    code: str
    workflow: str
    policy_version_id: str
    priority: str
    currency: str | None
    module: str | None


@dataclass
class Simulation:
    """One request's life so far: its state, its events, and the commands people gave."""

    connection: Connection
    scenario: Scenario
    kind: TypeInForce
    ids: dict[str, str]
    number: str
    started: datetime
    state: Approval = field(default_factory=lambda: Approval(request_id=new_id()))
    events: list[Event] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    def play(self, until: datetime) -> None:
        """Submit, do every step that lies before `until`, and let the clock run up to it."""
        at = self.started
        self._give(self._submit(at), at)
        for step in self.scenario.steps:
            at = next_working_moment(at + timedelta(hours=step.hours))
            if at >= until or not self.state.is_open:
                break
            self._advance(at)
            if self.state.is_open:
                self._act(step, at)
        self._advance(until)

    def _submit(self, at: datetime) -> Command:
        scenario, kind = self.scenario, self.kind
        content = {
            "title": scenario.title,
            "fields": scenario.fields,
            "amount": scenario.amount,
            "currency": kind.currency if scenario.amount is not None else None,
        }
        behalf = scenario.on_behalf_of
        return self._command(
            commands.Submit,
            self.ids[scenario.requester],
            at,
            on_behalf_of=self.ids[behalf] if behalf else None,
            number=self.number,
            type_code=kind.code,
            policy_version_id=kind.policy_version_id,
            content=content,
            module=kind.module,
            priority=scenario.priority or kind.priority,
        )

    def _command(self, kind: type[Command], actor_id: str, at: datetime, **values: Any) -> Command:
        common = {
            "command_id": new_id(),
            "request_id": self.state.request_id,
            "actor_id": actor_id,
            "at": at,
        }
        return decode(kind, common | values)

    def _act(self, step: ScenarioStep, at: datetime) -> None:
        if step.action in DECISIONS:
            self._decide(step, at)
            return
        if step.action in CORRECTIONS:
            self._correct(step, at)
            return
        kind, text = STEERING[step.action]
        actor = self.ids[step.who or self.scenario.requester]
        self._give(self._command(kind, actor, at, **{text: step.comment}), at)

    def _correct(self, step: ScenarioStep, at: datetime) -> None:
        before = self.state.content
        amount = step.changes.get("amount", before.amount)
        fields = before.fields | step.changes
        content = encode(before) | {"fields": fields, "amount": amount}
        command = self._command(
            CORRECTIONS[step.action],
            self.ids[self.scenario.requester],
            at,
            content=content,
            content_version=self.state.content_version,
            comment=step.comment,
        )
        self._give(command, at)

    def _decide(self, step: ScenarioStep, at: datetime) -> None:
        wanted = self.ids[step.who] if step.who else None
        for task in self.state.open_tasks:
            if wanted in (None, task.assignee_id):
                command = self._command(
                    DECISIONS[step.action],
                    task.assignee_id,
                    at,
                    task_id=task.id,
                    round=self.state.round,
                    content_version=self.state.content_version,
                    comment=step.comment,
                )
                self._give(command, at)
                return

    def _give(self, command: Command, at: datetime) -> None:
        self.commands.append(command)
        self._keep(approval.apply(self.state, command, at))
        self._route(at)

    def _advance(self, until: datetime) -> None:
        while self.state.is_open:
            due = approval.next_due(self.state)
            if due is None or due > until:
                return
            self._keep(approval.tick(self.state, due))
            self._route(due)

    def _route(self, at: datetime) -> None:
        while self.state.is_open and self.state.wants_route:
            plan = planner.plan_next(self.connection, approval.question(self.state, at))
            self._keep(approval.route(self.state, plan, at))

    def _keep(self, events: list[Event]) -> None:
        for event in events:
            self.state = approval.evolve(self.state, event)
            self.events.append(event)


def next_working_moment(at: datetime) -> datetime:
    """People ask and decide between 7 and 17 (UTC) on working days; the clock does not care."""
    if at.hour >= 17:
        at = (at + timedelta(days=1)).replace(hour=8)
    elif at.hour < 7:
        at = at.replace(hour=8)
    while at.isoweekday() > 5:
        at += timedelta(days=1)
    return at
