"""Who is asked in the place of somebody who is away, and when nobody is."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.domain.people.directory import Absence, Directory, Relation
from portal.domain.policy.policy import ApproverRule, Mode, Policy, Receivers
from portal.domain.request.reasons import Code, reason, sentence
from portal.domain.routing.approvers import until_kept
from portal.domain.routing.plan import RoutePlan, StandIn
from portal.domain.routing.step import plan_next
from tests.domain.office import clock, directory, group, named, question, stage
from tests.domain.story import at

FRIDAY = datetime(2026, 1, 9, 23, tzinfo=UTC)


def away(who: str, delegate: str, **values: Any) -> Absence:
    given = {"id": f"{who}-away", "ends_at": FRIDAY, "zone": "Europe/Berlin", **values}
    given.setdefault("relation", Relation(is_above=True))
    return Absence(delegator_id=who, delegate_id=delegate, **given)


def office(*absences: Absence) -> Directory:
    by_person: dict[str, tuple[Absence, ...]] = {}
    for each in absences:
        by_person[each.delegator_id] = (*by_person.get(each.delegator_id, ()), each)
    return replace(directory(), absences=by_person)


def routed(*absences: Absence, rules: tuple[ApproverRule, ...], **values: Any) -> RoutePlan:
    mode = values.pop("mode", Mode.ANY)
    distinct = values.pop("distinct", False)
    more = {name: values.pop(name) for name in ("fallback", "receivers") if name in values}
    stand_ins = values.pop("stand_ins", ())
    opened = stage(*rules, mode=mode, distinct=distinct, **more)
    policy = Policy(stages=(opened,), stand_ins=stand_ins)
    return plan_next(policy, question(**values), office(*absences), {}, clock)


def stand_ins(plan: RoutePlan) -> dict[str, StandIn | None]:
    assert plan.stage is not None
    return {each.person_id: each.stand_in for each in plan.stage.people}


def reasons(plan: RoutePlan) -> list[str]:
    assert plan.stage is not None
    return [f"{each.name} {each.reason}" for each in plan.stage.left_out]


def test_the_delegate_acts_and_it_is_said_for_whom_and_until_when() -> None:
    found = stand_ins(routed(away("fay", "ida"), rules=(named("fay"),)))["fay"]
    assert found is not None
    assert (found.person_id, found.delegation_id, found.until) == ("ida", "fay-away", FRIDAY)
    assert str(found.why) == "You act for Fay, who is away until Fri 9 Jan 2026."


@pytest.mark.parametrize(
    ("delegate", "values", "why"),
    [
        ("rita", {}, "asked for this"),
        ("bob", {"on_behalf_of": "bob"}, "this is on their behalf"),
        ("ida", {"deciders": ("ida",), "distinct": True}, "approved an earlier stage"),
        ("otto", {}, "is inactive"),
        ("finn", {}, "is asked in this stage already"),
        ("nobody", {}, "is inactive"),
    ],
)
def test_a_delegate_who_may_not_leaves_it_with_whose_it_is(
    delegate: str, values: dict[str, Any], why: str
) -> None:
    plan = routed(away("fay", delegate), rules=(named("fay", "finn"),), **values)
    assert stand_ins(plan) == {"fay": None, "finn": None}
    name = delegate.title() if delegate != "nobody" else delegate
    assert f"{name} would act for Fay, who is away, but {why}" in reasons(plan)


def test_a_delegate_who_is_away_too_makes_no_chain() -> None:
    plan = routed(away("fay", "ida"), away("ida", "bob"), rules=(named("fay"),))
    assert stand_ins(plan) == {"fay": None}
    assert reasons(plan) == ["Ida would act for Fay, who is away, but is away too"]


def test_one_delegate_of_two_has_one_vote() -> None:
    absences = (away("fay", "ida"), away("finn", "ida"))
    plan = routed(*absences, rules=(group("FIN"),), mode=Mode.ALL)
    found = stand_ins(plan)
    assert found["fay"] is not None
    assert found["finn"] is None


@pytest.mark.parametrize(
    ("limits", "values", "acts"),
    [
        ({"type_codes": ("purchase",)}, {"type_code": "purchase"}, True),
        ({"type_codes": ("travel",)}, {"type_code": "purchase"}, False),
        ({"max_amount": 500, "currency": "EUR"}, {"amount": 500, "currency": "EUR"}, True),
        ({"max_amount": 500, "currency": "EUR"}, {"amount": 501, "currency": "EUR"}, False),
        ({"max_amount": 500, "currency": "EUR"}, {"amount": 5, "currency": "USD"}, False),
        ({"max_amount": 500, "currency": "EUR"}, {}, True),
    ],
)
def test_only_what_the_delegation_is_about(
    limits: dict[str, Any], values: dict[str, Any], acts: bool
) -> None:
    plan = routed(away("fay", "ida", **limits), rules=(named("fay"),), **values)
    assert (stand_ins(plan)["fay"] is not None) is acts


def test_a_second_absence_serves_where_the_first_cannot() -> None:
    absences = (away("fay", "rita"), away("fay", "ida", id="second"))
    found = stand_ins(routed(*absences, rules=(named("fay"),)))["fay"]
    assert found is not None
    assert found.delegation_id == "second"


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlin", "Fri 9 Jan 2026"),
        ("UTC", "Fri 9 Jan 2026 at 23:00"),
        ("Asia/Kolkata", "Sat 10 Jan 2026 at 04:30"),
        ("No/Where", "Fri 9 Jan 2026 at 23:00"),
    ],
)
def test_until_when_in_a_zone(zone: str, words: str) -> None:
    kept = reason(Code.ACTS_FOR, name="Fay", until=until_kept(FRIDAY, zone))
    assert sentence(kept) == f"You act for Fay, who is away until {words}."


def test_what_is_reviewed() -> None:
    asked = question(
        reviewing=True,
        asked=("fay", "otto", "max", "bob"),
        sources={"fay": "group:IT", "otto": "group:FIN", "max": "manager:"},
        now=at(5),
    )
    policy = Policy(stages=(stage(group("FIN"), group("IT")),))
    office_now = directory(FIN=("finn",), IT=("ida",))
    review = plan_next(policy, asked, office_now, {}, clock).review
    assert review is not None
    assert [each.person_id for each in review.people] == ["finn", "ida"]
    assert [f"{each.name} {each.reason}" for each in review.unfit] == [
        "Fay is no longer in the group IT",
        "Otto is no longer active",
        "Max is no longer the manager of Rita",
    ]


@pytest.mark.parametrize(
    ("relation", "policy", "acts"),
    [
        (Relation(), {}, False),
        (Relation(is_above=True), {}, True),
        (Relation(shares_group=True), {}, False),
        (Relation(shares_group=True), {"receivers": Receivers.SAME_GROUP}, True),
        (Relation(), {"receivers": Receivers.ANYONE}, True),
        (Relation(), {"fallback": (named("ida"),)}, True),
        (Relation(), {"stand_ins": (named("ida"),)}, True),
    ],
)
def test_a_delegate_receives_only_what_the_policy_lets_them(
    relation: Relation, policy: dict[str, Any], acts: bool
) -> None:
    plan = routed(away("fay", "ida", relation=relation), rules=(named("fay"),), **policy)
    assert (stand_ins(plan)["fay"] is not None) is acts
    told = "Ida would act for Fay, who is away, but may not take tasks of this stage"
    assert (told in reasons(plan)) is not acts


def test_who_is_named_for_one_group_does_not_decide_for_another() -> None:
    absence = away("fay", "ida", relation=Relation())
    rules = (named("fay", label="Finance"), named("ida", "eve", label="Quality"))
    assert stand_ins(routed(absence, rules=rules, mode=Mode.PER_GROUP))["fay"] is None
