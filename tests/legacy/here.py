"""A moved request that goes on here, in memory: people decide, the clock runs, routing answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.domain.people.directory import Directory, Person
from portal.domain.policy.policy import Policy
from portal.domain.request import apply as approval
from portal.domain.request import commands
from portal.domain.request.events import Event
from portal.domain.request.state import Approval
from portal.domain.routing import step as routing
from portal.domain.routing.plan import RoutePlan
from portal.legacy.back.returning import WrittenInstance, give_back
from portal.legacy.engine import Instance
from portal.legacy.mapping import map_instance
from portal.legacy.setting import GivenBackBefore, Setting
from portal.legacy.values import new_key
from tests.legacy.old import ACTIVE, LEFT, NOW, setting

UNDONE = 0.2
"""Minutes after which nobody can undo a decision any more."""

ADMIN = new_key("an administrator of the portal")
PROFILES = {new_key(id_): id_ for id_ in (*ACTIVE, *LEFT)}


def profile(user: str) -> str:
    """The old id of a user; those who have none keep their own."""
    return PROFILES.get(user, user)


@dataclass(repr=False)
class Here:
    """A request since the move. Every method lets something happen."""

    old: Instance
    state: Approval
    policy: Policy
    log: list[Event]
    moved_to: int
    directory: Directory
    now: datetime = NOW
    given: int = 0

    def __repr__(self) -> str:
        steps = [(s.type, s.status, s.row, s.definition) for s in self.old.steps]
        told = [f"{type(e).__name__} {e.actor}" for e in self.log[self.moved_to :]]
        return f"{self.old.state} {steps}: {told} -> {self.state.status}"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    def goes(self, minutes: float = 1) -> "Here":
        """Time passes; whatever is due happens, and routing answers."""
        self.now += timedelta(minutes=minutes)
        self._fold(approval.tick(self.state, self.now))
        return self.settle()

    def settle(self) -> "Here":
        """Everything that follows at once."""
        for _ in range(20):
            if self.state.wants_route and self.state.is_open:
                self._fold(approval.route(self.state, self._plan(), self.now))
        return self

    def says(self, kind: type[commands.Command], actor: str, **values: object) -> "Here":
        """Somebody gives a command."""
        self.given += 1
        ids = {"command_id": str(UUID(int=self.given)), "request_id": self.state.request_id}
        command = kind(actor_id=actor, at=self.now, **ids, **values)
        self._fold(approval.apply(self.state, command, self.now))
        return self

    def decides(
        self, kind: type[commands.TaskCommand], place: int = 0, said: str = "So."
    ) -> "Here":
        """Whose turn it is decides."""
        waiting = self.state.open_tasks
        if not waiting:
            return self
        task = waiting[place % len(waiting)]
        return self.says(
            kind, task.assignee_id, task_id=task.id, round=self.state.round, comment=said,
            content_version=self.state.content_version,
        )  # fmt: skip

    def ends(self, how: int) -> "Here":
        """It is withdrawn or cancelled; or nothing happens."""
        if how == 0:
            return self.says(commands.Withdraw, self.state.requester_id, comment="No more.")
        return self.says(commands.Cancel, ADMIN, reason="Wrong.") if how == 1 else self

    def back(self) -> WrittenInstance:
        """What is written into the old rows."""
        return give_back(self.old, self.log, self.moved_to, profile, setting())

    def again(self, given: WrittenInstance) -> "Here":
        """The request as the mover makes it of the old rows as they are then."""
        run = setting()
        run.before[self.old.id] = GivenBackBefore(self.state)
        found = _arrived(given.rows.as_instance(), run, self.now)
        assert found is not None
        found.given = self.given
        return found

    def _plan(self) -> RoutePlan:
        conditions = {s.key: s.condition == "true" for s in self.policy.stages if s.condition}
        return routing.plan_next(
            self.policy, approval.question(self.state, self.now), self.directory, conditions,
            lambda minutes, _: self.now + timedelta(minutes=minutes),
        )  # fmt: skip

    def _fold(self, events: list[Event]) -> None:
        for event in events:
            self.state = approval.evolve(self.state, event)
        self.log += events


def arrived(old: Instance) -> Here | None:
    """The request as it arrives; None where it cannot move by itself."""
    return _arrived(old, setting(), NOW)


def _arrived(old: Instance, run: Setting, now: datetime) -> Here | None:
    mapped = map_instance(old, run)
    if mapped.state is None or mapped.policy is None:
        assert mapped.reasons
        return None
    people = {
        id_: Person(id=id_, name=name, is_active=profile(id_) in ACTIVE)
        for id_, name in run.names.items()
    }
    return Here(
        old, mapped.state, mapped.policy, list(mapped.events), mapped.state.seq,
        Directory(people=people), now,
    ).goes(UNDONE)  # fmt: skip
