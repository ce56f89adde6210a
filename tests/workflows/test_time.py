"""Days in seconds: reminders, escalations, expiry, undo windows, holds, another try at routing."""

from datetime import timedelta

import pytest

from portal.domain.people.directory import Directory, Person, Workplace
from portal.domain.policy.policy import ApproverRule, Mode, Policy, RuleKind, Stage, WorkingTime
from portal.domain.request import commands
from portal.domain.request.events import ReminderDue, TaskEscalated, TaskExpired
from portal.domain.routing.plan import RouteQuestion, StagePlan
from portal.domain.routing.step import plan_next
from portal.domain.time.working_time import Calendar, add_business_minutes
from tests.workflows.fakes import days
from tests.workflows.given import ANA, BEN, CAI, DAN, escalates_to_ben, stage
from tests.workflows.journey import Journey

pytestmark = pytest.mark.temporal

SOON = timedelta(minutes=1)
PEOPLE = tuple(Person(id=each, name=each, calendar_id=each) for each in (ANA, BEN))
HOURS = {ANA: ("Asia/Kathmandu", (540, 720)), BEN: ("America/St_Johns", (780, 1020))}
PLACES = {who: Calendar(time_zone=zone, hours=((day,),) * 7) for who, (zone, day) in HOURS.items()}


def by_place(question: RouteQuestion) -> StagePlan:
    """Ana and Ben, an hour of work at each one's own place."""
    rule = ApproverRule(kind=RuleKind.PEOPLE, people=(ANA, BEN))
    clocks = {"remind_after": (30,), "expire_after": 60, "working_time": WorkingTime.APPROVER}
    policy = Policy(stages=(Stage(key="a", name="A", mode=Mode.ALL, rules=(rule,), **clocks),))
    places = {who: Workplace(name=who, calendar=each) for who, each in PLACES.items()}
    known = Directory(people={each.id: each for each in PEOPLE}, calendars=places)
    plan = plan_next(policy, question, known, {}, lambda *_: question.now).stage
    assert plan is not None
    return plan


async def test_reminders_come_on_their_days_and_no_earlier(journey: Journey) -> None:
    reminders = {"reminders": lambda q: (days(q, 1), days(q, 2))}
    await journey.start(stage("manager", ANA, **reminders))
    await journey.sleep(hours=23)
    assert "ReminderDue" not in journey.recorder.kinds
    await journey.sleep(hours=2)
    await journey.seen("ReminderDue")
    await journey.sleep(days=1)
    await journey.seen("ReminderDue", times=2)
    opened = journey.recorder.state.stage
    assert opened is not None
    for number, event in enumerate(journey.recorder.of(ReminderDue), start=1):
        assert timedelta() <= event.at - opened.opened_at - timedelta(days=number) < SOON


async def test_where_people_work_elsewhere_it_waits_for_the_last_of_them(journey: Journey) -> None:
    """By the real rules of routing: Ana's night is over before Ben's."""
    await journey.start(by_place)
    asked = journey.router.asked[0]
    hours = {each.id: add_business_minutes(PLACES[each.id], asked.now, 60) for each in PEOPLE}
    opened = journey.recorder.state.stage
    assert opened is not None
    assert {task.assignee_id: task.due_at for task in opened.tasks} == hours
    await journey.sleep(days=2)
    await journey.seen("RequestTimedOut")
    (reminder,) = journey.recorder.of(ReminderDue)
    (ended,) = journey.recorder.of(TaskExpired)[:1]
    half = max(add_business_minutes(PLACES[each.id], asked.now, 30) for each in PEOPLE)
    assert timedelta() <= reminder.at - half < SOON
    assert timedelta() <= ended.at - max(hours.values()) < SOON


async def test_escalated_then_decided_by_whoever_got_it(journey: Journey) -> None:
    await journey.start(stage("manager", ANA, escalations=escalates_to_ben))
    await journey.sleep(days=3, minutes=1)
    await journey.seen("TaskEscalated")
    (moved,) = journey.recorder.of(TaskEscalated)
    assert isinstance(moved, TaskEscalated)
    assert (moved.from_id, moved.to_id) == (ANA, BEN)
    late = journey.request.approve(ANA)
    await journey.give(late)
    assert journey.recorder.events[-1].data["reason"] == "not_yours"
    decision = journey.request.decide(commands.Approve, BEN)
    decision.payload["task_id"] = moved.task_id
    await journey.give(decision)
    assert await journey.outcome() == "APPROVED"


async def test_expired_after_all_deadlines(journey: Journey) -> None:
    clocks = {"escalations": escalates_to_ben, "expires_at": lambda q: days(q, 5)}
    await journey.start(stage("manager", ANA, **clocks))
    await journey.sleep(days=6)
    assert await journey.outcome() == "TIMEOUT"
    kinds = journey.recorder.kinds
    assert kinds.index("TaskEscalated") < kinds.index("TaskExpired")
    assert kinds[-1] == "RequestTimedOut"


async def test_a_decision_is_undone_inside_its_window(journey: Journey) -> None:
    await journey.start(stage("manager", ANA, undo=3600))
    await journey.give(journey.request.approve(ANA))
    task = journey.request.task(ANA)
    await journey.give(journey.request.give(commands.Retract, ANA, task_id=task))
    await journey.sleep(hours=2)
    assert journey.recorder.state.is_open
    await journey.give(journey.request.reject(ANA))
    await journey.sleep(hours=2)
    assert await journey.outcome() == "REJECTED"


async def test_a_decision_settles_when_its_window_ends(journey: Journey) -> None:
    await journey.start(stage("manager", ANA, undo=3600))
    await journey.give(journey.request.approve(ANA))
    assert journey.recorder.state.is_open
    await journey.sleep(minutes=61)
    assert await journey.outcome() == "APPROVED"


async def test_a_hold_stops_the_clocks(journey: Journey) -> None:
    await journey.start(stage("manager", ANA, expires_at=lambda q: days(q, 2)))
    await journey.sleep(days=1)
    await journey.give(journey.request.give(commands.Hold, CAI, reason="An audit"))
    await journey.sleep(days=10)
    assert journey.recorder.state.status == "ON_HOLD"
    await journey.give(journey.request.give(commands.Resume, CAI))
    await journey.sleep(hours=20)
    assert journey.recorder.state.is_open
    await journey.sleep(hours=5)
    assert await journey.outcome() == "TIMEOUT"


async def test_routing_is_tried_again_while_nobody_is_found(journey: Journey) -> None:
    journey.router.attention = ["Nobody is in the group.", "Nobody is in the group."]
    await journey.start(stage("manager", ANA))
    assert journey.recorder.state.attention == "Nobody is in the group."
    await journey.sleep(hours=1, minutes=1)
    await journey.seen("AttentionNeeded", times=2)
    await journey.sleep(hours=4, minutes=1)
    await journey.seen("TaskAssigned")
    await journey.give(journey.request.approve(ANA))
    assert await journey.outcome() == "APPROVED"


async def test_an_admin_asks_routing_again_at_once(journey: Journey) -> None:
    journey.router.attention = ["Nobody is in the group."]
    await journey.start(stage("manager", ANA))
    await journey.give(journey.request.give(commands.Resume, CAI))
    await journey.seen("TaskAssigned")


async def test_the_requesters_nudge(journey: Journey) -> None:
    await journey.start(stage("manager", ANA))
    await journey.give(journey.request.give(commands.Remind, DAN))
    (nudge,) = journey.recorder.of(ReminderDue)
    assert nudge.actor == DAN
