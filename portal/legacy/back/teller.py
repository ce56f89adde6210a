"""The old rows of a request while its events are told: its stages and who sits in them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal.domain.policy.policy import Decision
from portal.domain.request.events import Event
from portal.domain.routing.plan import StagePlan
from portal.legacy.back.rows import (
    ACTIONS,
    TRANSITIONS,
    OldRows,
    StepVerdict,
    leave_out_step,
    stamp,
)
from portal.legacy.engine import NOTE, Definition, EngineStep, Instance, MappingFinding, Row
from portal.legacy.live import general_shapes, lay_out
from portal.legacy.people import People
from portal.legacy.route import Unit
from portal.legacy.setting import OperatorAnswer, Setting
from portal.legacy.stages import Shaper, group_names


@dataclass
class Sitting:
    """One person's task, by profiles. `first`: who was asked at the beginning.

    `owner` differs from the person where a delegate has it. `moved`: the step's status because it
    went to somebody else. `links`: the delegations that were written for it.
    """

    person: str
    first: str
    owner: str
    group: str | None
    is_open: bool = True
    moved: str = ""
    links: list[Row] = field(default_factory=list)


@dataclass
class WrittenDecision:
    """A decision that stands, the steps it is about, and the rows that were added for it.

    `owner`: whose decision it is, by whomever it was made.
    """

    task_id: str
    person: str
    owner: str
    decision: Decision
    comment: str
    steps: list[EngineStep] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


@dataclass
class Opening:
    """A stage under way. `since`: it opened here after the move; `unit`: None for no old step."""

    plan: StagePlan
    unit: Unit | None
    since: bool
    sittings: dict[str, Sitting] = field(default_factory=dict)
    said: list[WrittenDecision] = field(default_factory=list)

    @property
    def steps(self) -> tuple[EngineStep, ...]:
        """The old steps that ask."""
        return () if self.unit is None else self.unit.steps

    @property
    def is_group(self) -> bool:
        """Whether several old steps are this stage."""
        return self.unit is not None and self.unit.is_group

    @property
    def asked_now(self) -> set[str]:
        """Whose turn it is."""
        return {each.person for each in self.sittings.values() if each.is_open}

    def verdict(self, step: EngineStep, approved: bool) -> StepVerdict:
        """How a step of it ended: with the words of those who decided so."""
        wanted = Decision.APPROVE if approved else Decision.REJECT
        said = [each for each in self.said if each.decision is wanted and step in each.steps]
        people = tuple(dict.fromkeys(each.person for each in said))
        return StepVerdict(approved, people, said[-1].comment if said else "")

    def rejected(self, step: EngineStep) -> bool:
        """Whether anybody said no to this step."""
        return bool(self.verdict(step, False).by)


@dataclass(frozen=True)
class Places:
    """`units`: the old steps of each stage; `people` finds whom a step asks.

    `past`: the steps before where the request stood at the move.
    """

    units: dict[str, Unit]
    people: People
    past: tuple[EngineStep, ...] = ()

    def steps_of(self, unit: Unit, person: str, group: str | None) -> list[EngineStep]:
        """The steps that somebody's task is about: of a stage of several, those that ask them."""
        if len(unit.steps) == 1:
            return list(unit.steps)
        if group is not None:
            pairs = zip(unit.steps, group_names(unit.steps), strict=True)
            named = [s for s, name in pairs if f", {name}, " in f", {group}, "]
            if named:
                return named
        asking = [
            s for s in unit.steps if person in self.people.of_step(s, MappingFinding()).people
        ]
        return asking or [s for s in unit.steps if s.assignee == person] or list(unit.steps[:1])


def places_of(instance: Instance, setting: Setting, answer: OperatorAnswer | None = None) -> Places:
    """The stages of a request that was moved here."""
    assert instance.definition is not None
    shaper = Shaper(instance, instance.definition, setting, MappingFinding(), answer)
    if not instance.steps:
        return Places({}, shaper.people)
    laid = lay_out(shaper)
    units = {each.shape.key: each.shape.unit for each in laid.behind}
    units |= {shape.key: shape.unit for shape in laid.ahead()}
    return Places(units, shaper.people, tuple(laid.route.past))


def places_of_new(instance: Instance, definition: Definition, setting: Setting) -> Places:
    """The stages of a request that began here: every step of the definition is one."""
    shaper = Shaper(instance, definition, setting, MappingFinding())
    units = {shape.key: shape.unit for shape in general_shapes(shaper, instance.steps)}
    return Places(units, shaper.people)


@dataclass
class Teller:
    """Changes the rows of one request. `moved_to`: the last event that the mover recorded.

    `profile` gives the old id of a user. `problems`: what the old tables have no place for.
    `anchor` is the step that a comment goes to; `held` the reason of a hold since the move.
    """

    rows: OldRows
    places: Places
    profile: Callable[[str], str]
    number: str
    moved_to: int
    problems: list[str] = field(default_factory=list)
    opening: Opening | None = None
    anchor: EngineStep | None = None
    last: EngineStep | None = None
    interrupted: dict[str, Opening] = field(default_factory=dict)
    held: str | None = None
    resumed: bool = False
    lost: bool = False

    def __post_init__(self) -> None:
        steps = self.rows.before.steps
        under_way = [step for step in steps if step.is_under_way]
        self.anchor = next(iter(under_way or steps), None)
        for step in self.places.past:
            leave_out_step(self.rows.steps[step.id])  # nextSteps jumped over it

    def is_since(self, event: Event) -> bool:
        """Whether it happened here, and not at the move."""
        return event.seq > self.moved_to

    def problem(self, words: str) -> None:
        """Something that a person should know, once."""
        if words not in self.problems:
            self.problems.append(words)

    def sitting(self, task_id: str) -> Sitting | None:
        """Who has a task of the stage under way."""
        return None if self.opening is None else self.opening.sittings.get(task_id)

    def steps_of(self, sitting: Sitting) -> list[EngineStep]:
        """The old steps that somebody's task is about."""
        unit = None if self.opening is None else self.opening.unit
        return [] if unit is None else self.places.steps_of(unit, sitting.first, sitting.group)

    def act(
        self, event: Event, action: str, comment: str, step: EngineStep | None = None, **data: Any
    ) -> Row | None:
        """A row of workflow_actions; without a step it belongs to the one under way."""
        step = step or self.anchor
        if step is None:
            self.problem(f"{action}, with no step to write it to: {comment}")
            return None
        note = {"number": self.number, "seq": event.seq, **data}
        return self.rows.add(
            ACTIONS, event.at, event.seq, step_instance_id=step.id, action=action,
            actor_id=self.profile(event.actor), comment=comment.strip() or None,
            data={NOTE: note}, performed_at=stamp(event.at),
        )  # fmt: skip

    def passed_on(self, event: Event, step: EngineStep) -> None:
        """A row of workflow_transitions from the last step that was over to this one."""
        if self.last is not None and self.last.index != step.index and self.is_since(event):
            self.rows.add(
                TRANSITIONS, event.at, event.seq, instance_id=self.rows.before.id,
                from_step=self.last.index, to_step=step.index, transition_type="NEXT",
                transitioned_at=stamp(event.at), transitioned_by=self.profile(event.actor),
            )  # fmt: skip
