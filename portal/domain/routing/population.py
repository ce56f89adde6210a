"""Everybody who could ask, by a draft's route at the edges of its conditions: who would be stuck,
and who would be asked about a request of their own."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any

from portal.domain.people.directory import Department, Directory, Person
from portal.domain.policy.forms import (
    DECIMALS,
    FieldKind,
    FormField,
    bound,
    comparable,
    decimal_text,
)
from portal.domain.policy.policy import Policy, RuleKind
from portal.domain.policy.types import TypeContent
from portal.domain.routing.outline import Judge, Outliner, judged, named_by
from portal.domain.routing.plan import RouteQuestion

# More combinations than these say nothing new: they are told apart by what they bring about.
MOST_TRIED = 2000
# So many departments are tried where the requester names one.
MOST_CHOSEN = 12
MOST_NAMED = 3
NUMBERS = frozenset({FieldKind.MONEY, FieldKind.INTEGER})


@dataclass(frozen=True, kw_only=True)
class Affected:
    """People who have the same trouble in a stage. `names`: the first of `count`; `lacks`: codes of
    why nobody is found."""

    stage_key: str
    stage: str
    count: int
    names: tuple[str, ...]
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PopulationRun:
    """How many could ask; those for whom a stage would find nobody; those whom a stage's rules mean
    although they ask themselves, so that others decide in their place."""

    people: int
    stuck: tuple[Affected, ...] = ()
    own: tuple[Affected, ...] = ()


@dataclass(frozen=True)
class Sample:
    """An invented request: what is compared in it, and what its conditions come to."""

    fields: Mapping[str, Any]
    conditions: Mapping[str, bool | str]


def run(
    content: TypeContent,
    fields: Sequence[FormField],
    directory: Directory,
    by_hand: Judge,
    now: datetime,
) -> PopulationRun:
    """Everybody active who may ask, at every edge. `fields`: what conditions may compare."""
    people = askers(content, directory)
    outliner = Outliner(content.policy, directory)
    codes = {each.id: each.code for each in directory.departments.values()}
    everything = list(_values(content, fields, directory))
    found: dict[tuple[str, str], dict[str, Any]] = {}
    samples: dict[str | None, list[Sample]] = {}
    by_department = any("department" in (each.condition or "") for each in content.policy.stages)
    for members in _by_kind(people, outliner):
        code = codes.get(members[0].department_id or "") if by_department else None
        if code not in samples:
            samples[code] = _samples(content, fields, everything, code, by_hand)
        _walk(outliner, members, samples[code], now, found)
    return PopulationRun(
        people=len(people),
        stuck=tuple(_affected(found, "stuck", content.policy)),
        own=tuple(_affected(found, "own", content.policy)),
    )


def askers(content: TypeContent, directory: Directory) -> list[Person]:
    """Everybody active who may ask; auditors never may."""
    people = [each for each in directory.people.values() if each.is_active and not each.is_auditor]
    only = content.policy.askers
    if only is None:
        return people
    members = {
        person: code for code in only.groups if code in directory.groups
        for person in directory.groups[code].members
    }  # fmt: skip
    by_id = {each.id: each for each in directory.departments.values()}
    return [
        each
        for each in people
        if each.id in members or only.admit((), _departments(each.department_id, by_id))
    ]


def _departments(id_: str | None, by_id: Mapping[str, Department]) -> set[str]:
    """The codes of a department and of all that it is part of."""
    codes: set[str] = set()
    each = by_id.get(id_ or "")
    while each is not None and each.code not in codes:
        codes.add(each.code)
        each = by_id.get(each.parent_id or "")
    return codes


def _by_kind(people: Iterable[Person], outliner: Outliner) -> Iterable[list[Person]]:
    kinds: dict[Any, list[Person]] = {}
    for each in people:
        kinds.setdefault(outliner.kind_of(each.id), []).append(each)
    return kinds.values()


def _walk(
    outliner: Outliner,
    members: Sequence[Person],
    samples: Iterable[Sample],
    now: datetime,
    found: dict[tuple[str, str], dict[str, Any]],
) -> None:
    question = RouteQuestion(
        request_id="", policy_version_id="", from_index=0, requester_id=members[0].id, now=now
    )
    for sample in samples:
        asked = replace(question, fields=dict(sample.fields))
        for stage in outliner.route(asked, dict(sample.conditions)):
            trouble = "stuck" if stage.is_stuck else "own" if stage.is_own else ""
            if trouble and not stage.is_notice:
                entry = found.setdefault((trouble, stage.key), {"people": {}, "lacks": {}})
                entry["people"].update({each.id: each.name for each in members})
                entry["lacks"].update(dict.fromkeys(stage.lacks))


def _affected(
    found: Mapping[tuple[str, str], Mapping[str, Any]], trouble: str, policy: Policy
) -> Iterator[Affected]:
    for stage in policy.stages:
        entry = found.get((trouble, stage.key))
        if entry is not None:
            names = sorted(entry["people"].values())
            yield Affected(
                stage_key=stage.key,
                stage=stage.name,
                count=len(names),
                names=tuple(names[:MOST_NAMED]),
                lacks=tuple(entry["lacks"]),
            )


def _samples(
    content: TypeContent,
    fields: Sequence[FormField],
    everything: Iterable[Mapping[str, Any]],
    department: str | None,
    by_hand: Judge,
) -> list[Sample]:
    """The invented requests that bring about different things, for askers of one department."""
    stages = content.policy.stages
    known: dict[tuple[Any, ...], Sample] = {}
    read = _read_by_rules(content.policy)
    for values in everything:
        full = {**values, "department": department}
        conditions = judged(stages, fields, full, by_hand)
        mark = (tuple(conditions.items()), tuple(str(values.get(name)) for name in read))
        known.setdefault(mark, Sample(values, conditions))
    return list(known.values())


def _read_by_rules(policy: Policy) -> tuple[str, ...]:
    rules = [*policy.fallback]
    for stage in policy.stages:
        rules += [*stage.rules, *stage.fallback]
    return tuple(dict.fromkeys(rule.form_field for rule in rules if rule.form_field))


def _values(
    content: TypeContent, fields: Sequence[FormField], directory: Directory
) -> Iterator[dict[str, Any]]:
    """Values at the edges of everything that the route compares or looks up."""
    base: dict[str, Any] = {each.name: None for each in content.form}
    base |= {"amount": None, "currency": "EUR", "priority": "MEDIUM", "round": 1, "title": "-"}
    edges = {each.name: list(_edges(each, content)) for each in fields}
    edges.pop("department", None)  # the asker's own
    chosen = _colleague(content.policy, directory)
    for rule_field in _read_by_rules(content.policy):
        each = content.field(rule_field)
        if each is not None and each.kind is FieldKind.CHOICE:
            edges[each.name] = [option.value for option in each.choices]
        elif each is not None and each.kind is FieldKind.DEPARTMENT:
            edges[each.name] = _by_head(directory)
        elif each is not None:
            edges[each.name] = [chosen]
    tried = {name: values for name, values in edges.items() if values}
    amount = next((each.name for each in comparable(content.form) if each.is_amount), None)
    if not amount and (numbers := _numbers(content, "amount")):
        tried["amount"] = [edge for n in numbers for edge in (n - 1, n, n + 1)]
    for some in _combined(tried):
        values = base | some
        yield values | ({"amount": values.get(amount)} if amount else {})


def _by_head(directory: Directory) -> list[str]:
    """Departments to choose among, those without an active head first."""

    def has_head(code: str) -> bool:
        head = directory.people.get(directory.departments[code].head_id or "")
        return head is not None and head.is_active

    return sorted(directory.departments, key=lambda code: (has_head(code), code))[:MOST_CHOSEN]


def _combined(tried: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Every combination; where they are too many, each value beside the first and the last ones of
    the others."""
    if prod(len(values) for values in tried.values()) <= MOST_TRIED:
        yield from (dict(zip(tried, each, strict=True)) for each in product(*tried.values()))
        return
    for at in (0, -1):
        rest = {name: values[at] for name, values in tried.items()}
        yield from (rest | {name: value} for name, values in tried.items() for value in values)


def _edges(each: FormField, content: TypeContent) -> Iterator[Any]:
    """The values of a field at which a condition may change; none where none speaks of it."""
    rows = [
        row for stage in content.policy.stages if stage.when for row in stage.when.all_rows()
        if row.field == each.name
    ]  # fmt: skip
    written = _numbers(content, each.name) | (
        _numbers(content, "amount") if each.is_amount else set()
    )
    if not rows and not written and not _mentions(content, each.name):
        return
    if not each.required or each.kind is FieldKind.ATTACHMENTS:
        yield [] if each.kind is FieldKind.ATTACHMENTS else None
    yield from _near(each, {row.value for row in rows if row.value is not None} | written)


def _near(each: FormField, values: Collection[int | str]) -> Iterator[Any]:
    """What the field may hold at and around these values."""
    match each.kind:
        case FieldKind.ATTACHMENTS:
            yield from ([{}] * number for number in range(1, max(map(int, values), default=0) + 2))
        case FieldKind.CHOICE:
            yield from (option.value for option in each.choices)
        case FieldKind.CHOICES:
            yield from ([option.value] for option in each.choices)
        case FieldKind.YES_NO:
            yield from (True, False)
        case FieldKind.DATE:
            yield from (str(day) for value in sorted(map(str, values)) for day in _around(value))
        case _ if each.kind in NUMBERS or each.kind in DECIMALS:
            yield from _numbers_near(each, values)
        case _:
            yield from ("", *sorted(map(str, values)), "–")


def _numbers_near(each: FormField, values: Iterable[int | str]) -> Iterator[int | str]:
    """Each number, the one below it and the one above it, as the field holds them."""
    is_decimal = each.kind in DECIMALS
    step = Decimal(1).scaleb(-each.places) if is_decimal else Decimal(1)
    numbers = {number for value in values if (number := bound(value)) is not None} or {Decimal(0)}
    least, lowest = bound(each.min_value), min(numbers) - step
    around = {number + by for number in numbers for by in (-step, Decimal(0), step)}
    for number in sorted(around):
        if number >= (lowest if least is None else least):
            yield decimal_text(number) if is_decimal else int(number)


def _around(value: str) -> Iterator[date]:
    try:
        day = date.fromisoformat(value)
        yield from (day - timedelta(1), day, day + timedelta(1))
    except (ValueError, OverflowError):
        return


def _mentions(content: TypeContent, name: str) -> bool:
    """Whether a condition written by hand speaks of the name."""
    return any(re.search(rf"\b{re.escape(name)}\b", each) for each in _by_hand(content))


def _numbers(content: TypeContent, name: str) -> set[int]:
    """The numbers in conditions written by hand that speak of the name."""
    found = [each for each in _by_hand(content) if re.search(rf"\b{re.escape(name)}\b", each)]
    return {int(number) for each in found for number in re.findall(r"\b\d{1,15}\b", each)}


def _by_hand(content: TypeContent) -> list[str]:
    return [
        stage.condition
        for stage in content.policy.stages
        if stage.condition and (stage.when is None or stage.when.is_empty)
    ]


def _colleague(policy: Policy, directory: Directory) -> str | None:
    """Somebody whom a requester may choose and no other rule means, if there is one."""
    plain = replace(policy, fallback=(), stages=tuple(
        replace(stage, rules=tuple(r for r in stage.rules if r.kind is not RuleKind.CHOSEN),
                fallback=()) for stage in policy.stages))  # fmt: skip
    named = named_by(plain, directory)
    managers = {each.manager_id for each in directory.people.values()}
    people = [each for each in directory.people.values() if each.is_active and not each.is_auditor]
    people.sort(key=lambda each: (each.id in named, each.id in managers, each.id))
    return people[0].id if people else None
