"""Routes in outline: who would be asked, without times and sentences, for thousands of requests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from portal.domain.people.directory import Directory
from portal.domain.policy.conditions import holds
from portal.domain.policy.forms import Choice, FieldKind, FormField, comparable
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage, StageKind
from portal.domain.policy.types import TypeContent
from portal.domain.request.reasons import Code, Kept, Reason
from portal.domain.request.state import Priority
from portal.domain.routing.approvers import ApproverChoice, choose
from portal.domain.routing.plan import RouteQuestion, StageOutline, StageSkip
from portal.domain.routing.step import Conditions, by_condition, chooser_of

# So many choices are remembered: who is asked follows from a few things, which come again.
MOST_REMEMBERED = 20_000


@dataclass
class Outliner:
    """Routes by one policy, all by the same directory. Absences are left out: who is away today
    says nothing of another day."""

    policy: Policy
    directory: Directory
    is_simple: bool = False
    _known: dict[Any, StageOutline] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._named = named_by(self.policy, self.directory)
        self._reads = [
            tuple({r.form_field for r in (*s.rules, *s.fallback, *self.policy.fallback)} - {None})
            for s in self.policy.stages
        ]

    def kind_of(self, person_id: str) -> tuple[str | None, ...]:
        """What the rules can know of whoever asks: all of one kind have the same route."""
        person = self.directory.people.get(person_id)
        own = person_id if person is None or person_id in self._named else None
        if person is None:
            return (own,)
        return (own, person.manager_id, person.department_id)

    def route(self, question: RouteQuestion, conditions: Conditions) -> tuple[StageOutline, ...]:
        """The stages that would be asked or told, in order. Whoever would have to approve one for
        certain cannot decide a later one where those have to be distinct people."""
        stages: list[StageOutline] = []
        certain: set[str] = set()
        who = (self.kind_of(question.requester_id), question.on_behalf_of)
        for index, stage in enumerate(self.policy.stages):
            entry = by_condition(index, stage, conditions)
            if isinstance(entry, StageSkip):
                continue
            if entry is not None:
                lacks = (Code.CONDITION_FAILED.value,)
                stages.append(StageOutline(key=stage.key, name=stage.name, lacks=lacks))
                continue
            before = frozenset(certain) if stage.distinct else frozenset()
            values = tuple(_hashable(question.fields.get(n or "")) for n in self._reads[index])
            found = self._stage(index, question, before, (index, who, values, before))
            if found.is_stuck and found.is_notice:
                continue
            stages.append(found)
            if not found.is_notice and len(found.people) == found.needed:
                certain.update(found.people)
        return tuple(stages)

    def _stage(
        self, index: int, question: RouteQuestion, before: Iterable[str], mark: Any
    ) -> StageOutline:
        known = self._known.get(mark)
        if known is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            stage = self.policy.stages[index]
            choice = choose(chooser_of(stage, question, self.directory, before), stage, self.policy)
            known = self._known[mark] = self._outlined(stage, choice, question)
        return known

    def _outlined(
        self, stage: Stage, choice: ApproverChoice, question: RouteQuestion
    ) -> StageOutline:
        people = tuple(dict.fromkeys(each.person_id for each in choice.people))
        needed = choice.needed
        if self.is_simple and stage.kind is StageKind.APPROVAL:
            people, needed = people[:1], 1
        return StageOutline(
            key=stage.key,
            name=stage.name,
            people=people,
            needed=0 if stage.kind is StageKind.NOTIFY else needed,
            is_notice=stage.kind is StageKind.NOTIFY,
            lacks=_lacks(choice) if choice.problem else (),
            by_fallback=choice.used_fallback,
            is_own=any(
                each.person_id in {question.requester_id, question.on_behalf_of} - {None}
                for each in choice.left_out
            ),
        )


def _lacks(choice: ApproverChoice) -> tuple[str, ...]:
    """Codes of why people were left out, or of the problem itself."""
    codes = [_code(each.reason) for each in choice.left_out]
    return tuple(dict.fromkeys(codes)) or (_code(choice.problem),)


def _code(kept: Kept) -> str:
    return kept.code if isinstance(kept, Reason) else str(kept)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def named_by(policy: Policy, directory: Directory) -> frozenset[str]:
    """Everybody whom a rule may mean by itself, whoever asks: their own route is of its own."""
    found: set[str] = set()
    for rule in _rules(policy):
        found |= set(rule.people)
        if rule.kind is RuleKind.GROUP:
            groups = [directory.groups.get(rule.code)] if rule.code else directory.groups.values()
            found |= {member for group in groups if group for member in group.members}
        elif rule.kind is RuleKind.ROLE:
            found |= set(directory.roles.get(rule.code or "", ()))
        elif rule.kind is RuleKind.DEPARTMENT_HEAD:
            found |= {each.head_id for each in directory.departments.values() if each.head_id}
        elif rule.kind is RuleKind.CHOSEN:
            found |= set(directory.people)
    return frozenset(found)


def _rules(policy: Policy) -> list[ApproverRule]:
    rules = list(policy.fallback)
    for stage in policy.stages:
        rules += [*stage.rules, *stage.fallback]
    return rules


class Judge(Protocol):
    """Gives the value of a condition that was written by hand; a text says why it has none."""

    def __call__(self, expression: str, values: Mapping[str, Any], /) -> bool | str:
        """The value for these values of a request."""


def compared(content: TypeContent) -> tuple[FormField, ...]:
    """What conditions may compare: the form's fields, and what every request has beside them."""
    levels = tuple(Choice(value=each.value, label=each.value) for each in Priority)
    return (
        *comparable(content.form),
        FormField(name="department", label="", kind=FieldKind.CHOICE),
        FormField(name="priority", label="", kind=FieldKind.CHOICE, choices=levels),
    )


def judged(
    stages: Sequence[Stage],
    fields: Iterable[FormField],
    values: Mapping[str, Any],
    by_hand: Judge,
) -> dict[str, bool | str]:
    """The value of each condition by its stage's key: by its rows, else, for those that were
    written by hand, by `by_hand`."""
    fields = tuple(fields)
    found: dict[str, bool | str] = {}
    for stage in stages:
        if stage.condition is None:
            continue
        rows = stage.when
        if rows is not None and not rows.is_empty:
            found[stage.key] = holds(rows, fields, values)
        else:
            found[stage.key] = by_hand(stage.condition, values)
    return found
