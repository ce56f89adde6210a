"""The simple workflow: one approver, no escalation, seven days."""

import pytest

from portal.domain.policy.policy import Mode, WorkflowKind
from portal.domain.routing.plan import Candidate, PlannedEscalation
from tests.workflows.fakes import days
from tests.workflows.given import ANA, BEN, CAI, stage
from tests.workflows.journey import Journey

pytestmark = pytest.mark.temporal


async def test_one_person_is_asked_whatever_the_policy_says(journey: Journey) -> None:
    journey.kind = WorkflowKind.SIMPLE
    await journey.start(stage("manager", ANA, BEN, mode=Mode.ALL, needed=2))
    asked = journey.recorder.state.stage
    assert asked is not None
    assert [task.assignee_id for task in asked.tasks] == [ANA]
    assert [each.person_id for each in asked.plan.left_out] == [BEN]
    await journey.give(journey.request.approve(ANA))
    assert await journey.outcome() == "APPROVED"


async def test_ends_after_seven_days(journey: Journey) -> None:
    journey.kind = WorkflowKind.SIMPLE
    await journey.start(stage("manager", ANA))
    await journey.sleep(days=6, hours=23)
    assert journey.recorder.state.is_open
    await journey.sleep(hours=2)
    assert await journey.outcome() == "TIMEOUT"


async def test_ends_earlier_where_the_policy_says_so(journey: Journey) -> None:
    journey.kind = WorkflowKind.SIMPLE
    await journey.start(stage("manager", ANA, expires_at=lambda question: days(question, 2)))
    await journey.sleep(days=2, minutes=1)
    assert await journey.outcome() == "TIMEOUT"


async def test_never_escalates(journey: Journey) -> None:
    journey.kind = WorkflowKind.SIMPLE
    to = (Candidate(person_id=CAI, name="Cai", why="head"),)
    levels = lambda q: (PlannedEscalation(level=1, at=days(q, 1), to=to),)  # noqa: E731
    await journey.start(stage("manager", ANA, escalations=levels))
    await journey.sleep(days=3)
    assert "TaskEscalated" not in journey.recorder.kinds
