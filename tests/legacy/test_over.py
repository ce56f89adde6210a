"""Finished requests, and those that were rejected and ran on."""

from typing import Any

import pytest

from portal.domain.request.apply import fold
from portal.domain.request.events import (
    LegacyRecorded,
    RequestHeld,
    RequestImported,
    TaskAssigned,
)
from portal.legacy.engine import EngineStep
from portal.legacy.setting import RejectedRunning
from tests.legacy.old import NOW, at, done, moved, step

CLOSE = {"rejected_running": RejectedRunning.CLOSE}


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ([done(0), done(1)], "APPROVED"),
        ([done(0, approved=False), done(1)], "REJECTED"),
        ([step(0, "REJECTED", to="ann")], "REJECTED"),
        ([step(0, "COMPLETED", to="ann")], "APPROVED"),
        ([step(0, "COMPLETED", votes=[("ann", "APPROVE"), ("ann", "REJECT")])], "REJECTED"),
        ([step(0, "COMPLETED", votes=[("ann", "REJECT"), ("ann", "APPROVE")])], "APPROVED"),
        ([step(0, "COMPLETED", votes=[("req", "REJECT")])], "APPROVED"),
        ([done(0, votes=[("ann", "REJECT")])], "APPROVED"),
        ([step(0, "SKIPPED")], "APPROVED"),
        ([step(0)], "APPROVED"),
        ([], "APPROVED"),
        ([step(0, "COMPLETED", "NOTIFICATION", result="sent")], "APPROVED"),
    ],
)
def test_what_a_completed_one_came_to(steps: list[EngineStep], outcome: str) -> None:
    mapped = moved(*steps, state="COMPLETED", completed_at=at(-1))

    assert mapped.result == "history"
    assert mapped.state is not None
    assert mapped.state.status == outcome
    assert fold(mapped.state.request_id, mapped.events) == mapped.state


@pytest.mark.parametrize("result", ["ok", {}, {"approved": "yes"}, [True], 1, {"approved": None}])
def test_a_result_that_says_nothing_needs_a_person(result: Any) -> None:
    for state in ("COMPLETED", "IN_PROGRESS"):
        mapped = moved(step(0, "COMPLETED", result=result), step(1, to="ann"), state=state)
        assert mapped.result == "needs_person"


@pytest.mark.parametrize(
    ("state", "row", "status"),
    [
        ("CANCELLED", {"metadata": {"cancellationReason": "Not needed"}}, "CANCELLED"),
        ("FAILED", {"error": "Out of luck"}, "FAILED"),
    ],
)
def test_cancelled_and_failed_keep_their_reasons(state: str, row: Any, status: str) -> None:
    mapped = moved(step(0, "IN_PROGRESS", to="ann"), state=state, **row)

    assert mapped.state is not None
    assert mapped.state.status == status
    assert mapped.events[-1].reason in ("Not needed", "Out of luck")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("row", "steps", "hours", "words"),
    [
        ({"completed_at": at(-1)}, [done(0)], -1, ""),
        ({}, [done(0), done(1)], -8, "last step"),
        ({}, [], -10, "it began"),
        ({"completed_at": at(-20)}, [done(0)], -20, "before it began"),
    ],
)
def test_when_it_was_over(row: Any, steps: list[EngineStep], hours: float, words: str) -> None:
    mapped = moved(*steps, state="COMPLETED", **row)

    assert mapped.state is not None
    assert mapped.state.closed_at is not None
    assert (mapped.state.closed_at - NOW).total_seconds() == hours * 3600
    assert words in " ".join(mapped.remarks)


def test_a_rejected_one_that_ran_on_is_held_or_closed() -> None:
    steps = [done(0, approved=False), step(1, "IN_PROGRESS", to="ann")]
    held, over = moved(*steps), moved(*steps, setting_=CLOSE)

    assert (held.result, over.result) == ("on_hold", "history")
    assert "was rejected" in held.reasons[0]
    assert over.state is not None
    assert over.state.status == "REJECTED"


def test_closing_what_ran_on_wins_over_needing_a_person() -> None:
    steps = [done(0, approved=False), step(1, "IN_PROGRESS", "ACTION")]

    assert moved(*steps).result == "needs_person"
    assert moved(*steps, setting_=CLOSE).result == "history"


def test_old_rows_become_events_before_the_first_task_or_the_hold() -> None:
    votes = [("ann", "COMMENT"), ("ann", "REMIND")]
    mapped = moved(step(0, "IN_PROGRESS", to="ann", votes=votes, delegation={}), state="WAITING")
    kinds = [type(event) for event in mapped.events]

    assert kinds.count(LegacyRecorded) == 3
    last = max(n for n, kind in enumerate(kinds) if kind in (LegacyRecorded, RequestImported))
    assert last < min(kinds.index(TaskAssigned), kinds.index(RequestHeld))


def test_rows_of_which_nothing_can_be_made() -> None:
    assert moved(step(0), request_id=" ").result == "failed"
    assert moved(step(0), state="DREAMING").result == "needs_person"
