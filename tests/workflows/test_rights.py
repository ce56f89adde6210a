"""A decision that brings no word of the directory is counted only if the right had not ended."""

import pytest

from portal.domain.request import commands
from tests.workflows.given import ANA, stage
from tests.workflows.journey import Journey

pytestmark = pytest.mark.temporal


async def test_what_was_recorded_after_the_right_had_ended_is_struck(journey: Journey) -> None:
    await journey.start(stage("manager", ANA))
    approve = journey.request.give(commands.Approve, ANA, task_id=journey.request.task(ANA))
    journey.staff.struck = {approve.command_id}
    await journey.give(approve)
    assert journey.recorder.events[-1].data["reason"] == "no_longer_yours"
    assert [task.assignee_id for task in journey.recorder.state.open_tasks] == [ANA]
    again = journey.request.give(commands.Approve, ANA, task_id=journey.request.task(ANA))
    await journey.give(again)
    assert await journey.outcome() == "APPROVED"
    assert journey.staff.doubted == [approve.command_id, again.command_id]


async def test_what_the_portal_asked_about_is_not_asked_again(journey: Journey) -> None:
    await journey.start(stage("manager", ANA))
    task = journey.request.task(ANA)
    await journey.give(journey.request.give(commands.Approve, ANA, task_id=task, entitled=True))
    assert await journey.outcome() == "APPROVED"
    assert journey.staff.doubted == []
