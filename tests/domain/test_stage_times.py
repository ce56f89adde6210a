"""A stage's times where people work in different places, and what becomes of them afterwards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.errors import InvalidPolicy
from portal.domain.people.directory import Absence, Directory, Workplace
from portal.domain.policy.check import validate_policy
from portal.domain.policy.policy import EscalationLevel, Mode, Policy, Receivers, Stage, WorkingTime
from portal.domain.policy.simple import simple_stage
from portal.domain.request import commands
from portal.domain.routing.plan import Candidate, RoutePlan, StagePlan
from portal.domain.routing.step import plan_next
from portal.domain.time.stage_times import Clocks, stage_times
from portal.domain.time.working_time import Calendar, add_business_minutes
from tests.domain.office import directory, named, question, stage
from tests.domain.story import MONDAY, Story
from tests.domain.test_worktime import calendars

OFFICE_HOURS = (*[((540, 1020),)] * 5, (), ())
LONDON = Calendar(time_zone="Europe/London", hours=OFFICE_HOURS)
KOLKATA = Calendar(time_zone="Asia/Kolkata", hours=OFFICE_HOURS)
LOS_ANGELES = Calendar(time_zone="America/Los_Angeles", hours=OFFICE_HOURS)
PLACES = {"ida": KOLKATA, "fay": LONDON, "max": LOS_ANGELES}
NAMED = {who: Workplace(name=each.time_zone, calendar=each) for who, each in PLACES.items()}


def known(**values: object) -> Directory:
    """The office's people, some of whom have a place."""
    found = directory()
    people = {
        name: replace(person, calendar_id=name if name in PLACES else None)
        for name, person in found.people.items()
    }
    return replace(found, people=people, calendars=NAMED, **values)


def by_type(minutes: int, elapsed: bool) -> datetime:
    return (
        MONDAY + timedelta(minutes=minutes)
        if elapsed
        else add_business_minutes(LONDON, MONDAY, minutes)
    )


def opened(asks: Stage, among: Directory | None = None, now: datetime = MONDAY) -> StagePlan:
    policy = Policy(stages=(asks,))
    plan = plan_next(policy, question(now=now), among or known(), {}, by_type).stage
    assert plan is not None
    return plan


def due_of(plan: StagePlan) -> dict[str, datetime | None]:
    return {each.person_id: each.due_at for each in plan.people}


BY_PLACE = {"working_time": WorkingTime.APPROVER, "mode": Mode.ALL}


def test_each_has_an_own_deadline_and_the_stage_waits_for_the_latest() -> None:
    plan = opened(
        stage(named("ida", "fay", "finn"), expire_after=480, remind_after=(60,), **BY_PLACE)
    )
    # Monday 9:00 in London is 14:30 in Kolkata: two and a half hours are left there.
    assert due_of(plan) == {
        "ida": datetime(2026, 1, 6, 9, tzinfo=UTC),  # Tuesday 14:30 in Kolkata
        "fay": datetime(2026, 1, 5, 17, tzinfo=UTC),
        "finn": datetime(2026, 1, 5, 17, tzinfo=UTC),  # no place: the type's calendar
    }
    assert plan.expires_at == plan.due_at == datetime(2026, 1, 6, 9, tzinfo=UTC)
    assert plan.reminders == (datetime(2026, 1, 5, 10, tzinfo=UTC),)


def test_whoever_stands_in_is_not_hurried_either() -> None:
    absence = Absence(
        id="a", delegator_id="fay", delegate_id="max", ends_at=MONDAY + timedelta(days=9)
    )
    asks = stage(named("fay"), expire_after=480, receivers=Receivers.ANYONE, **BY_PLACE)
    plan = opened(asks, known(absences={"fay": (absence,)}))
    assert due_of(plan) == {"fay": datetime(2026, 1, 6, 1, tzinfo=UTC)}  # 17:00 in Los Angeles


def test_an_end_waits_for_those_to_whom_the_task_was_escalated() -> None:
    up = EscalationLevel(after=60, to=(named("max"),))
    plan = opened(stage(named("fay"), escalate=(up,), expire_after=480, **BY_PLACE))
    assert [level.at for level in plan.escalations] == [datetime(2026, 1, 5, 10, tzinfo=UTC)]
    assert plan.due_at == plan.escalations[0].at
    assert plan.expires_at == datetime(2026, 1, 6, 1, tzinfo=UTC)


def test_by_the_type_nobody_has_an_own_deadline() -> None:
    plan = opened(stage(named("ida", "fay"), expire_after=480))
    assert due_of(plan) == {"ida": None, "fay": None}
    assert plan.due_at == datetime(2026, 1, 5, 17, tzinfo=UTC)


def test_a_simple_request_is_due_with_its_end() -> None:
    up = EscalationLevel(after=60, to=(named("max"),))
    plan = opened(stage(named("fay", "ida"), escalate=(up,), expire_after=480, **BY_PLACE))
    simple = simple_stage(plan, MONDAY)
    assert due_of(simple) == {"fay": None}
    assert simple.due_at == simple.expires_at == plan.expires_at


def test_every_hour_and_working_time_exclude_each_other() -> None:
    asks = stage(named("fay"), elapsed=True, expire_after=9, **BY_PLACE)
    with pytest.raises(InvalidPolicy, match="every hour"):
        validate_policy(Policy(stages=(asks,)), ())


@st.composite
def clocked(draw: st.DrawFn) -> Stage:
    marks = sorted(draw(st.sets(st.integers(1, 3000), min_size=1, max_size=6)))
    up = tuple(EscalationLevel(after=each, to=()) for each in marks[:-1:2])
    remind, working_time = tuple(marks[:-1]), draw(st.sampled_from(WorkingTime))
    return stage(
        remind_after=remind, escalate=up, expire_after=marks[-1], working_time=working_time
    )


names = st.sampled_from(["ana", "ben", "cleo", "dan"])
PEOPLE = st.sets(names, min_size=1, max_size=3)


@settings(max_examples=80, deadline=None)
@given(
    clocked(),
    st.dictionaries(names, calendars(), max_size=3),
    st.dictionaries(names, PEOPLE, min_size=1, max_size=3),
    st.lists(PEOPLE, min_size=3, max_size=3),
    st.integers(0, 500 * 1440).map(lambda n: MONDAY + timedelta(minutes=n)),
)
def test_nothing_comes_too_early_for_anybody_asked(
    asks: Stage,
    places: dict[str, Calendar],
    asked: dict[str, set[str]],
    targets: list[set[str]],
    now: datetime,
) -> None:
    def of_type(minutes: int, _elapsed: bool) -> datetime:
        return add_business_minutes(KOLKATA, now, minutes)

    times = stage_times(asks, Clocks(now=now, of_type=of_type, places=places), asked, targets)
    people = {each for several in asked.values() for each in several}
    ends = {name: add_business_minutes(places.get(name, KOLKATA), now, asks.expire_after or 0)
            for name in people | set().union(*targets[: len(asks.escalate)])}  # fmt: skip
    by_place = asks.working_time is WorkingTime.APPROVER
    assert times.expires_at == (
        max(ends.values()) if by_place else of_type(asks.expire_after or 0, False)
    )
    assert len(set(times.reminders)) == len(times.reminders)
    assert list(times.reminders) == sorted(times.reminders)
    assert list(times.escalations) == sorted(times.escalations)
    assert times.due_at == min([*times.escalations[:1], times.expires_at])
    assert set(times.own) == (set(asked) if by_place else set())
    assert not times.own or max(times.own.values()) == times.due_at


OWN = timedelta(hours=5)


def under_way() -> Story:
    """Ana has a deadline of her own, an hour before that of the stage and Ben."""
    story = Story()
    story.submits()
    people = tuple(
        Candidate(person_id=name, name=name, why="Why not.", due_at=due)
        for name, due in (("ana", MONDAY + OWN), ("ben", None))
    )
    times = {"due_at": MONDAY + 2 * OWN, "expires_at": MONDAY + 2 * OWN}
    plan = replace(opened(stage(named("fay"))), people=people, mode=Mode.ALL, needed=2, **times)
    story.routed(RoutePlan(stage=plan, total=1))
    return story


def test_a_task_keeps_its_times_whoever_gets_it() -> None:
    story = under_way()
    assert story.task_of("ben").due_at == MONDAY + 2 * OWN
    task = story.task_of("ana").id
    story.says(commands.Reassign, "ana", task_id=task, to_id="cleo", to_name="Cleo")
    assert story.task_of("cleo").due_at == MONDAY + OWN
    story.says(commands.Delegate, "cleo", task_id=task, to_id="dan", to_name="Dan")
    assert story.task_of("dan").due_at == MONDAY + OWN
    given = {"round": 1, "to_id": "eve", "to_name": "Eve", "comment": "You, too."}
    story.says(commands.AddApprover, "ben", **given)
    assert story.task_of("eve").due_at == MONDAY + 2 * OWN


def test_after_a_hold_each_time_is_as_much_later() -> None:
    story = under_way()
    story.says(commands.Hold, "admin", reason="Wait.")
    story.now += timedelta(days=1)
    story.says(commands.Resume, "admin")
    assert story.task_of("ana").due_at == MONDAY + OWN + timedelta(days=1)
    assert story.task_of("ben").due_at == MONDAY + 2 * OWN + timedelta(days=1)
    assert story.state.stage is not None
    assert story.state.stage.plan.people[0].due_at == story.task_of("ana").due_at
