"""Whom each kind of rule finds, and the sentence that says why."""

import pytest

from portal.domain.policy.policy import ApproverRule, RuleKind
from tests.domain.office import (
    ask,
    directory,
    group,
    left_out,
    manager,
    named,
    people_of,
    stage,
    why,
)

HEAD = RuleKind.DEPARTMENT_HEAD


@pytest.mark.parametrize(
    ("rule", "people", "sentence"),
    [
        (
            named("fay", label="budget owner"),
            ["fay"],
            "You are named in the policy (budget owner).",
        ),
        (group("FIN"), ["fay", "finn"], "You are in the group Finance."),
        (
            ApproverRule(kind=RuleKind.ROLE, code="auditor"),
            ["ida"],
            "You hold the role auditor.",
        ),
        (manager(), ["max"], "You are Rita's manager."),
        (manager(levels=2), ["dora"], "You are 2 levels above Rita."),
        (ApproverRule(kind=HEAD), ["dora"], "You are the head of Sales."),
        (ApproverRule(kind=HEAD, code="SALES"), ["dora"], "You are the head of Sales."),
    ],
)
def test_a_rule_finds_people_and_says_why(
    rule: ApproverRule, people: list[str], sentence: str
) -> None:
    plan = ask(stage(rule))
    assert people_of(plan) == people
    assert why(plan) == sentence


def test_the_form_names_a_group_directly_or_through_codes() -> None:
    rule = ApproverRule(kind=RuleKind.GROUP, form_field="where", codes={"Berlin": "IT"})
    assert people_of(ask(stage(rule), fields={"where": "Berlin"})) == ["ida", "fay"]
    assert people_of(ask(stage(rule), fields={"where": "FIN"})) == ["fay", "finn"]


@pytest.mark.parametrize("value", ["ida", ["ida", "fay"], ("ida",)])
def test_the_requester_chooses_on_the_form(value: object) -> None:
    rule = ApproverRule(kind=RuleKind.CHOSEN, form_field="who")
    plan = ask(stage(rule), fields={"who": value})
    assert people_of(plan)[0] == "ida"
    assert why(plan) == "Rita chose you on the form."


def test_in_place_of_an_inactive_manager_the_next_above_is_asked() -> None:
    plan = ask(stage(manager()), known=directory(away=("max",)))
    assert people_of(plan) == ["dora"]
    assert why(plan) == "You are 2 levels above Rita, asked in place of Max, who is inactive."


@pytest.mark.parametrize("levels", [1, 2, 3, 50])
def test_managers_in_a_circle_end_somewhere(levels: int) -> None:
    known = directory()
    for name, above in (("max", "rita"), ("rita", "max")):
        person = known.people[name]
        known.people[name] = type(person)(id=name, name=name, manager_id=above)
    plan = ask(stage(manager(levels)), known=known)
    if levels == 1:
        assert people_of(plan) == ["max"]
    else:
        assert plan.attention is not None


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (named(), "names nobody"),
        (group("HR"), "there is no group “HR”"),
        (group("EMPTY"), "the group EMPTY has no members"),
        (ApproverRule(kind=RuleKind.GROUP, form_field="where"), "there is no group “where”"),
        (ApproverRule(kind=RuleKind.ROLE, code="king"), "nobody holds the role “king”"),
        (manager(levels=3), "no active manager is entered for Rita, 3 level(s) up"),
        (ApproverRule(kind=HEAD, code="LAW"), "the department Law has no head"),
        (ApproverRule(kind=HEAD, code="ART"), "there is no department for “ART”"),
        (ApproverRule(kind=RuleKind.CHOSEN, form_field="who"), "Rita chose nobody on the form"),
        (named("nemo"), "nemo: is not in the directory"),
        (named("otto"), "Otto: is inactive"),
        (named("rita"), "Rita: asked for this"),
    ],
)
def test_a_rule_without_people_calls_for_attention_and_says_why(
    rule: ApproverRule, words: str
) -> None:
    plan = ask(stage(rule), known=directory(EMPTY=()))
    assert plan.stage is None
    assert plan.attention is not None
    assert str(plan.attention).startswith("The stage “The first” has nobody to ask")
    assert words in str(plan.attention)


def test_who_was_left_out_is_told() -> None:
    plan = ask(stage(group("FIN"), named("rita", "bob", "fay")), on_behalf_of="bob")
    assert people_of(plan) == ["fay", "finn"]
    assert left_out(plan) == {
        "Otto": "is inactive",
        "Rita": "asked for this",
        "Bob": "this is on their behalf",
        "Fay": "is asked already",
    }
