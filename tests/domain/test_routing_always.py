"""What holds for every policy, directory and question."""

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.codec import decode, encode
from portal.domain.people.directory import Directory
from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Mode,
    Policy,
    RuleKind,
    Stage,
)
from portal.domain.routing.approvers import share_out
from portal.domain.routing.plan import RoutePlan, RouteQuestion
from portal.domain.routing.step import plan_next
from tests.domain.office import clock, directory, question

PEOPLE = ("rita", "max", "dora", "fay", "finn", "ida", "otto", "bob", "nemo")
some = st.lists(st.sampled_from(PEOPLE), max_size=4).map(tuple)
rules = st.builds(
    ApproverRule,
    kind=st.sampled_from(RuleKind),
    people=some,
    code=st.sampled_from([None, "FIN", "IT", "SALES", "auditor"]),
    levels=st.integers(1, 4),
    form_field=st.sampled_from([None, "who", "where"]),
)
rule_lists = st.lists(rules, max_size=3).map(tuple)
stages = st.builds(
    Stage,
    key=st.sampled_from(["a", "b", "c"]),
    name=st.just("Stage"),
    mode=st.sampled_from(Mode),
    rules=rule_lists,
    quorum=st.none() | st.integers(1, 4),
    quorum_percent=st.integers(1, 100),
    condition=st.sampled_from([None, "true"]),
    distinct=st.booleans(),
    fallback=rule_lists,
    escalate=st.lists(st.builds(EscalationLevel, after=st.integers(1, 9), to=rule_lists)).map(
        tuple
    ),
)
policies = st.builds(Policy, stages=st.lists(stages, max_size=3).map(tuple), fallback=rule_lists)
questions = st.builds(
    question,
    from_index=st.integers(0, 2),
    on_behalf_of=st.sampled_from([None, "bob"]),
    fields=st.fixed_dictionaries({"who": st.none() | some.map(list), "where": st.just("FIN")}),
    carried=st.sampled_from([(), ("a",), ("a", "b")]),
    deciders=some,
)
directories = st.builds(directory, away=some, FIN=some, IT=some)
conditions = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.booleans() | st.just("it is broken")
)
asking = given(policy=policies, asks=questions, known=directories, values=conditions)
quick = settings(max_examples=120, deadline=None)


def answer(
    policy: Policy, asks: RouteQuestion, known: Directory, values: dict[str, bool | str]
) -> RoutePlan:
    return plan_next(policy, asks, known, values, clock)


@quick
@asking
def test_only_active_people_who_may_decide_are_asked_once_each(
    policy: Policy, asks: RouteQuestion, known: Directory, values: dict[str, bool | str]
) -> None:
    stage = answer(policy, asks, known, values).stage
    if stage is None:
        return
    barred = {asks.requester_id, asks.on_behalf_of}
    if stage.distinct:
        barred |= set(asks.deciders)
    targets = [each.person_id for level in stage.escalations for each in level.to]
    people = [each.person_id for each in stage.people]
    assert barred - {None} <= set(stage.excluded)
    assert not set(stage.excluded) & {*people, *targets}
    assert all(known.people[each].is_active for each in (*people, *targets))
    assert len(set(people)) == len(people)
    assert all(str(each.why).endswith(".") for each in stage.people)


@quick
@asking
def test_every_opened_stage_can_pass(
    policy: Policy, asks: RouteQuestion, known: Directory, values: dict[str, bool | str]
) -> None:
    stage = answer(policy, asks, known, values).stage
    if stage is None:
        return
    if stage.mode is Mode.PER_GROUP:
        assert {each.group for each in stage.people} == set(stage.groups)
        assert len(set(stage.groups)) == len(stage.groups)
    else:
        assert 1 <= stage.needed <= len(stage.people)


@quick
@asking
def test_no_stage_is_passed_over_without_a_word(
    policy: Policy, asks: RouteQuestion, known: Directory, values: dict[str, bool | str]
) -> None:
    plan = answer(policy, asks, known, values)
    indexes = [skip.index for skip in plan.skipped]
    assert indexes == list(range(asks.from_index, asks.from_index + len(indexes)))
    assert all(skip.reason for skip in plan.skipped)
    if plan.stage is None and plan.attention is None:
        assert asks.from_index + len(indexes) >= len(policy.stages)
    assert not (plan.stage and plan.attention)
    assert decode(RoutePlan, encode(plan)) == plan
    assert decode(RouteQuestion, encode(asks)) == asks
    assert decode(Policy, encode(policy)) == policy


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(0, 4).map(str), max_size=4)))
def test_a_group_stays_empty_only_if_it_must(groups: dict[str, list[str]]) -> None:
    shared = share_out(groups)
    given_out = [person for people in shared.values() for person in people]
    assert sorted(given_out) == sorted({each for people in groups.values() for each in people})
    assert all(set(people) <= set(groups[group]) for group, people in shared.items())
    served = {group for group, people in shared.items() if people}
    assert len(served) == most_served(list(groups.values()), frozenset())


def most_served(groups: list[list[str]], taken: frozenset[str]) -> int:
    """By trying everything: how many groups can have somebody of their own."""
    if not groups:
        return 0
    best = most_served(groups[1:], taken)
    for person in set(groups[0]) - taken:
        best = max(best, 1 + most_served(groups[1:], taken | {person}))
    return best
