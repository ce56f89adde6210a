"""Giving tasks to people: the directory is asked as the command is applied."""

import pytest

from portal.domain.request import commands
from portal.workflows.messages import CommandMessage
from tests.workflows.fakes import permanent
from tests.workflows.given import ANA, BEN, CAI, DAN, escalates_to_ben, stage
from tests.workflows.journey import Journey

pytestmark = pytest.mark.temporal


def reassign(journey: Journey, to: str) -> CommandMessage:
    task = journey.request.task(ANA)
    return journey.request.give(commands.Reassign, ANA, task_id=task, to_id=to)


async def test_handed_over_and_decided_by_the_other(journey: Journey) -> None:
    journey.staff.names = {CAI: "Cai"}
    await journey.start(stage("manager", ANA))
    await journey.give(reassign(journey, CAI))
    assert [task.assignee_id for task in journey.recorder.state.open_tasks] == [CAI]
    approve = journey.request.give(commands.Approve, CAI, task_id=journey.request.task(ANA))
    await journey.give(approve)
    assert await journey.outcome() == "APPROVED"


async def test_who_is_not_there_gets_nothing(journey: Journey) -> None:
    await journey.start(stage("manager", ANA))
    await journey.give(reassign(journey, CAI))
    assert journey.staff.asked == [CAI]
    assert journey.recorder.events[-1].data["reason"] == "nobody"
    assert [task.assignee_id for task in journey.recorder.state.open_tasks] == [ANA]


async def test_a_directory_that_is_away_is_waited_for(journey: Journey) -> None:
    journey.staff.names = {CAI: "Cai"}
    journey.staff.fail = [ConnectionError("away"), ConnectionError("away")]
    await journey.start(stage("manager", ANA))
    await journey.give(reassign(journey, CAI))
    assert [task.assignee_id for task in journey.recorder.state.open_tasks] == [CAI]


async def test_a_directory_that_is_broken_knows_nobody(journey: Journey) -> None:
    journey.staff.names, journey.staff.fail = {CAI: "Cai"}, [permanent()]
    await journey.start(stage("manager", ANA))
    await journey.give(reassign(journey, CAI))
    assert journey.recorder.events[-1].data["reason"] == "nobody"


async def test_other_commands_and_the_clock_go_on_behind_it(journey: Journey) -> None:
    journey.staff.names = {BEN: "Ben", CAI: "Cai"}
    await journey.start(stage("manager", ANA, escalations=escalates_to_ben))
    comment = journey.request.give(commands.Comment, ANA, comment="Gone.")
    await journey.send(reassign(journey, CAI), comment)
    await journey.seen("CommentAdded")
    await journey.sleep(days=3, minutes=1)
    await journey.seen("TaskEscalated")
    assert [task.assignee_id for task in journey.recorder.state.open_tasks] == [BEN]


async def test_a_question_stops_the_clock_until_it_is_answered(journey: Journey) -> None:
    clocks = {"escalations": escalates_to_ben, "asking_stops_clock": True}
    await journey.start(stage("manager", ANA, **clocks))
    about = {"task_id": journey.request.task(ANA), "comment": "Which lens?"}
    await journey.give(journey.request.give(commands.AskInformation, ANA, **about))
    await journey.sleep(days=5)
    await journey.give(journey.request.give(commands.AnswerInformation, DAN, **about))
    assert "TaskEscalated" not in journey.recorder.kinds
    await journey.sleep(days=3, minutes=1)
    await journey.seen("TaskEscalated")


async def test_somebody_added_is_needed_beside_the_others(journey: Journey) -> None:
    journey.staff.names = {CAI: "Cai"}
    await journey.start(stage("manager", ANA))
    await journey.give(journey.request.give(commands.AddApprover, DAN, to_id=CAI))
    await journey.give(journey.request.approve(ANA))
    assert journey.recorder.state.is_open
    (task,) = journey.recorder.state.open_tasks
    await journey.give(journey.request.give(commands.Approve, CAI, task_id=task.id))
    assert await journey.outcome() == "APPROVED"
