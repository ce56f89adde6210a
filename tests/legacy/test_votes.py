"""How the votes of an open step come over, and what they amount to."""

from typing import Any

import pytest

from portal.domain.policy.policy import Decision, Mode
from tests.legacy.old import asked, done, moved, step, voted

FIN = {"assigneeRole": "FIN"}
YES, NO = "APPROVE", "REJECT"


def plan_of(mapped: Any) -> Any:
    """The plan of the open stage."""
    assert mapped.state is not None, mapped.reasons
    return mapped.state.stage.plan


@pytest.mark.parametrize(
    ("strategy", "config", "mode", "needed"),
    [
        (None, {}, Mode.ANY, 1),
        ("ANY", {}, Mode.ANY, 1),
        ("ALL", {}, Mode.ALL, 2),
        ("MAJORITY", {}, Mode.QUORUM, 2),
        ("ALL", {"requiredApprovals": 1}, Mode.QUORUM, 1),
        (None, {"requiredApprovals": 2.0}, Mode.QUORUM, 2),
    ],
)
def test_how_a_step_counts(strategy: str | None, config: Any, mode: Mode, needed: int) -> None:
    defined = {} if strategy is None else {"approvalStrategy": strategy}
    plan = plan_of(moved(step(0, "IN_PROGRESS", rule={**FIN, **config}, **defined)))

    assert (plan.mode, plan.needed) == (mode, needed)


@pytest.mark.parametrize("required", [0, 3, -1, 1.5, "2", True])
def test_a_number_that_cannot_be_reached_needs_a_person(required: Any) -> None:
    config = {**FIN, "requiredApprovals": required}

    assert moved(step(0, "IN_PROGRESS", rule=config)).result == "needs_person"


@pytest.mark.parametrize("strategy", ["WEIGHTED", "any", "SOME", 5])
def test_other_strategies_need_a_person_only_ahead(strategy: Any) -> None:
    ahead = moved(step(0, "IN_PROGRESS", to="ann", approvalStrategy=strategy))
    behind = moved(done(0, approvalStrategy=strategy), step(1, to="ann"))

    assert ahead.result == "needs_person"
    assert behind.result == "moved"


def test_the_last_vote_of_a_person_wins_and_they_are_not_asked_again() -> None:
    votes = [("bob", NO), ("bob", YES)]
    mapped = moved(step(0, "IN_PROGRESS", rule=FIN, votes=votes, approvalStrategy="ALL"))

    assert voted(mapped) == {"bob": Decision.APPROVE}
    assert asked(mapped) == {"cat"}


def test_a_vote_of_somebody_not_asked_counts_towards_a_number() -> None:
    config = {**FIN, "requiredApprovals": 2}
    mapped = moved(step(0, "IN_PROGRESS", rule=config, votes=[("dan", YES)]))

    assert voted(mapped) == {"dan": Decision.APPROVE}
    assert asked(mapped) == {"bob", "cat"}


def test_it_does_not_count_towards_all() -> None:
    votes = [("dan", YES)]
    mapped = moved(step(0, "IN_PROGRESS", rule=FIN, votes=votes, approvalStrategy="ALL"))

    assert voted(mapped) == {}
    assert any("not counted" in remark for remark in mapped.remarks)


def test_the_requesters_own_vote_never_counts() -> None:
    mapped = moved(step(0, "IN_PROGRESS", to="ann", votes=[("req", YES)]))

    assert voted(mapped) == {}
    assert any("requester voted" in remark for remark in mapped.remarks)
    assert [e.what for e in mapped.events if getattr(e, "legacy_id", "") == "a00"] == [YES]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("votes", "settles"),
    [([], False), ([("bob", YES)], True), ([("bob", NO)], False),
     ([("bob", NO), ("cat", NO)], True)],
)  # fmt: skip
def test_votes_that_decide_settle_as_it_arrives(votes: list[Any], settles: bool) -> None:
    mapped = moved(step(0, "IN_PROGRESS", rule=FIN, votes=votes))

    assert mapped.state is not None
    assert mapped.state.stage is not None
    assert (mapped.state.stage.settles_at is not None) is settles


def test_return_leaves_the_step_open() -> None:
    mapped = moved(step(0, "IN_PROGRESS", to="ann", votes=[("ann", "RETURN")]))

    assert asked(mapped) == {"ann"}
