"""When what moved is due, and what the move does to what was overdue or stands still."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.domain.request.commands import Resume
from portal.domain.request.state import Priority, Status
from portal.legacy.outcome import Mapped
from tests.legacy.old import NOW, at, done, moved, step

SLA = {"responseTimeHours": 20, "escalationTimeHours": 30, "maxDurationHours": 99}
DAY = timedelta(days=1)


def due_of(mapped: Mapped) -> datetime | None:
    """When the open stage is due."""
    assert mapped.state is not None, mapped.reasons
    assert mapped.state.stage is not None
    return mapped.state.stage.plan.due_at


@pytest.mark.parametrize(
    ("row", "defined", "sla", "hours"),
    [
        ({"due_date": at(5)}, {"timeoutSeconds": 60}, SLA, 5),
        ({}, {"timeoutSeconds": 14 * 3600}, SLA, 4),
        ({}, {}, SLA, 10),
        ({}, {}, None, None),
        ({"due_date": "infinity"}, {}, None, None),
    ],
)
def test_when_it_is_due(row: Any, defined: Any, sla: Any, hours: float | None) -> None:
    open_step = step(0, "IN_PROGRESS", to="ann", started=-10, row=row, **defined)
    found = due_of(moved(open_step, definition={"sla_config": sla}))

    assert found == (None if hours is None else NOW + timedelta(hours=hours))


def test_a_step_that_never_started_starts_at_the_move() -> None:
    found = due_of(moved(done(0), step(1, to="ann"), definition={"sla_config": SLA}))

    assert found == NOW + timedelta(hours=20)


def test_what_is_overdue_gets_between_one_and_two_times_the_grace() -> None:
    late = step(0, "IN_PROGRESS", to="ann", row={"due_date": at(-900)})
    times = [due_of(moved(late, request_id=f"request {n}")) for n in range(200)]

    assert all(time is not None and NOW + DAY <= time < NOW + 2 * DAY for time in times)
    assert len(set(times)) == len(times)


def test_it_escalates_to_the_position_above() -> None:
    mapped = moved(step(0, "IN_PROGRESS", to="ann", started=-10), definition={"sla_config": SLA})

    assert mapped.state is not None
    assert mapped.state.stage is not None
    (level,) = mapped.state.stage.plan.escalations
    assert level.at == NOW + timedelta(hours=20)
    assert [person.name for person in level.to] == ["Boss"]
    assert any("maxDurationHours" in remark for remark in mapped.remarks)


@pytest.mark.parametrize(("hours", "left"), [(5, timedelta(hours=5)), (-900, DAY)])
def test_on_hold_the_time_left_waits(hours: float, left: timedelta) -> None:
    from portal.domain.request.apply import apply, evolve

    waits = step(0, "IN_PROGRESS", to="ann", row={"due_date": at(hours)})
    state = moved(waits, state="WAITING").state
    assert state is not None
    later = NOW + 10 * DAY
    resume = Resume(command_id="c", request_id=state.request_id, actor_id="x", at=later)
    for event in apply(state, resume, later):
        state = evolve(state, event)

    assert state.stage is not None
    assert state.stage.plan.due_at == later + left


@pytest.mark.parametrize(
    ("state", "row", "words"),
    [
        ("WAITING", {}, "paused by hand"),
        ("SUSPENDED", {"error": "Budget frozen"}, "Budget frozen"),
    ],
)
def test_waiting_and_suspended_arrive_on_hold(state: str, row: Any, words: str) -> None:
    mapped = moved(step(0, "IN_PROGRESS", to="ann"), state=state, **row)

    assert mapped.result == "on_hold"
    assert mapped.state is not None
    assert mapped.state.status is Status.ON_HOLD
    assert words in mapped.reasons[0]


@pytest.mark.parametrize(
    ("given", "priority"),
    [("LOW", "LOW"), ("HIGH", "HIGH"), ("URGENT", "URGENT"), ("NORMAL", "MEDIUM"),
     ("CRITICAL", "MEDIUM"), (5, "MEDIUM"), (None, "MEDIUM")],
)  # fmt: skip
def test_priorities(given: Any, priority: str) -> None:
    mapped = moved(step(0, "IN_PROGRESS", to="ann"), metadata={"priority": given})

    assert mapped.state is not None
    assert mapped.state.priority is Priority(priority)
