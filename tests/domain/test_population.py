"""Routes in outline, everybody who could ask by a draft's route, and past requests by two."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.people.directory import Department, Directory, Group, Person
from portal.domain.policy.conditions import Comparison, Condition, Row, expression
from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.policy.policy import ApproverRule, Mode, Policy, RuleKind, Stage, StageKind
from portal.domain.policy.types import TypeContent
from portal.domain.routing import step
from portal.domain.routing.backtest import Fate, PastRequest, Tally, fate
from portal.domain.routing.outline import Outliner, compared, judged
from portal.domain.routing.plan import Attention, RouteQuestion, StagePlan
from portal.domain.routing.population import run
from tests.domain.office import group, manager

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
FORM = (
    FormField(name="amount", label="Amount", kind=FieldKind.MONEY, currency="EUR", is_amount=True,
              min_value=0),
)  # fmt: skip


def from_amount(least: int) -> dict[str, Any]:
    when = Condition(rows=(Row(field="amount", comparison=Comparison.AT_LEAST, value=least),))
    return {"when": when, "condition": expression(when, FORM)}


def stage(key: str, *rules: ApproverRule, **values: Any) -> Stage:
    return Stage(key=key, name=key.title(), rules=rules, **values)


def house(*people: Person, **groups: tuple[str, ...]) -> Directory:
    return Directory(
        people={each.id: each for each in people},
        groups={code: Group(code=code, name=code, members=ids) for code, ids in groups.items()},
        departments={"SALES": Department(id="d1", code="SALES", name="Sales", head_id="boss")},
    )


BOSS = Person(id="boss", name="Boss", department_id="d1")
ANA = Person(id="ana", name="Ana", manager_id="boss", department_id="d1")
BEN = Person(id="ben", name="Ben", manager_id="boss")
GONE = Person(id="gone", name="Gone", manager_id="boss", is_active=False)
HOUSE = house(BOSS, ANA, BEN, GONE, finance=("ben",))


def by_hand(expression: str, values: Any) -> bool | str:
    raise AssertionError(expression)


def tried(*stages: Stage, directory: Directory = HOUSE, **policy: Any) -> Any:
    content = TypeContent(name="T", form=FORM, policy=Policy(stages=stages, **policy))
    return run(content, compared(content), directory, by_hand, NOW)


def test_whoever_has_no_manager_is_stuck() -> None:
    found = tried(stage("manager", manager()))
    assert found.people == 3
    (stuck,) = found.stuck
    assert (stuck.stage, stuck.count, stuck.names) == ("Manager", 1, ("Boss",))
    assert stuck.lacks == ("no_manager",)


def test_a_fallback_saves_them() -> None:
    assert not tried(stage("manager", manager()), fallback=(group("finance"),)).stuck


def test_somebody_would_be_asked_about_their_own() -> None:
    found = tried(stage("finance", group("finance")))
    assert [each.names for each in found.stuck] == [("Ben",)]
    found = tried(stage("finance", group("finance"), fallback=(ApproverRule(
        kind=RuleKind.PEOPLE, people=("boss",)),)))  # fmt: skip
    assert not found.stuck
    assert [(each.names, each.count) for each in found.own] == [(("Ben",), 1)]


def test_a_stage_behind_a_threshold_is_tried_beyond_it() -> None:
    found = tried(stage("manager", manager(), **from_amount(100_000)))
    assert [each.count for each in found.stuck] == [1]


def test_whoever_decides_for_certain_is_missing_where_people_are_distinct() -> None:
    stages = (stage("manager", manager()), stage("head", ApproverRule(
        kind=RuleKind.DEPARTMENT_HEAD), distinct=True))  # fmt: skip
    found = tried(*stages)
    assert ("Head", "Ana") in {(each.stage, name) for each in found.stuck for name in each.names}


LINES = (
    FormField(name="place", label="Place", kind=FieldKind.DEPARTMENT),
    FormField(name="items", label="Items", kind=FieldKind.LINES, total_of="price", currency="EUR",
              is_amount=True, columns=(
                  FormField(name="price", label="Price", kind=FieldKind.MONEY, currency="EUR"),)),
)  # fmt: skip


def test_a_sum_that_no_condition_reads_and_each_department_that_may_be_named() -> None:
    head = ApproverRule(kind=RuleKind.DEPARTMENT_HEAD, form_field="place")
    content = TypeContent(name="T", form=LINES, policy=Policy(stages=(stage("head", head),)))
    departments = {**HOUSE.departments, "OPS": Department(id="d2", code="OPS", name="Operations")}
    whole = replace(HOUSE, departments=departments)
    found = run(content, compared(content), whole, by_hand, NOW)
    assert [(each.count, each.lacks) for each in found.stuck] == [(3, ("no_head", "requester"))]
    lone = run(content, compared(content), HOUSE, by_hand, NOW)
    assert [(each.names, each.lacks) for each in lone.stuck] == [(("Boss",), ("requester",))]


def asks(who: str, amount: int) -> RouteQuestion:
    return RouteQuestion(
        request_id="r", policy_version_id="v", from_index=0, requester_id=who,
        fields={"amount": amount}, amount=amount, now=NOW,
    )  # fmt: skip


def route(*stages: Stage, amount: int, who: str = "ana", **policy: Any) -> Any:
    content = TypeContent(name="T", form=FORM, policy=Policy(stages=stages, **policy))
    question = asks(who, amount)
    conditions = judged(stages, compared(content), question.fields, by_hand)
    return Outliner(content.policy, HOUSE).route(question, conditions)


LIVE = (stage("manager", manager()), stage("finance", group("finance"), **from_amount(100_000)))


def test_the_fates_of_a_request() -> None:
    more = (*LIVE, stage("boss", ApproverRule(kind=RuleKind.PEOPLE, people=("boss",))))
    lower = (LIVE[0], stage("finance", group("finance"), **from_amount(10_000)))
    told = (*LIVE, stage("told", group("finance"), kind=StageKind.NOTIFY))
    other = (replace(LIVE[0], rules=(group("finance"),)), LIVE[1])
    small = route(*LIVE, amount=50_000)
    assert fate(small, route(*LIVE, amount=50_000)) is Fate.SAME
    assert fate(small, route(*told, amount=50_000)) is Fate.SAME
    assert fate(small, route(*more, amount=50_000)) is Fate.MORE
    assert fate(small, route(*lower, amount=50_000)) is Fate.MORE
    assert fate(route(*lower, amount=50_000), small) is Fate.FEWER
    assert fate(small, route(*other, amount=50_000)) is Fate.OTHER
    ben = route(*LIVE, amount=200_000, who="ben")
    assert fate(route(*LIVE, amount=1, who="ben"), ben) is Fate.STUCK
    assert fate(ben, ben) is Fate.SAME


def test_a_tally_counts_all_and_lists_differences() -> None:
    lower = (LIVE[0], stage("finance", group("finance"), **from_amount(10_000)))
    tally = Tally({"boss": "Boss", "ben": "Ben"}, {"manager": 60, "finance": 120}, None, target=60)
    for amount in (5_000, 50_000, 150_000):
        past = PastRequest(number=f"T-{amount}", title="T", requester="Ana", amount=amount)
        tally.add(past, route(*LIVE, amount=amount), route(*lower, amount=amount))
    found = tally.result()
    assert (found.total, found.changed, found.count("more")) == (3, 1, 1)
    assert found.added == {"Finance": 1}
    (difference,) = found.differences
    assert [(each.name, each.change) for each in difference.draft] == [
        ("Manager", ""), ("Finance", "added"),
    ]  # fmt: skip
    assert [(each.name, each.live, each.draft) for each in found.loads] == [
        ("Ben", 100, 200), ("Boss", 300, 300),
    ]  # fmt: skip
    assert (found.live.middle, found.live.most) == (60, 180)
    assert (found.draft.middle, found.draft.most) == (180, 180)
    assert (found.target, found.live.within, found.draft.within) == (60, 67, 33)


RULES = st.sampled_from(
    [manager(), manager(2), group("finance"), group("none"),
     ApproverRule(kind=RuleKind.DEPARTMENT_HEAD),
     ApproverRule(kind=RuleKind.PEOPLE, people=("boss", "gone"))]
)  # fmt: skip
STAGES = st.builds(
    lambda rules, mode, spare, least: stage(
        "s", *rules, mode=mode, fallback=tuple(spare), **(from_amount(least) if least else {})
    ),
    st.lists(RULES, min_size=1, max_size=2),
    st.sampled_from([Mode.ANY, Mode.ALL, Mode.PER_GROUP]),
    st.lists(RULES, max_size=1),
    st.sampled_from([0, 100, 5000]),
)


@settings(deadline=None)
@given(st.lists(STAGES, min_size=1, max_size=3), st.integers(0, 10_000),
       st.sampled_from(["ana", "ben", "boss"]))  # fmt: skip
def test_an_outline_asks_whom_the_prediction_asks(
    stages: list[Stage], amount: int, who: str
) -> None:
    """Without distinct stages and absences both say the same."""
    stages = [replace(each, key=f"s{n}") for n, each in enumerate(stages)]
    question = asks(who, amount)
    conditions = judged(stages, FORM, question.fields, by_hand)
    policy = Policy(stages=tuple(stages))
    outlined = Outliner(policy, HOUSE).route(question, conditions)
    predicted = step.predict(policy, question, HOUSE, conditions, lambda _minutes, _all: NOW)
    asked = [each for each in predicted if isinstance(each, StagePlan | Attention)]
    assert [each.key for each in outlined] == [each.key for each in asked]
    for one, other in zip(outlined, asked, strict=True):
        if isinstance(other, StagePlan):
            people = {each.person_id for each in other.people}
            assert (set(one.people), one.needed) == (people, other.needed)
            assert not one.is_stuck
        else:
            assert one.is_stuck
