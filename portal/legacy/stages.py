"""A part of the old route as a stage: for the policy, and as a plan that is open now."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Mode,
    Rejection,
    RuleKind,
    Stage,
    StageKind,
)
from portal.domain.routing.group_matching import share_out
from portal.domain.routing.plan import Candidate, PlannedEscalation, StagePlan
from portal.legacy.clocks import Clock, Wait, minutes
from portal.legacy.people import People
from portal.legacy.records import Step
from portal.legacy.seats import Count, Seat
from portal.legacy.setting import Setting
from portal.legacy.units import Part, Unit
from portal.legacy.votes import Vote

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
    seats: tuple[Seat, ...] = ()
    counted: Count = ANY_ONE
    wait: Wait = NO_CLOCK

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who is asked."""
        return tuple(dict.fromkeys(p for seat in self.seats for p in seat.asked.people))

    @property
    def votes(self) -> tuple[tuple[Seat, Vote], ...]:
        """The votes that are in, with their seats."""
        return tuple((seat, vote) for seat in self.seats for vote in seat.votes)


def policy_stage(shape: Shape, people: People, setting: Setting) -> Stage:
    """The stage as the policy keeps it: everybody by name, waits by the wall clock."""
    if shape.unit.part is Part.LEFT_OUT:
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
    if shape.unit.part is Part.NOTIFY:
        return replace(stage, kind=StageKind.NOTIFY, rejection=None)
    due, escalate = shape.wait.due, shape.wait.escalate
    above = people.above(shape.people) if escalate is not None else ()
    levels = (
        [EscalationLevel(after=minutes(escalate), to=(_named(above, setting),))]
        if (escalate is not None and above)
        else []
    )
    grouped = len(shape.seats) > 1
    return replace(
        stage,
        mode=Mode.PER_GROUP if grouped else shape.counted.mode,
        quorum=shape.counted.needed if shape.counted.mode is Mode.QUORUM and not grouped else None,
        remind_after=() if due is None else (minutes(due),),
        escalate=tuple(levels),
    )


def _rules(shape: Shape, setting: Setting) -> tuple[ApproverRule, ...]:
    """One rule for each seat that can ask somebody; the labels name the groups."""
    names = group_names(seat.step for seat in shape.seats)
    seats = zip(names, shape.seats, strict=True)
    return tuple(
        _named(seat.asked.people, setting, name if len(shape.seats) > 1 else "")
        for name, seat in seats
        if seat.asked.people
    )


def _named(people: Iterable[str], setting: Setting, label: str = "") -> ApproverRule:
    ids = tuple(setting.user(person) for person in people)
    return ApproverRule(kind=RuleKind.PEOPLE, people=ids, label=label)


def group_names(steps: Iterable[Step]) -> list[str]:
    """What the parts of a stage are called: the names of their steps, each of them once."""
    names: list[str] = []
    for step in steps:
        name, number = step.name, 2
        while name in names:
            name, number = f"{step.name} ({number})", number + 1
        names.append(name)
    return names


def open_plan(
    shape: Shape, index: int, clock: Clock, people: People, setting: Setting
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
    if all(seat.is_one_person for seat in shape.seats):
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
    shared = _share(pools)
    candidates = [
        replace(named[person], group=name) for name, chosen in shared.items() for person in chosen
    ]
    return Mode.PER_GROUP, tuple(shared), tuple(candidates)


def _share(pools: dict[str, list[str]]) -> dict[str, list[str]]:
    """Everybody in one group. Where one person is all that two groups have, they are one group."""
    shared = share_out(pools)
    for name, chosen in shared.items():
        if chosen:
            continue
        pool = set(pools[name])
        other = next(each for each in pools if each != name and pool & set(pools[each]))
        both = [person for person in pools[other] if person in pool]
        rest = {each: people for each, people in pools.items() if each not in (name, other)}
        return _share({**rest, f"{other}, {name}": both})
    return shared


def _of_seat(seat: Seat, group: str | None, setting: Setting) -> list[Candidate]:
    if seat.rejected_by is not None:
        return [_candidate(seat.rejected_by, "You decided in the old system.", setting, group)]
    found = [_candidate(each, seat.asked.why, setting, group) for each in seat.asked.people]
    voters = [vote.person for vote in seat.votes if vote.person not in seat.asked.people]
    why = "You voted in the old system."
    return found + [_candidate(each, why, setting, group) for each in voters]


def _candidate(person: str, why: str, setting: Setting, group: str | None = None) -> Candidate:
    id_ = setting.user(person)
    return Candidate(person_id=id_, name=setting.names[id_], why=why, group=group)
