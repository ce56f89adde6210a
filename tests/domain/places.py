"""Who has each task of the stage under way, whose it is, and who may never have one."""

from dataclasses import dataclass, field

from portal.domain.request.events import (
    ApproverAdded,
    DecisionCarried,
    Event,
    StageContinued,
    StageOpened,
    TaskAssigned,
    TaskDecided,
    TaskDelegated,
    TaskEscalated,
    TaskGivenBack,
    TaskReassigned,
)
from tests.domain.worlds import GHOST, World


@dataclass
class Places:
    """The people of one stage, read from the log alone: holder and owner by task id."""

    barred: set[str | None] = field(default_factory=set)
    holder: dict[str, str] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)

    def free(self, *people: str) -> None:
        """Assert that none of them is barred or unknown, or has or owns a task here."""
        assert {*people}.isdisjoint(
            self.barred | {GHOST, *self.holder.values(), *self.owner.values()}
        )

    def read(self, event: Event) -> None:
        """Check what happened to a task, and follow it."""
        match event:
            case DecisionCarried():
                owner = event.acting_for or event.person_id
                self.free(event.person_id, event.decided_by, owner)
                self.holder[event.task_id], self.owner[event.task_id] = event.person_id, owner
            case TaskAssigned() | ApproverAdded() | TaskEscalated() | TaskReassigned():
                asked = isinstance(event, TaskAssigned | ApproverAdded)
                person = event.person_id if asked else event.to_id
                self.free(person)
                self.holder[event.task_id] = self.owner[event.task_id] = person
            case TaskDelegated():
                assert event.from_id == self.holder[event.task_id] == self.owner[event.task_id]
                self.free(event.to_id)
                self.holder[event.task_id] = event.to_id
            case TaskGivenBack():
                owner = self.owner[event.task_id]
                assert event.from_id == self.holder[event.task_id] != event.to_id == owner
                self.holder[event.task_id] = event.to_id
            case TaskDecided():
                self._decided(event)

    def _decided(self, event: TaskDecided) -> None:
        owner = self.owner[event.task_id]
        whose = None if event.actor == owner else owner
        assert self.barred.isdisjoint({event.actor, whose} - {None})
        assert event.actor == self.holder[event.task_id]
        assert event.on_behalf_of == whose


def rule_4_nobody_excluded(world: World) -> None:
    """Neither requester, nor beneficiary, nor excluded people are asked or decide, ever: not in
    their own name and not in another's. Nobody has, or owns, two tasks of one stage."""
    stages: dict[int, Places] = {}
    here = Places()
    for event in world.log:
        if isinstance(event, StageOpened):
            barred = {world.state.requester_id, world.state.on_behalf_of, *event.plan.excluded}
            here = stages[event.opening] = Places(barred)
        elif isinstance(event, StageContinued):
            here = stages[event.opening]
        else:
            here.read(event)
