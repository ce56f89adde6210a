"""Whatever happens here after the move: written back and moved again, a request stands as it stood.

Hypothesis makes up the old instance and everything that happens to it.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

from portal.domain.policy.policy import Decision
from portal.domain.request import commands
from portal.domain.request.events import (
    RequestAmended,
    RequestResubmitted,
    StageOpened,
    TaskEscalated,
)
from portal.domain.request.state import Approval, Content, Status, TaskStatus
from portal.legacy.back.rows import ACTIONS
from portal.legacy.tables import ACTIVE_STATES
from tests.legacy.here import ADMIN, UNDONE, Here, arrived
from tests.legacy.sound import sound
from tests.legacy.test_properties import instances

ODD = (HealthCheck.filter_too_much, HealthCheck.too_slow)


def takes_back(here: Here, place: int) -> None:
    """Somebody undoes their decision."""
    decided = [t for t in (here.state.stage.tasks if here.state.stage else ()) if t.decided_by]
    if decided:
        task = decided[place % len(decided)]
        here.says(commands.Retract, task.decided_by or "", task_id=task.id)


def resubmits(here: Here, place: int) -> None:
    """The requester sends it again."""
    content = Content(title="Again", fields={"amount": place})
    who, version = here.state.requester_id, here.state.content_version
    here.says(commands.Resubmit, who, content=content, content_version=version)


def amends(here: Here, place: int) -> None:
    """The requester changes it while it waits."""
    content = Content(title="Changed", fields={"amount": place})
    who, version = here.state.requester_id, here.state.content_version
    here.says(commands.Amend, who, content=content, content_version=version)


def comments(here: Here, _place: int) -> None:
    """The requester asks."""
    here.says(commands.Comment, here.state.requester_id, comment="How is it going?")


HAPPENS: dict[str, tuple[int, Callable[[Here, int], object]]] = {
    "approves": (6, lambda here, place: here.decides(commands.Approve, place)),
    "rejects": (1, lambda here, place: here.decides(commands.Reject, place)),
    "sends back": (1, lambda here, place: here.decides(commands.SendBack, place)),
    "takes back": (1, takes_back),
    "comments": (1, comments),
    "waits": (1, lambda here, place: here.goes(60 * 24 * place)),
    "holds": (1, lambda here, _: here.says(commands.Hold, ADMIN, reason="Wait.")),
    "resumes": (1, lambda here, _: here.says(commands.Resume, ADMIN)),
    "resubmits": (2, resubmits),
    "amends": (1, amends),
    "ends": (1, lambda here, place: here.ends(place)),
}
NAMES = [name for name, (share, _) in HAPPENS.items() for _ in range(share)]


@some.composite
def stories(draw: Any) -> Here:
    """A request that was moved and went on."""
    here = arrived(draw(some.one_of(sound(), sound(), sound(), instances(ACTIVE_STATES))))
    assume(here is not None)
    assert here is not None
    for name in draw(some.lists(some.sampled_from(NAMES), max_size=8)):
        HAPPENS[name][1](here, draw(some.integers(0, 3)))
        here.goes(draw(some.sampled_from((0, 0.05, 1))))
    return here


def asked(state: Approval) -> set[str]:
    """Whose turn it is, but for those whose group has its approval already."""
    tasks = () if state.stage is None else state.stage.tasks
    done = {task.group for task in tasks if task.group and task.decision is Decision.APPROVE}
    return {task.assignee_id for task in state.open_tasks if task.group not in done}


def went_on(here: Here, told: int) -> bool:
    """Whether something happened only after the way back that depends on when it is looked at:
    an escalation; or a stage that is routed by its policy and not by the old rows, as stages of
    groups are, and those that are asked again since the request was changed.
    """
    later = here.log[told:]
    anew = any(isinstance(event, RequestAmended | RequestResubmitted) for event in here.log)
    opened = [event for event in later if isinstance(event, StageOpened)]
    return any(isinstance(event, TaskEscalated) for event in later) or any(
        anew or event.plan.groups for event in opened
    )


def stands(here: Here, again: Here, told: int) -> None:
    """Moved again, the request stands as it stood."""
    assert again.state.request_id == here.state.request_id
    assert (again.state.status is Status.ON_HOLD) == (here.state.status is Status.ON_HOLD)
    state, new = (each.says(commands.Resume, ADMIN).goes(UNDONE).state for each in (here, again))
    if not state.is_open:
        assert new.status is state.status
    elif state.status is Status.RETURNED:
        assert new.is_open
    else:
        assert new.status is state.status
        assert asked(new) == asked(state) or went_on(here, told)
        names = [s.plan.name for s in (new.stage, state.stage) if s is not None]
        assert len(set(names)) <= 1


@settings(max_examples=150, deadline=None, suppress_health_check=ODD)
@given(stories())
def test_it_stands_as_it_stood(here: Here) -> None:
    given_ = here.back()

    assume(not given_.problems and here.state.attention is None)
    told, again = len(here.log), here.again(given_)
    stands(here.goes(UNDONE), again, told)


@settings(max_examples=100, deadline=None, suppress_health_check=ODD)
@given(stories())
def test_no_decision_is_missing_and_none_is_told_twice(here: Here) -> None:
    given_ = here.back()

    decided = [e for e in here.log if type(e).__name__ == "TaskDecided" and e.seq > here.moved_to]
    taken = [e for e in here.log if type(e).__name__ == "DecisionRetracted"]
    rows = given_.rows.added.get(ACTIONS, [])
    told = {row["data"]["portal"]["seq"] for row in rows if row["action"] in
            ("APPROVE", "REJECT", "RETURN")}  # fmt: skip
    assert len(told) == len(decided) - len(taken)
    ids = [row["id"] for table in given_.rows.added.values() for row in table]
    assert len(ids) == len(set(ids))
    assert here.back().rows.added == given_.rows.added


@settings(max_examples=200, deadline=None, suppress_health_check=ODD)
@given(sound())
def test_nothing_happened_so_nothing_is_written(old: Any) -> None:
    here = arrived(old)
    assume(here is not None and len(here.log) == here.moved_to and here.state.is_open)
    assert here is not None

    assert not here.back().rows.is_changed
    assert all(task.status is TaskStatus.OPEN for task in here.state.open_tasks)
