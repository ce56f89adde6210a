"""Where an old request stands: one example for each rule of the move."""

import pytest

from portal.domain.policy.policy import Mode
from portal.domain.request.state import Status
from portal.legacy.engine import EngineStep
from tests.legacy.old import asked, done, gate, instance, moved, parallel, stage_of, step, voted

APPROVED_BY_RESULT = {"approved": True}


@pytest.mark.parametrize(
    ("steps", "stage"),
    [
        ([step(0, "IN_PROGRESS", to="ann"), step(1, to="bob")], "S0"),
        ([done(0), step(1, to="ann"), step(2, to="bob")], "S1"),
        ([done(0), step(1, "DELEGATED", to="ann")], "S1"),
        ([done(0), step(1, "ESCALATED", to="ann")], "S1"),
        ([step(0, to="ann"), step(1, to="bob")], "S0"),
        ([step(0, "SKIPPED"), done(1), step(2, to="ann")], "S2"),
        ([done(0, following=["s2"]), step(1, to="ann"), step(2, to="bob")], "S2"),
        ([done(0, following=["s2"]), step(1, to="ann"), step(2, "IN_PROGRESS", to="bob")], "S2"),
        ([done(0), done(1, following=["s0"]), step(2, to="ann")], "S2"),
        ([done(0), step(1, "IN_PROGRESS", to="ann", following=["s0"]), step(2, to="bob")], "S1"),
        ([done(0, following=["nowhere"]), step(1, to="ann")], "S1"),
        ([done(0), step(1, "IN_PROGRESS", "NOTIFICATION"), step(2, to="ann")], "S2"),
        ([gate(0, "amount", "lessThan", 5), step(1, to="ann"), step(2, to="bob")], "S2"),
        ([gate(0, "amount", "greaterThan", 5), step(1, to="ann"), step(2, to="bob")], "S1"),
        ([gate(0, "amount", "lessThan", 5, "s2"), step(1, to="ann"), step(2, to="bob")], "S1"),
        ([step(0, "COMPLETED", "CONDITION", condition={"field": "x", "operator": "equals",
          "value": 1}), step(1, to="ann")], "S1"),
    ],
)  # fmt: skip
def test_the_stage_it_stands_in(steps: list[EngineStep], stage: str) -> None:
    assert stage_of(moved(*steps)) == stage


def test_steps_in_progress_together_are_one_stage() -> None:
    mapped = moved(step(0, "IN_PROGRESS", to="ann"), step(1, "IN_PROGRESS", to="bob"))

    assert stage_of(mapped) == "S0 + S1"
    assert asked(mapped) == {"ann", "bob"}
    assert mapped.state is not None
    assert mapped.state.stage is not None
    assert mapped.state.stage.plan.mode is Mode.ALL


def test_the_open_children_of_a_parallel_step_are_one_stage() -> None:
    children = ["s1", "s2", "s3"]
    mapped = moved(
        parallel(0, "COMPLETED", *children), done(1, to="dan", following=["s4"]),
        step(2, "IN_PROGRESS", to="ann", following=["s4"]), step(3, to="bob", following=["s4"]),
        step(4, to="cat"),
    )  # fmt: skip

    assert stage_of(mapped) == "S0"
    assert asked(mapped) == {"ann", "bob"}
    assert mapped.policy is not None
    assert [stage.name for stage in mapped.policy.stages] == ["S1", "S0", "S4"]


def test_a_child_of_several_people_is_a_group() -> None:
    mapped = moved(
        parallel(0, "IN_PROGRESS", "s1", "s2"), step(1, rule={"assigneeRole": "FIN"}),
        step(2, to="ann"),
    )  # fmt: skip

    assert mapped.state is not None
    assert mapped.state.stage is not None
    plan = mapped.state.stage.plan
    assert (plan.mode, plan.groups) == (Mode.PER_GROUP, ("S1", "S2"))
    assert asked(mapped) == {"ann", "bob", "cat"}


def test_a_rejected_child_fails_the_stage_as_it_arrives() -> None:
    mapped = moved(
        parallel(0, "COMPLETED", "s1", "s2"), done(1, approved=False, to="bob"),
        step(2, "IN_PROGRESS", to="ann"),
    )  # fmt: skip

    assert mapped.state is not None
    assert mapped.state.stage is not None
    assert mapped.state.stage.settles_at is not None
    assert list(voted(mapped)) == ["bob"]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "no steps"),
        ([step(0, "FAILED", to="ann")], "has failed"),
        ([step(0, "IN_PROGRESS", "ACTION")], "kind ACTION"),
        ([step(0, "IN_PROGRESS", to="ann"), step(1, kind := "PENDING", "SUBPROCESS")],
         "kind SUBPROCESS"),
        ([step(0, "IN_PROGRESS", to="ann"), step(1, kind, "TELEPATHY")], "kind TELEPATHY"),
        ([step(0, "ODD", to="ann")], "unknown status"),
        ([parallel(0, "PENDING")], "names no steps"),
        ([parallel(0, "PENDING", "s1"), step(1, "PENDING", "NOTIFICATION")], "no approval"),
        ([parallel(0, "PENDING", "s1", "s2"), step(1, to="ann", following=["s3"]),
          step(2, to="bob", following=["s4"]), step(3, to="ann"), step(4, to="ann")], "never meet"),
        ([parallel(0, "PENDING", "s1", "s2"), step(2, to="ann"),
          step(1, rule={"assigneeRole": "FIN"}, approvalStrategy="ALL")], "several"),
        ([gate(0, "amount", "like", 5), step(1, to="ann")], "cannot be read"),
        ([step(1, "COMPLETED", result="fine")], "does not say approved"),
    ],
)  # fmt: skip
def test_what_needs_a_person(steps: list[EngineStep], words: str) -> None:
    mapped = moved(*sorted(steps, key=lambda each: each.index))

    assert mapped.result == "needs_person"
    assert mapped.state is None
    assert any(words in reason for reason in mapped.reasons)


def test_a_condition_on_another_kind_of_step_is_ignored_and_listed() -> None:
    rule = {"field": "amount", "operator": "lessThan", "value": 5}
    mapped = moved(step(0, "IN_PROGRESS", to="ann", condition=rule))

    assert asked(mapped) == {"ann"}
    assert any("never read" in remark for remark in mapped.remarks)


def test_what_a_condition_leaves_out_is_not_ahead() -> None:
    mapped = moved(
        gate(0, "amount", "lessThan", 5), step(1, "PENDING", "ACTION"), step(2, to="ann")
    )

    assert stage_of(mapped) == "S2"


def test_a_condition_needs_a_context_that_is_an_object() -> None:
    mapped = moved(gate(0, "amount", "lessThan", 5), step(1, to="ann"), context=["a"])

    assert mapped.result == "needs_person"


def test_all_done_closes_as_it_arrives() -> None:
    mapped = moved(done(0), done(1))

    assert mapped.state is not None
    assert (mapped.state.status, mapped.state.wants_route) == (Status.PENDING, True)


def test_only_notices_left_on_a_route_without_approvals_is_approved() -> None:
    mapped = moved(step(0, "PENDING", "NOTIFICATION", to="ann"))

    assert mapped.state is not None
    assert mapped.state.status is Status.APPROVED
    assert mapped.result == "moved"


def test_all_done_with_a_rejection_is_history() -> None:
    mapped = moved(done(0, approved=False), done(1))

    assert mapped.result == "history"
    assert mapped.state is not None
    assert mapped.state.status is Status.REJECTED


def test_every_stage_has_a_key_of_its_own() -> None:
    twins = [step(0, "IN_PROGRESS", to="ann", id="same"), step(1, to="bob", id="same")]
    mapped = moved(*twins)

    assert mapped.policy is not None
    keys = [stage.key for stage in mapped.policy.stages]
    assert len(set(keys)) == len(keys) == len(instance(*twins).steps)
