"""The parts of an old route as stages: whom they ask, how they count, and the plan open now."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Mode,
    Rejection,
    RuleKind,
    Stage,
    StageKind,
)
from portal.domain.routing.approvers import share_out
from portal.domain.routing.plan import Candidate, PlannedEscalation, StagePlan
from portal.legacy.answers import Chosen, chosen_for
from portal.legacy.clocks import StageClockTimes, Wait, minutes, wait_of
from portal.legacy.engine import Definition, EngineStep, Instance, MappingFinding
from portal.legacy.people import People, StepApprovers
from portal.legacy.route import RoutePart, Unit
from portal.legacy.setting import NOBODY, OperatorAnswer, Setting
from portal.legacy.votes import (
    Count,
    StepVote,
    StepVotes,
    count,
    counts_one,
    deciders,
    decision,
    votes_of,
)

ANY_ONE, NO_CLOCK = Count(Mode.ANY, 1), Wait()
MOVED = "It stood here in the old system."


@dataclass(frozen=True)
class Shape:
    """A part of the route whose people were found: seats, how they count, and its clock's length.

    Several seats are one stage in which every seat has to approve.
    """

    unit: Unit
    key: str
    name: str
    seats: tuple[StepVotes, ...] = ()
    counted: Count = ANY_ONE
    wait: Wait = NO_CLOCK

    @property
    def mode(self) -> Mode:
        """How the votes count: of several seats everybody's, if no seat has a choice of people."""
        if len(self.seats) <= 1:
            return self.counted.mode
        single = all(seat.is_one_person for seat in self.seats)
        return Mode.ALL if single else Mode.PER_GROUP

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who is asked."""
        return tuple(dict.fromkeys(p for seat in self.seats for p in seat.asked.people))

    @property
    def votes(self) -> tuple[tuple[StepVotes, StepVote], ...]:
        """The votes that are in, with their seats."""
        return tuple((seat, vote) for seat in self.seats for vote in seat.votes)


def policy_stage(shape: Shape, people: People, setting: Setting) -> Stage:
    """The stage as the policy keeps it: everybody by name, waits by the wall clock."""
    if shape.unit.part is RoutePart.LEFT_OUT:
        return Stage(
            key=shape.key,
            name=shape.name,
            condition="false",
            condition_text=shape.unit.condition,
        )
    words = shape.unit.condition
    stage = Stage(
        key=shape.key,
        name=shape.name,
        rules=_rules(shape, setting),
        condition="true" if words else None,
        condition_text=words,
        rejection=Rejection.COUNTS,
        elapsed=True,
    )
    if shape.unit.part is RoutePart.NOTIFY:
        return replace(stage, kind=StageKind.NOTIFY, rejection=None)
    due, escalate = shape.wait.due, shape.wait.escalate
    above = people.above(shape.people) if escalate is not None else ()
    levels = (
        [EscalationLevel(after=minutes(escalate), to=(_named(above, setting),))]
        if (escalate is not None and above)
        else []
    )
    mode = shape.mode
    return replace(
        stage,
        mode=mode,
        quorum=shape.counted.needed if mode is Mode.QUORUM else None,
        remind_after=() if due is None else (minutes(due),),
        escalate=tuple(levels),
    )


def _rules(shape: Shape, setting: Setting) -> tuple[ApproverRule, ...]:
    """One rule for each group, which its label names; without groups one for everybody."""
    if shape.mode is not Mode.PER_GROUP:
        return (_named(shape.people, setting),) if shape.people else ()
    names = group_names(seat.step for seat in shape.seats)
    pools = {
        name: list(seat.asked.people)
        for name, seat in zip(names, shape.seats, strict=True)
        if seat.asked.people
    }
    return tuple(_named(people, setting, name) for name, people in _joined(pools).items())


def _named(people: Iterable[str], setting: Setting, label: str = "") -> ApproverRule:
    ids = tuple(setting.user(person) for person in people)
    return ApproverRule(kind=RuleKind.PEOPLE, people=ids, label=label)


def group_names(steps: Iterable[EngineStep]) -> list[str]:
    """What the parts of a stage are called: the names of their steps, each of them once."""
    names: list[str] = []
    for step in steps:
        name, number = step.name, 2
        while name in names:
            name, number = f"{step.name} ({number})", number + 1
        names.append(name)
    return names


def open_plan(
    shape: Shape, index: int, clock: StageClockTimes, people: People, setting: Setting
) -> StagePlan:
    """The plan of the stage that is open from the move on."""
    mode, groups, candidates = _candidates(shape, setting)
    above = people.above(shape.people) if clock.escalate_at is not None else ()
    levels: tuple[PlannedEscalation, ...] = ()
    if clock.escalate_at is not None and above:
        to = tuple(_candidate(each, "You are above who was asked.", setting) for each in above)
        levels = (PlannedEscalation(level=1, at=clock.escalate_at, to=to),)
    return StagePlan(
        index=index,
        key=shape.key,
        name=shape.name,
        mode=mode,
        needed=len(groups) or shape.counted.needed,
        groups=groups,
        people=candidates,
        reason=f"Needed {shape.unit.condition}." if shape.unit.condition else MOVED,
        rejection=Rejection.COUNTS,
        reminders=() if clock.due_at is None else (clock.due_at,),
        escalations=levels,
        due_at=clock.due_at,
        parts_settle=True,
    )


def notify_plan(shape: Shape, index: int, setting: Setting) -> StagePlan:
    """The plan of a notice that is given at the move."""
    return StagePlan(
        index=index,
        key=shape.key,
        name=shape.name,
        kind=StageKind.NOTIFY,
        needed=0,
        people=tuple(_candidate(each, "You are told of this.", setting) for each in shape.people),
        reason=MOVED,
    )


def _candidates(
    shape: Shape, setting: Setting
) -> tuple[Mode, tuple[str, ...], tuple[Candidate, ...]]:
    """Who is asked, or has voted, each once; groups where parts of the stage ask several."""
    if len(shape.seats) == 1:
        seat = shape.seats[0]
        return shape.counted.mode, (), tuple(_of_seat(seat, None, setting))
    if shape.mode is Mode.ALL:
        pool = {
            each.person_id: each for seat in shape.seats for each in _of_seat(seat, None, setting)
        }
        return Mode.ALL, (), tuple(pool.values())
    pools = {
        name: [each.person_id for each in _of_seat(seat, name, setting)]
        for name, seat in zip(
            group_names(seat.step for seat in shape.seats), shape.seats, strict=True
        )
    }
    named = {each.person_id: each for seat in shape.seats for each in _of_seat(seat, None, setting)}
    shared = share_out(_joined(pools))
    candidates = [
        replace(named[person], group=name) for name, chosen in shared.items() for person in chosen
    ]
    return Mode.PER_GROUP, tuple(shared), tuple(candidates)


def _joined(pools: dict[str, list[str]]) -> dict[str, list[str]]:
    """The groups, so that there is somebody for each: where one person is all that two have, they
    are one group."""
    for name, chosen in share_out(pools).items():
        if chosen:
            continue
        pool = set(pools[name])
        other = next(each for each in pools if each != name and pool & set(pools[each]))
        both = [person for person in pools[other] if person in pool]
        rest = {each: people for each, people in pools.items() if each not in (name, other)}
        return _joined({**rest, f"{other}, {name}": both})
    return pools


def _of_seat(seat: StepVotes, group: str | None, setting: Setting) -> list[Candidate]:
    if seat.rejected_by is not None:
        return [_candidate(seat.rejected_by, "You decided in the old system.", setting, group)]
    found = [_candidate(each, seat.asked.why, setting, group) for each in seat.asked.people]
    voters = [vote.person for vote in seat.votes if vote.person not in seat.asked.people]
    why = "You voted in the old system."
    return found + [_candidate(each, why, setting, group) for each in voters]


def _candidate(person: str, why: str, setting: Setting, group: str | None = None) -> Candidate:
    id_ = setting.user(person)
    return Candidate(person_id=id_, name=setting.names[id_], why=why, group=group)


MOST_KEPT = 5000


@dataclass(frozen=True)
class PastStage:
    """A finished or jumped-over step as a stage that is over. `approved` None: it was skipped."""

    step: EngineStep
    shape: Shape
    approved: bool | None


@dataclass
class Shaper:
    """Makes the shapes of one instance; what cannot be moved goes to the finding."""

    instance: Instance
    definition: Definition
    setting: Setting
    finding: MappingFinding
    answer: OperatorAnswer | None = None
    keys: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        directory, requester = self.setting.directory, self.instance.initiator
        self.people = People(directory, self.definition, requester)
        # Being told of something, and whom a definition asks in general, excludes nobody.
        self.anybody = People(directory, self.definition, None)

    def ahead(self, unit: Unit) -> Shape | None:
        """A part that is still to come, or open; None for a notice that nobody would get."""
        if unit.part is RoutePart.NOTIFY:
            return self._notice(unit)
        shape = self._shape(unit)
        if unit.part is RoutePart.LEFT_OUT:
            return shape
        if unit.is_group:
            seats = [seat for step in unit.steps for seat in self._parts(step)]
            seats += [seat for step in unit.finished if (seat := self._rejected(step))]
            return replace(shape, seats=_without_done(seats))
        return self._single(shape, unit.steps[0])

    def general(self, unit: Unit) -> Shape:
        """The part as its definition has it, whoever is asked now: for a later round."""
        quiet = MappingFinding()
        seats = tuple(StepVotes(step, self._in_general(step)) for step in unit.steps)
        shape = self._shape(unit, seats)
        if unit.part is not RoutePart.APPROVAL or unit.is_group:
            return shape
        return replace(shape, counted=count(unit.steps[0], seats[0].asked, quiet))

    def _shape(self, unit: Unit, seats: tuple[StepVotes, ...] = ()) -> Shape:
        first = unit.around[0] if unit.around else unit.steps[0]
        # A stage bears a PARALLEL step's name if it is nothing but that step's children.
        whole = len(unit.around) == 1 and all(s.key in first.next_keys for s in unit.steps)
        name = first.name if whole else " + ".join(step.name for step in unit.steps)
        return Shape(
            unit,
            key=first.key or f"step-{first.index + 1}",
            name=name,
            seats=seats,
            wait=wait_of(first, self.definition, self.finding),
        )

    def unique(self, shape: Shape) -> Shape:
        """The shape with a key that no other of this route has."""
        key, number = shape.key, 2
        while key in self.keys:
            key, number = f"{shape.key}-{number}", number + 1
        self.keys.add(key)
        return replace(shape, key=key)

    def _notice(self, unit: Unit) -> Shape | None:
        asked = self.anybody.of_step(unit.steps[0], MappingFinding())
        if not asked.people:
            self.finding.remark(f"The notice “{unit.steps[0].name}” reaches nobody: left out.")
            return None
        return self._shape(unit, (StepVotes(unit.steps[0], asked),))

    def _single(self, shape: Shape, step: EngineStep) -> Shape:
        found = MappingFinding()
        asked = self.people.of_step(step, found)
        counted = count(step, asked, found)
        seat = self._with_answer(asked, found, step)
        counted = counted if seat.counted is None else seat.counted
        votes = votes_of(step, counted, seat.asked, self.instance.initiator, self.finding)
        return replace(shape, seats=(StepVotes(step, seat.asked, votes),), counted=counted)

    def _parts(self, step: EngineStep) -> list[StepVotes]:
        """One child of a group: one approval of it is enough, unless a person chose all."""
        found = MappingFinding()
        asked = self.people.of_step(step, found)
        counts_one(step, asked, found)
        chosen = self._with_answer(asked, found, step)
        everybody = [chosen.asked]
        if chosen.counted is not None and chosen.counted.mode is Mode.ALL:
            everybody = [replace(chosen.asked, people=(each,)) for each in chosen.asked.people]
        votes = votes_of(step, ANY_ONE, chosen.asked, self.instance.initiator, self.finding)
        return [
            StepVotes(
                step,
                each,
                tuple(v for v in votes if len(everybody) == 1 or v.person in each.people),
            )
            for each in everybody
        ]

    def _rejected(self, step: EngineStep) -> StepVotes | None:
        """A child that was finished with a rejection: it fails the stage."""
        if decision(step, self.instance.initiator, MappingFinding()) is not False:
            return None
        people = deciders(step, self.instance.initiator, approved=False)
        able = [person for person in people if person != self.instance.initiator]
        return StepVotes(step, StepApprovers(), rejected_by=able[0] if able else NOBODY)

    def _with_answer(self, asked: StepApprovers, found: MappingFinding, step: EngineStep) -> Chosen:
        """Whom a person chose, where the rules alone give a reason for a person."""
        chosen = chosen_for(step, asked, found, self.answer, self.people)
        self.finding.take(MappingFinding(remarks=found.remarks))
        self.finding.take(chosen.finding)
        return chosen

    def _in_general(self, step: EngineStep) -> StepApprovers:
        key = (self.definition.id, step.index, json.dumps(step.definition, sort_keys=True))
        known = self.setting.asked.get(key)
        if known is None:
            bare = replace(step, row={}, actions=(), delegations=())
            known = self.anybody.of_step(bare, MappingFinding())
            if len(self.setting.asked) >= MOST_KEPT:
                self.setting.asked.clear()
            self.setting.asked[key] = known
        return known


def _without_done(seats: list[StepVotes]) -> tuple[StepVotes, ...]:
    """Without parts that are approved already by somebody whom an open part still asks."""
    waiting = {p for seat in seats if not seat.is_satisfied for p in seat.asked.people}
    return tuple(
        seat
        for seat in seats
        if not seat.is_satisfied or not waiting & {vote.person for vote in seat.votes}
    )
