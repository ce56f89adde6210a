"""What an absence's preview foresees agrees with what happens when a task comes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.people.directory import (
    Department,
    Directory,
    Group,
    Person,
    Relation,
    Standing,
)
from portal.domain.policy.policy import (
    ApproverRule,
    Policy,
    Reach,
    Receivers,
    RuleKind,
    Stage,
)
from portal.domain.routing.approvers import find, managers_above
from portal.domain.routing.eligibility import closed_stages, receiving
from tests.domain.office import question

STAFF = ("ana", "ben", "cleo", "dora")
CODES = ("FIN", "IT")
somebody = st.sampled_from(STAFF)
by_code = (RuleKind.GROUP, RuleKind.ROLE, RuleKind.DEPARTMENT_HEAD)


@st.composite
def rules(draw: st.DrawFn) -> ApproverRule:
    kind = draw(st.sampled_from([each for each in RuleKind if each is not RuleKind.CHOSEN]))
    match kind:
        case RuleKind.PEOPLE:
            return ApproverRule(kind=kind, people=tuple(draw(st.sets(somebody, min_size=1))))
        case RuleKind.MANAGER:
            return ApproverRule(kind=kind, levels=draw(st.integers(1, 2)))
    if draw(st.booleans()):
        codes = {"1": draw(st.sampled_from(CODES)), "2": draw(st.sampled_from(CODES))}
        return ApproverRule(kind=kind, form_field="unit", codes=codes)
    if kind is RuleKind.DEPARTMENT_HEAD and draw(st.booleans()):
        return ApproverRule(kind=kind)
    return ApproverRule(kind=kind, code=draw(st.sampled_from(CODES)))


some_rules = st.lists(rules(), max_size=2).map(tuple)


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    managers: dict[str, str | None] = {
        name: draw(st.none() | st.sampled_from(STAFF[number + 1 :])) if number < 3 else None
        for number, name in enumerate(STAFF)
    }
    people = {
        name: Person(id=name, name=name, manager_id=managers[name], department_id="FIN")
        for name in STAFF
    }
    members = st.lists(somebody, unique=True).map(tuple)
    groups = {code: Group(code=code, name=code, members=draw(members)) for code in CODES}
    departments = {
        code: Department(id=code, code=code, name=code, head_id=draw(st.none() | somebody))
        for code in CODES
    }
    roles = {code: draw(members) for code in CODES}
    return Directory(people=people, groups=groups, departments=departments, roles=roles)


def standing(directory: Directory, person: str) -> Standing:
    return Standing(
        person_id=person,
        groups=frozenset(c for c, each in directory.groups.items() if person in each.members),
        roles=frozenset(c for c, holders in directory.roles.items() if person in holders),
        heads=frozenset(c for c, each in directory.departments.items() if each.head_id == person),
        has_reports=any(each.manager_id == person for each in directory.people.values()),
    )


def relation(directory: Directory, owner: str, other: str) -> Relation:
    one, two = standing(directory, owner), standing(directory, other)
    above = {each.id for each in managers_above(directory.people[owner], directory)}
    return Relation(
        is_above=other in above,
        shares_group=bool(one.groups & two.groups),
        shares_role=bool(one.roles & two.roles),
        is_as_high=False,
    )


@given(
    directory=directories(),
    own=st.lists(rules(), min_size=1, max_size=2).map(tuple),
    fallback=some_rules,
    stand_ins=some_rules,
    receivers=st.sampled_from(Receivers),
    owner=somebody,
    other=somebody,
    asks=somebody,
    unit=st.sampled_from(["1", "2"]),
)
def test_what_is_not_announced_as_closed_can_be_taken(
    directory: Directory, owner: str, other: str, asks: str, unit: str, **policy: Any
) -> None:
    stage = Stage(
        key="only", name="Only", rules=policy["own"], fallback=policy["fallback"],
        receivers=policy["receivers"],
    )  # fmt: skip
    whole = Policy(stages=(stage,), stand_ins=policy["stand_ins"])
    asked = question(requester_id=asks, fields={"unit": unit})
    how = relation(directory, owner, other)
    closed = closed_stages(whole, standing(directory, owner), standing(directory, other), how)
    by_which = [
        rule
        for rule in stage.rules
        if owner in {person for person, _ in find(rule, asked, directory).people}
    ]
    reach = receiving(whole, stage, asked, directory).reach(other, how)
    if by_which and not closed:
        assert reach is not Reach.OUTSIDE
    if closed:
        assert not how.is_above
