"""The way along a policy's stages: conditions, carried stages, quorum, groups, fallback."""

import pytest

from portal.domain.policy.policy import EscalationLevel, Mode, Rejection, StageKind
from portal.domain.routing.plan import Attention, EarlierApproval, StagePlan, StageSkip
from tests.domain.office import (
    ask,
    clock,
    directory,
    foresee,
    group,
    manager,
    named,
    people_of,
    stage,
    why,
)

LATER = stage(named("ida"), key="later")
EARLIER = EarlierApproval(index=0, key="first", round=1, deciders=("max", "fay"))


def test_a_stage_whose_condition_is_not_met_is_skipped() -> None:
    first = stage(named("max"), condition="amount > 5", condition_text="from 10,000.00 EUR")
    plan = ask(first, LATER, conditions={"first": False})
    assert str(plan.skipped[0].reason) == "Only from 10,000.00 EUR."
    assert people_of(plan) == ["ida"]
    assert plan.total == 2


def test_a_stage_whose_condition_is_met_says_why_and_by_which_values() -> None:
    first = stage(named("max"), condition="amount > 5 && seats == 4", condition_text="from 5")
    plan = ask(first, conditions={"first": True}, amount=7, fields={"seats": 4, "colour": "red"})
    assert plan.stage is not None
    assert str(plan.stage.reason) == "Needed from 5."
    assert plan.stage.facts == {"amount": 7, "seats": 4}


@pytest.mark.parametrize("conditions", [{"first": "no such name: amont"}, {}])
def test_a_condition_that_fails_is_nobodys_yes(conditions: dict[str, bool | str]) -> None:
    plan = ask(stage(named("max"), condition="amont > 5"), conditions=conditions)
    assert plan.stage is None
    assert plan.attention is not None
    assert "“The first” could not be evaluated" in str(plan.attention)


def test_at_the_end_there_is_neither_a_stage_nor_attention() -> None:
    plan = ask(LATER, from_index=1)
    assert (plan.skipped, plan.stage, plan.attention) == ((), None, None)


def test_a_carried_stage_is_skipped_with_the_names() -> None:
    plan = ask(stage(named("max")), LATER, carried=("first",), earlier=(EARLIER,))
    reason = "Approved in round 1 by Max and Fay; nothing it depends on has changed."
    assert str(plan.skipped[0].reason) == reason


def test_distinct_leaves_out_who_approved_before_carried_or_not() -> None:
    second = stage(named("max", "fay", "ida"), key="second", distinct=True)
    now = ask(stage(named("max")), second, from_index=1, deciders=("max",))
    assert people_of(now) == ["fay", "ida"]
    carried = ask(stage(named("max")), second, carried=("first",), earlier=(EARLIER,))
    assert people_of(carried) == ["ida"]
    assert carried.stage is not None
    assert set(carried.stage.excluded) == {"rita", "max", "fay"}


def test_a_distinct_stage_is_not_carried_by_who_decided_before_it_this_time() -> None:
    second = stage(named("max", "ida"), key="second", distinct=True)
    approval = EarlierApproval(index=1, key="second", round=1, deciders=("max",))
    asks = {"from_index": 1, "carried": ("second",), "earlier": (approval,)}
    assert ask(stage(named("max")), second, deciders=("fay",), **asks).stage is None
    assert people_of(ask(stage(named("max")), second, deciders=("max",), **asks)) == ["ida"]


@pytest.mark.parametrize(
    ("values", "needed"),
    [
        ({"mode": Mode.ANY}, 1),
        ({"mode": Mode.ALL}, 3),
        ({"mode": Mode.QUORUM, "quorum": 2}, 2),
        ({"mode": Mode.QUORUM, "quorum_percent": 34}, 2),
        ({"mode": Mode.QUORUM, "quorum_percent": 1}, 1),
        ({"mode": Mode.QUORUM, "quorum_percent": 100}, 3),
    ],
)
def test_votes_needed(values: dict[str, object], needed: int) -> None:
    plan = ask(stage(named("max", "fay", "ida"), **values))
    assert plan.stage is not None
    assert plan.stage.needed == needed
    counts = values["mode"] is Mode.QUORUM
    assert plan.stage.rejection is (Rejection.COUNTS if counts else Rejection.ENDS)


def test_where_nobody_is_found_the_fallback_is_asked_and_knows_it() -> None:
    first = stage(manager(levels=9), fallback=(named("otto", "ida"),))
    plan = ask(first)
    assert people_of(plan) == ["ida"]
    assert plan.stage is not None
    assert plan.stage.used_fallback
    assert why(plan).startswith("You are asked as the fallback")


def test_the_policys_fallback_comes_after_the_stages_and_obeys_the_exclusions() -> None:
    first = stage(manager(levels=9), fallback=(named("rita"),))
    assert people_of(ask(first, fallback=(named("rita", "dora"),))) == ["dora"]
    assert ask(first, fallback=(named("rita"),)).attention is not None


def test_a_quorum_that_is_short_of_people_is_filled_up_or_needs_attention() -> None:
    first = stage(group("FIN"), mode=Mode.QUORUM, quorum=3)
    assert people_of(ask(first, fallback=(named("fay", "ida"),))) == ["fay", "finn", "ida"]
    plan = ask(first)
    assert plan.attention is not None
    assert "needs 3 approvals, but only 2 can be asked" in str(plan.attention)


def test_people_in_two_groups_serve_the_one_that_needs_them() -> None:
    first = stage(group("FIN"), group("IT", label="system owner"), mode=Mode.PER_GROUP)
    plan = ask(first, known=directory(FIN=("fay", "ida"), IT=("fay",)))
    assert plan.stage is not None
    assert {each.person_id: each.group for each in plan.stage.people} == {
        "ida": "FIN",
        "fay": "system owner",
    }
    assert plan.stage.groups == ("FIN", "system owner")


def test_a_group_without_anybody_gets_the_fallback_or_needs_attention() -> None:
    first = stage(group("FIN"), group("IT"), mode=Mode.PER_GROUP)
    known = directory(IT=("otto",))
    plan = ask(first, known=known, fallback=(named("dora"),))
    assert people_of(plan) == ["fay", "finn", "dora"]
    assert plan.stage is not None
    assert plan.stage.used_fallback
    attention = ask(first, known=known).attention
    assert str(attention) == "The stage “The first” has nobody to ask for “IT” (Otto: is inactive)."


def test_times_are_worked_out_when_the_stage_opens() -> None:
    levels = (EscalationLevel(after=60, to=(manager(2), named("rita")), message="Please."),)
    for elapsed in (True, False):
        first = stage(
            manager(), remind_after=(20, 40), escalate=levels, expire_after=90, elapsed=elapsed
        )
        opened = ask(first).stage
        assert opened is not None
        assert opened.reminders == (clock(20, elapsed), clock(40, elapsed))
        assert opened.escalations[0].at == opened.due_at == clock(60, elapsed)
        assert [each.person_id for each in opened.escalations[0].to] == ["dora"]
        assert opened.expires_at == clock(90, elapsed)


def test_a_notice_tells_anybody_and_is_skipped_with_nobody_to_tell() -> None:
    plan = ask(stage(named("rita", "otto"), kind=StageKind.NOTIFY))
    assert people_of(plan) == ["rita"]
    nobody = ask(stage(named("otto"), kind=StageKind.NOTIFY))
    assert str(nobody.skipped[0].reason) == "There is nobody to tell."


def test_the_whole_route_is_foreseen_with_its_doubts() -> None:
    entries = foresee(
        stage(manager(), expire_after=60),
        stage(named("max", "ida"), key="second", distinct=True, expire_after=60),
        stage(named("ida"), key="third", condition="no", condition_text="in summer"),
        stage(named("otto"), key="fourth"),
        conditions={"third": False},
    )
    assert [type(each) for each in entries] == [StagePlan, StagePlan, StageSkip, Attention]
    first, second = entries[:2]
    assert isinstance(first, StagePlan)
    assert isinstance(second, StagePlan)
    assert first.expires_at is not None
    assert second.expires_at is None
    assert str(second.reason).endswith("Whoever approves an earlier stage is not asked here.")
