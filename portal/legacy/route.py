"""Where an old instance stands and what is ahead of it, from its step rows alone.

The walk follows nextSteps; a step without any is followed by the next in order. Steps that are
finished are walked through, so a loop ends by itself.
"""

from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from portal.legacy.choices import PersonsChoice, ReasonQuestion, RequestCourse
from portal.legacy.engine import EngineStep, Instance, MappingFinding
from portal.legacy.values import NUMBER, mapping, text


class RoutePart(StrEnum):
    """What a part of the route ahead is."""

    APPROVAL = "approval"
    NOTIFY = "notify"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class Unit:
    """One part of the route ahead: a step, or the open steps that are one stage together.

    `finished`: the children of the same PARALLEL step that are done. `around`: the PARALLEL steps
    themselves, whose clocks count too. `condition`: why it is left out, or asked, in words.
    """

    part: RoutePart
    steps: tuple[EngineStep, ...]
    finished: tuple[EngineStep, ...] = ()
    around: tuple[EngineStep, ...] = ()
    condition: str = ""

    @property
    def is_group(self) -> bool:
        """Whether several steps, or children of a PARALLEL step, are one stage."""
        return len(self.steps) > 1 or bool(self.around)


@dataclass
class Route:
    """`past`: finished and jumped-over steps, in order; `ahead`: what is left, first come first."""

    past: list[EngineStep] = field(default_factory=list)
    ahead: list[Unit] = field(default_factory=list)


MISSING = object()


class NoCondition(ValueError):
    """The condition cannot be read; the message says why, as the end of a sentence."""


def holds(condition: Any, context: dict[str, Any]) -> bool:
    """Whether the condition is true of the context; without a condition it is.

    Raises NoCondition for a shape or an operator that the old engine did not have.
    """
    if condition is None or condition in ({}, ""):
        return True
    parts = mapping(condition)
    field, operator = text(parts.get("field")), parts.get("operator")
    if field is None:
        raise NoCondition("it names no field")
    test = OPERATORS.get(operator) if isinstance(operator, str) else None
    if test is None:
        raise NoCondition(f"its operator is {operator!r}")
    return test(context.get(parts["field"], MISSING), parts.get("value"))


def condition_in_words(condition: Any) -> str:
    """The condition as a clause, for pages: "if amount is greater than 500"."""
    parts = mapping(condition)
    operator = WORDS.get(str(parts.get("operator")), str(parts.get("operator")))
    return f"if {parts.get('field')} {operator} {parts.get('value')}"


def _equals(found: Any, value: Any) -> bool:
    if found is MISSING or _kind(found) != _kind(value):
        return False
    return bool(found == value)


def _differs(found: Any, value: Any) -> bool:
    return not _equals(found, value)


def _greater(found: Any, value: Any) -> bool:
    left, right = _number(found), _number(value)
    return left is not None and right is not None and left > right


def _less(found: Any, value: Any) -> bool:
    left, right = _number(found), _number(value)
    return left is not None and right is not None and left < right


def _contains(found: Any, value: Any) -> bool:
    if isinstance(found, list):
        return any(_equals(each, value) for each in found)
    return isinstance(found, str) and isinstance(value, str) and value in found


def _kind(value: Any) -> str:
    """The JSON type: true is no number, and 1 and 1.0 are the same."""
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _number(value: Any) -> Decimal | None:
    """A number, also where it is written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(repr(value))
    return Decimal(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _equals,
    "notEquals": _differs,
    "greaterThan": _greater,
    "lessThan": _less,
    "contains": _contains,
}
WORDS = {
    "equals": "is",
    "notEquals": "is not",
    "greaterThan": "is greater than",
    "lessThan": "is less than",
    "contains": "contains",
}


BRANCHES = ReasonQuestion.BRANCHES
APPROVAL, NOTIFICATION = "APPROVAL", "NOTIFICATION"
PARALLEL, CONDITION = "PARALLEL", "CONDITION"
KNOWN_STATUSES = frozenset(
    {"PENDING", "IN_PROGRESS", "COMPLETED", "REJECTED", "SKIPPED", "DELEGATED", "ESCALATED"}
)


def route_of(
    instance: Instance, finding: MappingFinding, choice: PersonsChoice | None = None
) -> Route:
    """The route of an active instance; what cannot be moved adds reasons for a person.

    `choice`: what a person answered to them.
    """
    for step in instance.steps:
        if step.passed_over:
            finding.remark(f"A person chose to pass over the step “{step.name}”: {step.status}.")
        elif step.status == "FAILED":
            finding.needs(f"The step “{step.name}” has failed.", ReasonQuestion.STEP)
        elif step.status not in KNOWN_STATUSES:
            reason = f"The step “{step.name}” has the unknown status {step.status!r}."
            finding.needs(reason, ReasonQuestion.STEP)
    walk = _RouteWalk(instance, finding, choice or PersonsChoice(kind=RequestCourse.GO_ON))
    walk.run()
    taken = {step.id for unit in walk.ahead for step in unit.steps}
    taken |= walk.neither
    past = [step for step in instance.steps if step.id not in taken]
    return Route(past, walk.ahead)


class _RouteWalk:
    """One pass from where the instance stands to the end, by places in the list of steps."""

    def __init__(self, instance: Instance, finding: MappingFinding, choice: PersonsChoice) -> None:
        self.steps = instance.steps
        self.context = instance.context
        self.finding = finding
        self.choice = choice
        self.ahead: list[Unit] = []
        # Steps that are neither past nor a stage ahead, such as a condition still to come.
        self.neither: set[str] = set()
        self._waiting: list[int] = []
        self._visited: set[int] = set()
        self._left_out: dict[int, str] = {}
        self._why: dict[int, str] = {}
        places = {step.key: place for place, step in reversed(list(enumerate(self.steps)))}
        self._targets = [self._named(step, place, places) for place, step in enumerate(self.steps)]

    def run(self) -> None:
        """Visit everything that can be reached, the first in order first."""
        under_way = [place for place, step in enumerate(self.steps) if step.is_under_way]
        starts = sorted({self._outer(place) for place in under_way}) or [0]
        # What is finished before it stays finished, also where a loop leads back there.
        if under_way:
            self._visited |= {each for each in range(starts[0]) if self.steps[each].is_finished}
        together = [place for place in starts if self.steps[place].type in (APPROVAL, PARALLEL)]
        for place in starts:
            if place not in together or not under_way:
                self._push([place])
        if under_way and len(together) > 1:
            self._visit_together(together)
        else:
            self._push(together if under_way else [])
        while self._waiting:
            self._visit(self._waiting.pop(0))

    def _named(self, step: EngineStep, place: int, places: dict[str | None, int]) -> list[int]:
        unknown = [key for key in step.next_keys if key not in places]
        if unknown:
            self.finding.remark(f"“{step.name}” names next steps that do not exist: {unknown}.")
        found = {places[key] for key in step.next_keys if key in places}
        return sorted(found - {place})

    def _outer(self, place: int) -> int:
        """The PARALLEL step that an open step is a child of, or itself."""
        for outer, step in enumerate(self.steps):
            if step.type == PARALLEL and place in self._targets[outer]:
                return outer
        return place

    def _push(self, places: Iterable[int]) -> None:
        for each in places:
            place = each
            while place in self._left_out:
                place += 1
            if place < len(self.steps) and place not in self._visited | set(self._waiting):
                insort(self._waiting, place)

    def _after(self, place: int) -> list[int]:
        """What follows a step. Where nextSteps only lead back, the next in order follows."""
        targets = self._targets[place]
        if not targets:
            return [place + 1]
        fresh = [each for each in targets if each not in self._visited]
        if fresh or any(each > place for each in targets):
            return fresh
        return [each for each in range(place + 1, len(self.steps)) if each not in self._visited][:1]

    def _visit(self, place: int) -> None:
        if place in self._visited:
            return
        self._visited.add(place)
        step = self.steps[place]
        if step.type == PARALLEL:
            self._visit_parallel(place)
        elif step.is_finished:
            self._push(self._after(place))
        elif step.type == CONDITION:
            self._visit_condition(place)
        else:
            self._visit_plain(place)

    def _visit_plain(self, place: int) -> None:
        step = self.steps[place]
        if step.definition.get("condition"):
            self.finding.remark(f"The condition on “{step.name}” was never read: ignored.")
        part = {APPROVAL: RoutePart.APPROVAL, NOTIFICATION: RoutePart.NOTIFY}.get(step.type)
        if part is not None:
            self.ahead.append(Unit(part, (step,), condition=self._why.get(place, "")))
        elif self.choice.skip:
            self.ahead.append(
                Unit(RoutePart.LEFT_OUT, (step,), condition="because a person chose so")
            )
        else:
            reason = f"The step “{step.name}” is of the kind {step.type or 'nothing'}."
            self.finding.needs(reason, ReasonQuestion.STEP)
        self._push(self._after(place))

    def _visit_condition(self, place: int) -> None:
        step = self.steps[place]
        self.neither.add(step.id)
        guarded = self._targets[place] or [place + 1]
        if self._holds(step):
            words = self._words(step)
            self._why.update(dict.fromkeys(guarded, words) if words else {})
            self._push(self._after(place))
            return
        for each in guarded:
            self._leave_out(each, self._words(step))
        self._push([place + 1])

    def _leave_out(self, place: int, words: str) -> None:
        if place >= len(self.steps) or place in self._visited:
            return
        step = self.steps[place]
        self._left_out[place] = words
        self._visited.add(place)
        if not step.is_finished:
            self.ahead.append(Unit(RoutePart.LEFT_OUT, (step,), condition=words))
        if step.type == PARALLEL:
            for child in self._targets[place]:
                self._leave_out(child, words)

    def _holds(self, step: EngineStep) -> bool:
        condition = step.definition.get("condition")
        if not isinstance(self.context, dict):
            return self._chosen(f"The condition “{step.name}” needs a context, and that is none.")
        try:
            return holds(condition, self.context)
        except NoCondition as error:
            return self._chosen(f"The condition “{step.name}” cannot be read: {error}.")

    def _chosen(self, reason: str) -> bool:
        """What a person chose that the condition counts as."""
        if self.choice.condition is None:
            self.finding.needs(reason, ReasonQuestion.CONDITION)
            return True
        counts = "true" if self.choice.condition else "false"
        self.finding.remark(f"{reason} A person chose that it is {counts}.")
        return self.choice.condition

    def _words(self, step: EngineStep) -> str:
        condition = step.definition.get("condition")
        return condition_in_words(condition) if condition else ""

    def _visit_parallel(self, place: int) -> None:
        step, children = self.steps[place], self._targets[place]
        self.neither.add(step.id)
        if not children:
            if not step.is_finished:
                self._cannot(
                    f"The parallel step “{step.name}” names no steps.", ReasonQuestion.STEP
                )
            self._push([place + 1])
            return
        self._visited.update(children)
        self._stage([place], children)
        self._push(self._join(place, children))

    def _visit_together(self, places: list[int]) -> None:
        """Steps in progress at the same time are one stage."""
        self._visited.update(places)
        around = [place for place in places if self.steps[place].type == PARALLEL]
        steps = [place for place in places if place not in around]
        for place in around:
            self.neither.add(self.steps[place].id)
            steps += self._targets[place]
        self._visited.update(steps)
        self._stage(around, sorted(set(steps)))
        for place in places:
            parallel = place in around
            self._push(self._join(place, self._targets[place]) if parallel else self._after(place))

    def _stage(self, around: list[int], places: list[int]) -> None:
        steps = [self.steps[place] for place in places]
        for step in steps:
            if not step.is_finished and step.type != APPROVAL:
                reason = f"“{step.name}”, part of a parallel step, is no approval."
                self._cannot(reason, ReasonQuestion.STEP)
        still_open = tuple(s for s in steps if not s.is_finished and s.type == APPROVAL)
        if not still_open:
            return
        finished = tuple(step for step in steps if step.is_finished and step.type == APPROVAL)
        outer = tuple(self.steps[place] for place in around)
        self.ahead.append(Unit(RoutePart.APPROVAL, still_open, finished, outer))

    def _cannot(self, reason: str, question: ReasonQuestion) -> None:
        """A reason for a person, unless one has answered it."""
        if self.choice.answers(question):
            self.finding.remark(f"{reason} A person chose to go on all the same.")
        else:
            self.finding.needs(reason, question)

    def _join(self, place: int, children: list[int]) -> list[int]:
        """Where the children of a PARALLEL step meet: at the next steps that all of them share."""
        named = [set(self._targets[child]) for child in children if self._targets[child]]
        if not named:
            return [max(children, default=place) + 1]
        shared = set.intersection(*named)
        if not shared and any(not self.steps[child].is_finished for child in children):
            name = self.steps[place].name
            self._cannot(f"The branches of the parallel step “{name}” never meet.", BRANCHES)
        return sorted(shared or set.union(*named))
