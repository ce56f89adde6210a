"""A small organisation for routing: rita works for max, who works for dora; Finance and IT."""

from datetime import datetime, timedelta
from typing import Any

from portal.domain.people.directory import Department, Directory, Group, Person
from portal.domain.policy.policy import ApproverRule, Mode, Policy, RuleKind, Stage
from portal.domain.routing.plan import Attention, RoutePlan, RouteQuestion, StagePlan, StageSkip
from portal.domain.routing.step import plan_next, predict
from tests.domain.story import MONDAY, REQUEST

MANAGERS = {"rita": "max", "max": "dora", "fay": "dora", "finn": "fay", "ida": "dora"}
AWAY = ("otto",)


def directory(away: tuple[str, ...] = AWAY, **groups: tuple[str, ...]) -> Directory:
    """Everybody, with these people inactive; `groups` adds or replaces groups."""
    names = ("rita", "max", "dora", "fay", "finn", "ida", "otto", "bob")
    members = {"FIN": ("fay", "finn", "otto"), "IT": ("ida", "fay"), **groups}
    return Directory(
        people={
            name: Person(
                id=name,
                name=name.title(),
                manager_id=MANAGERS.get(name),
                department_id="sales-id",
                is_active=name not in away,
            )
            for name in names
        },
        groups={
            code: Group(code=code, name={"FIN": "Finance"}.get(code, code), members=people)
            for code, people in members.items()
        },
        departments={
            "SALES": Department(id="sales-id", code="SALES", name="Sales", head_id="dora"),
            "LAW": Department(id="law-id", code="LAW", name="Law"),
        },
        roles={"auditor": ("ida",)},
    )


def named(*people: str, **values: Any) -> ApproverRule:
    """A rule that names people."""
    return ApproverRule(kind=RuleKind.PEOPLE, people=people, **values)


def group(code: str, **values: Any) -> ApproverRule:
    """A rule that asks a group."""
    return ApproverRule(kind=RuleKind.GROUP, code=code, **values)


def manager(levels: int = 1) -> ApproverRule:
    """A rule that asks the requester's manager, or one above."""
    return ApproverRule(kind=RuleKind.MANAGER, levels=levels)


def stage(*rules: ApproverRule, key: str = "first", mode: Mode = Mode.ANY, **values: Any) -> Stage:
    """A policy's stage with these rules."""
    return Stage(key=key, name=f"The {key}", rules=rules, mode=mode, **values)


def question(from_index: int = 0, **values: Any) -> RouteQuestion:
    """Rita's question, on Monday at nine."""
    given = {"requester_id": "rita", "now": MONDAY, **values}
    return RouteQuestion(request_id=REQUEST, policy_version_id="v1", from_index=from_index, **given)


def clock(minutes: int, elapsed: bool) -> datetime:
    """Elapsed minutes as they are; business minutes three times as long."""
    return MONDAY + timedelta(minutes=minutes if elapsed else 3 * minutes)


def ask(
    *stages: Stage,
    fallback: tuple[ApproverRule, ...] = (),
    known: Directory | None = None,
    conditions: dict[str, bool | str] | None = None,
    **values: Any,
) -> RoutePlan:
    """What routing answers."""
    policy = Policy(stages=stages, fallback=fallback)
    return plan_next(policy, question(**values), known or directory(), conditions or {}, clock)


def foresee(
    *stages: Stage, conditions: dict[str, bool | str] | None = None, **values: Any
) -> list[StageSkip | StagePlan | Attention]:
    """What the check page would show."""
    policy = Policy(stages=stages)
    return predict(policy, question(**values), directory(), conditions or {}, clock)


def people_of(plan: RoutePlan) -> list[str]:
    """Who is asked."""
    assert plan.stage is not None, plan.attention
    return [each.person_id for each in plan.stage.people]


def why(plan: RoutePlan, number: int = 0) -> str:
    """Why a person is asked."""
    assert plan.stage is not None, plan.attention
    return str(plan.stage.people[number].why)


def left_out(plan: RoutePlan) -> dict[str, str]:
    """Who was left out, and why."""
    assert plan.stage is not None, plan.attention
    return {each.name: str(each.reason) for each in plan.stage.left_out}
