"""What the votes of a stage amount to, vote by vote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.deciding.decide import Verdict, approvers, verdict
from portal.domain.policy.policy import Decision, Mode, Rejection
from portal.domain.request.state import Task, TaskStatus
from tests.domain.story import stage
from tests.domain.worlds import GROUPS

YES, NO, BACK = Decision.APPROVE, Decision.REJECT, Decision.SEND_BACK
GONE = (TaskStatus.EXPIRED, TaskStatus.WITHDRAWN)


def task(person: str, said: Decision | TaskStatus | None = None, group: str = "IT") -> Task:
    """A task that is open, has a decision, or is gone."""
    status = TaskStatus.OPEN if said is None else TaskStatus.DECIDED
    if isinstance(said, TaskStatus):
        return Task(id=person, assignee_id=person, group=group, status=said)
    return Task(
        id=person, assignee_id=person, group=group, status=status, decision=said, decided_by=person
    )


@pytest.mark.parametrize("gone", GONE)
@pytest.mark.parametrize("mode", [Mode.ALL, Mode.QUORUM, Mode.PER_GROUP])
def test_a_task_that_is_gone_is_no_hope(mode: Mode, gone: TaskStatus) -> None:
    plan = stage("ana@IT", "ben@HR", mode=mode, needed=2, rejection=Rejection.COUNTS)
    assert verdict(plan, (task("ana", YES), task("ben", None, "HR"))) is Verdict.PENDING
    assert verdict(plan, (task("ana", YES), task("ben", gone, "HR"))) is Verdict.FAILED


@pytest.mark.parametrize("mode", list(Mode))
def test_nobody_is_never_enough(mode: Mode) -> None:
    plan = stage(mode=mode, needed=0)
    assert verdict(plan, ()) is Verdict.FAILED


def test_sending_back_comes_before_everything() -> None:
    plan = stage("ana", "ben")
    assert verdict(plan, (task("ana", YES), task("ben", BACK))) is Verdict.RETURNED


def test_approvers_are_those_who_said_yes() -> None:
    assert approvers((task("ana", YES), task("ben", NO), task("cleo"))) == ("ana",)


votes = st.lists(
    st.tuples(st.sampled_from([None, YES, NO, *GONE]), st.sampled_from(GROUPS)), max_size=5
)
plans = st.builds(
    stage,
    mode=st.sampled_from(Mode),
    needed=st.integers(1, 3),
    rejection=st.sampled_from(Rejection),
    groups=st.just(GROUPS),
)


@given(plan=plans, said=votes)
def test_one_more_approval_never_hurts_and_a_verdict_is_final(plan: object, said: list) -> None:  # type: ignore[type-arg]
    tasks = [task(str(n), *each) for n, each in enumerate(said)]
    now = verdict(plan, tasks)  # type: ignore[arg-type]
    for n, (vote, group) in enumerate(said):
        if vote is None:
            better = [*tasks[:n], task(str(n), YES, group), *tasks[n + 1 :]]
            then = verdict(plan, better)  # type: ignore[arg-type]
            assert then is now or now is Verdict.PENDING
            assert then is not Verdict.FAILED or now is Verdict.FAILED
