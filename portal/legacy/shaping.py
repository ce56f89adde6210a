"""The parts of a route with their people: the shapes from which policy and open stage are made."""

import json
from dataclasses import dataclass, field, replace

from portal.domain.policy.policy import Mode
from portal.legacy.answering import Chosen, chosen_for
from portal.legacy.clocks import wait_of
from portal.legacy.people import Asked, People
from portal.legacy.records import Definition, Finding, Instance, Step
from portal.legacy.seats import Seat, count, counts_one, votes_of
from portal.legacy.setting import NOBODY, Answer, Setting
from portal.legacy.stages import ANY_ONE, Shape
from portal.legacy.units import Part, Unit
from portal.legacy.votes import deciders, decision

MOST_KEPT = 5000


@dataclass(frozen=True)
class Behind:
    """A finished or jumped-over step as a stage that is over. `approved` None: it was skipped."""

    step: Step
    shape: Shape
    approved: bool | None


@dataclass
class Shaper:
    """Makes the shapes of one instance; what cannot be moved goes to the finding."""

    instance: Instance
    definition: Definition
    setting: Setting
    finding: Finding
    answer: Answer | None = None
    keys: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        directory, requester = self.setting.directory, self.instance.initiator
        self.people = People(directory, self.definition, requester)
        # Being told of something, and whom a definition asks in general, excludes nobody.
        self.anybody = People(directory, self.definition, None)

    def ahead(self, unit: Unit) -> Shape | None:
        """A part that is still to come, or open; None for a notice that nobody would get."""
        if unit.part is Part.NOTIFY:
            return self._notice(unit)
        shape = self._shape(unit)
        if unit.part is Part.LEFT_OUT:
            return shape
        if unit.is_group:
            seats = [seat for step in unit.steps for seat in self._parts(step)]
            seats += [seat for step in unit.finished if (seat := self._rejected(step))]
            return replace(shape, seats=_without_done(seats))
        return self._single(shape, unit.steps[0])

    def general(self, unit: Unit) -> Shape:
        """The part as its definition has it, whoever is asked now: for a later round."""
        quiet = Finding()
        seats = tuple(Seat(step, self._in_general(step)) for step in unit.steps)
        shape = self._shape(unit, seats)
        if unit.part is not Part.APPROVAL or unit.is_group:
            return shape
        return replace(shape, counted=count(unit.steps[0], seats[0].asked, quiet))

    def _shape(self, unit: Unit, seats: tuple[Seat, ...] = ()) -> Shape:
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
        asked = self.anybody.of_step(unit.steps[0], Finding())
        if not asked.people:
            self.finding.remark(f"The notice “{unit.steps[0].name}” reaches nobody: left out.")
            return None
        return self._shape(unit, (Seat(unit.steps[0], asked),))

    def _single(self, shape: Shape, step: Step) -> Shape:
        found = Finding()
        asked = self.people.of_step(step, found)
        counted = count(step, asked, found)
        seat = self._with_answer(asked, found, step)
        counted = counted if seat.counted is None else seat.counted
        votes = votes_of(step, counted, seat.asked, self.instance.initiator, self.finding)
        return replace(shape, seats=(Seat(step, seat.asked, votes),), counted=counted)

    def _parts(self, step: Step) -> list[Seat]:
        """One child of a group: one approval of it is enough, unless a person chose all."""
        found = Finding()
        asked = self.people.of_step(step, found)
        counts_one(step, asked, found)
        chosen = self._with_answer(asked, found, step)
        everybody = [chosen.asked]
        if chosen.counted is not None and chosen.counted.mode is Mode.ALL:
            everybody = [replace(chosen.asked, people=(each,)) for each in chosen.asked.people]
        votes = votes_of(step, ANY_ONE, chosen.asked, self.instance.initiator, self.finding)
        return [
            Seat(
                step,
                each,
                tuple(v for v in votes if len(everybody) == 1 or v.person in each.people),
            )
            for each in everybody
        ]

    def _rejected(self, step: Step) -> Seat | None:
        """A child that was finished with a rejection: it fails the stage."""
        if decision(step, self.instance.initiator, Finding()) is not False:
            return None
        people = deciders(step, self.instance.initiator, approved=False)
        able = [person for person in people if person != self.instance.initiator]
        return Seat(step, Asked(), rejected_by=able[0] if able else NOBODY)

    def _with_answer(self, asked: Asked, found: Finding, step: Step) -> Chosen:
        """Whom a person chose, where the rules alone give a reason for a person."""
        chosen = chosen_for(step, asked, found, self.answer, self.people)
        self.finding.take(Finding(remarks=found.remarks))
        self.finding.take(chosen.finding)
        return chosen

    def _in_general(self, step: Step) -> Asked:
        key = (self.definition.id, step.index, json.dumps(step.definition, sort_keys=True))
        known = self.setting.asked.get(key)
        if known is None:
            bare = replace(step, row={}, actions=(), delegations=())
            known = self.anybody.of_step(bare, Finding())
            if len(self.setting.asked) >= MOST_KEPT:
                self.setting.asked.clear()
            self.setting.asked[key] = known
        return known


def _without_done(seats: list[Seat]) -> tuple[Seat, ...]:
    """Without parts that are approved already by somebody whom an open part still asks."""
    waiting = {p for seat in seats if not seat.is_satisfied for p in seat.asked.people}
    return tuple(
        seat
        for seat in seats
        if not seat.is_satisfied or not waiting & {vote.person for vote in seat.votes}
    )
