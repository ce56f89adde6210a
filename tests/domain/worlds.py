"""A request that anything may happen to, with a record of every step, for the property tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from portal.domain.policy.policy import Decision, Mode, Rejection, StageKind
from portal.domain.request import apply as approval
from portal.domain.request import commands
from portal.domain.request.events import Event
from portal.domain.request.state import Approval, Content, Priority, Task, TaskStatus
from portal.domain.routing.plan import (
    Candidate,
    LeftOut,
    PlannedEscalation,
    RoutePlan,
    RouteReview,
    StagePlan,
    StageSkip,
    StandIn,
)
from tests.domain.story import MONDAY, REQUEST

STAFF = ("ana", "ben", "cleo", "dan", "eve")
EVERYBODY = (*STAFF, "rita", "bob")
GHOST = "ghost"  # in no directory
GROUPS = ("IT", "HR")
FIELDS = ("seats", "colour")

people = st.sampled_from(EVERYBODY)
texts = st.sampled_from(["", " ", "Because.", "Größe <b>?"])
reasons = st.sampled_from(["Because.", "Because.", "Because.", " "])
minutes = st.integers(0, 60 * 8)
contents = st.builds(
    Content,
    title=st.sampled_from(["Chairs", "Stools"]),
    fields=st.dictionaries(st.sampled_from(FIELDS), st.integers(1, 2)),
    amount=st.none() | st.integers(0, 10**12),
    currency=st.sampled_from([None, "EUR"]),
)


@dataclass(frozen=True)
class Step:
    """What came in, when, and what it made of the state."""

    before: Approval
    what: commands.Command | RoutePlan | None
    now: datetime
    events: tuple[Event, ...]
    after: Approval


class World:
    """One request and its whole past. `what` None in a step is a tick of the clock."""

    def __init__(self) -> None:
        self.now = MONDAY
        self.state = Approval(request_id=REQUEST)
        self.steps: list[Step] = []
        self.given: list[commands.Command] = []

    @property
    def log(self) -> list[Event]:
        """Every event so far."""
        return [event for step in self.steps for event in step.events]

    def command(self, kind: type[commands.Command], actor: str, **values: Any) -> None:
        """A new command arrives."""
        command_id = f"command-{len(self.given)}"
        given = {"command_id": command_id, "request_id": REQUEST, "at": self.now, **values}
        self.apply(kind(actor_id=actor, **given))

    def apply(self, command: commands.Command) -> None:
        """A command arrives, for the first time or not."""
        self.given.append(command)
        self._note(command, approval.apply(self.state, command, self.now))

    def route(self, plan: RoutePlan) -> None:
        """Routing answers."""
        self._note(plan, approval.route(self.state, plan, self.now))

    def tick(self) -> None:
        """The clock looks."""
        self._note(None, approval.tick(self.state, self.now))

    def _note(self, what: commands.Command | RoutePlan | None, events: list[Event]) -> None:
        before = self.state
        for event in events:
            self.state = approval.evolve(self.state, event)
        self.steps.append(Step(before, what, self.now, tuple(events), self.state))

    def known_tasks(self) -> Sequence[Task]:
        """The tasks of the stage under way, or one that does not exist."""
        if self.state.stage is not None and self.state.stage.tasks:
            return self.state.stage.tasks
        return (Task(id="gone", assignee_id="ana"),)


stand_ins = st.sampled_from(
    [None, None, *(StandIn(person_id=each, name=each, delegation_id="d1") for each in EVERYBODY)]
)


@st.composite
def candidates(draw: st.DrawFn, least: int = 1) -> tuple[Candidate, ...]:
    """Some people, in two groups."""
    names = draw(st.lists(people, min_size=least, max_size=5))
    return tuple(
        Candidate(
            person_id=name,
            name=name,
            why="Why not.",
            group=GROUPS[draw(st.integers(0, 1))],
            source=draw(st.sampled_from(["", "group:IT"])),
            stand_in=draw(stand_ins),
            due_at=draw(st.none() | minutes.map(lambda n: MONDAY + timedelta(minutes=n))),
        )
        for name in names
    )


BOTH_GROUPS = tuple(
    Candidate(person_id=name, name=name, why="Why not.", group=group)
    for name, group in zip(STAFF, GROUPS * 2, strict=False)
)


@st.composite
def stage_plans(draw: st.DrawFn, index: int, now: datetime) -> StagePlan:
    """A stage of any kind and mode; its people may include some who may never decide."""

    def later() -> datetime:
        return now + timedelta(minutes=draw(minutes))

    escalations = sorted(later() for _ in range(draw(st.integers(0, 2))))
    return StagePlan(
        index=index,
        key=f"stage-{index}",
        name=f"Stage {index}",
        kind=draw(st.sampled_from([StageKind.APPROVAL] * 5 + [StageKind.NOTIFY])),
        mode=draw(st.sampled_from(Mode)),
        needed=draw(st.integers(1, 2)),
        groups=draw(st.sampled_from([GROUPS, GROUPS[:1]])),
        people=(*draw(candidates(least=2)), *draw(st.sampled_from([(), BOTH_GROUPS]))),
        excluded=draw(st.sampled_from([(), ("eve",)])),
        rejection=draw(st.sampled_from(Rejection)),
        reads=draw(st.sampled_from([None, (), ("seats",), FIELDS])),
        comment_required=draw(st.sampled_from([(), (), tuple(Decision)])),
        undo_seconds=draw(st.sampled_from([0, 10])),
        asking_stops_clock=draw(st.booleans()),
        reminders=tuple(sorted(later() for _ in range(draw(st.integers(0, 2))))),
        escalations=tuple(
            PlannedEscalation(level=n, at=at, to=draw(candidates(least=0)))
            for n, at in enumerate(escalations, start=1)
        ),
        expires_at=draw(st.none() | st.just(now + timedelta(minutes=60 * 9))),
        parts_settle=draw(st.sampled_from([True, True, True, False])),
    )


@st.composite
def reviews(draw: st.DrawFn, state: Approval) -> RouteReview:
    """What routing says of an open stage: some who are asked may not decide any more."""
    asked = sorted({who for task in state.open_tasks for who in (task.owner_id, task.assignee_id)})
    unfit = draw(st.sets(st.sampled_from(asked))) if asked else set()
    return RouteReview(
        people=draw(candidates(least=0)),
        fallback=draw(candidates(least=0)),
        unfit=tuple(LeftOut(person_id=each, name=each, reason="left") for each in sorted(unfit)),
        parts_settle=draw(st.booleans()),
    )


@st.composite
def answers(draw: st.DrawFn, state: Approval, now: datetime) -> RoutePlan:
    """An answer of routing: sometimes skipping, mostly a stage, sometimes attention or the end."""
    if state.stage is not None:
        return RoutePlan(review=draw(reviews(state)), total=4)
    index = state.next_index
    skipped: tuple[StageSkip, ...] = ()
    if draw(st.integers(0, 3)) == 0:
        skipped = (StageSkip(index=index, key=f"stage-{index}", name="S", reason="Not needed."),)
        index += 1
    kind = draw(st.sampled_from(["stage"] * 6 + ["attention", "end"]))
    # Routing mostly finds what it found before the request changed.
    gone = {skip.key for skip in skipped}
    known = [each.plan for each in state.interrupted if each.plan.index >= index]
    known = [plan for plan in known if plan.key not in gone]
    if known and draw(st.integers(0, 2)):
        plan = draw(st.sampled_from(known))
        people = draw(st.sampled_from([plan.people, plan.people, draw(candidates(least=2))]))
        return RoutePlan(skipped=skipped, stage=replace(plan, people=people), total=4)
    if kind == "stage" and index < 4:
        return RoutePlan(skipped=skipped, stage=draw(stage_plans(index, now)), total=4)
    reasons = st.sampled_from(["Nobody can be asked.", "The condition is broken."])
    return RoutePlan(
        skipped=skipped, attention=draw(reasons) if kind == "attention" else None, total=4
    )


submissions = st.fixed_dictionaries(
    {
        "number": st.just("PR-1"),
        "type_code": st.just("purchase"),
        "policy_version_id": st.just("v1"),
        "content": contents,
        "on_behalf_of": st.sampled_from([None, "bob"]),
        "priority": st.sampled_from(Priority),
    }
)


def some_task(draw: Any, world: World) -> Task:
    """Mostly an open task, if there is one."""
    known = world.known_tasks()
    still_open = [task for task in known if task.status is TaskStatus.OPEN]
    return draw(st.sampled_from(still_open if still_open and draw(st.integers(0, 4)) else known))
