"""Routing with what stands in the database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text, update
from temporalio.exceptions import ApplicationError

from portal.activities.route import RouteActivity
from portal.directory.planner import plan_next, predict
from portal.domain.codec import decode, encode
from portal.domain.errors import InvalidPolicy
from portal.domain.policy.policy import (
    EscalationLevel,
    Mode,
    Policy,
    Receivers,
    RuleKind,
    Stage,
    StageKind,
    WorkingTime,
)
from portal.domain.routing.plan import RoutePlan, StagePlan, StageSkip
from portal.models import Calendar, Delegation, User
from portal.models.columns import new_id
from portal.workflows.messages import RouteAsk
from tests.directory.organisation import HOURS, asks, identity, names, published, rule, stage
from tests.domain.story import MONDAY

MANAGER = rule(RuleKind.MANAGER)


def plan(connection: Connection, *stages: Stage, **values: Any) -> RoutePlan:
    return plan_next(connection, asks(published(connection, Policy(stages=stages)), **values))


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        ([MANAGER], ["Ana"]),
        ([rule(RuleKind.MANAGER, levels=3)], ["Cleo"]),
        ([rule(RuleKind.GROUP, code="finance")], ["Ben", "Dan"]),
        ([rule(RuleKind.ROLE, code="controller")], ["Cleo"]),
        ([rule(RuleKind.DEPARTMENT_HEAD)], ["Dan"]),
        ([rule(RuleKind.DEPARTMENT_HEAD, form_field="note")], ["Dan"]),
        ([rule(RuleKind.CHOSEN, form_field="who")], ["Ben"]),
        ([rule(RuleKind.PEOPLE, "cleo", "ana")], ["Cleo", "Ana"]),
    ],
)
def test_every_rule_finds_its_people(
    connection: Connection, rules: list[Any], asked: list[str]
) -> None:
    fields = {"note": "IT", "who": [identity("ben"), "no id", identity("eve")]}
    assert names(plan(connection, stage(*rules), fields=fields)) == asked


def test_who_was_left_out_and_why(connection: Connection) -> None:
    found = plan(connection, stage(rule(RuleKind.GROUP, code="finance")), requester="dan")
    assert found.stage is not None
    assert {(each.name, str(each.reason)) for each in found.stage.left_out} == {
        ("Dan", "asked for this"),
        ("Eve", "is inactive"),
    }


def test_managers_in_a_circle(connection: Connection) -> None:
    assert names(plan(connection, stage(MANAGER), requester="olga")) == ["Otto"]
    assert plan(connection, stage(rule(RuleKind.GROUP, code="nobody"))).attention is not None


def test_deadlines_are_hours_of_the_office(connection: Connection) -> None:
    up = EscalationLevel(after=600, to=(rule(RuleKind.MANAGER, levels=2),))
    found = plan(connection, stage(MANAGER, remind_after=(480,), escalate=(up,))).stage
    assert found is not None
    assert found.reminders == (MONDAY + timedelta(hours=8),)
    assert found.due_at == MONDAY + timedelta(days=1, hours=2)
    assert [each.name for each in found.escalations[0].to] == ["Ben"]


def test_people_of_another_place_have_its_hours_and_holidays(connection: Connection) -> None:
    place = {"id": new_id(), "name": "Tokyo", "time_zone": "Asia/Tokyo", "hours": HOURS}
    row = {**place, "country": "JP", "closed_days": {"2026-01-06": "Move"}, "worked_days": []}
    connection.execute(insert(Calendar).values(**row))
    moved = update(User).where(User.id == identity("ana")).values(calendar_id=place["id"])
    connection.execute(moved)
    by_place = {"working_time": WorkingTime.APPROVER, "mode": Mode.ALL, "expire_after": 480}
    both = stage(rule(RuleKind.PEOPLE, "ana", "cleo"), **by_place)
    found = plan(connection, both).stage
    assert found is not None
    # At nine in the office it is 18:00 in Tokyo, which is closed the day after.
    tokyo = datetime(2026, 1, 7, 8, tzinfo=UTC)
    assert [each.due_at for each in found.people] == [tokyo, MONDAY + timedelta(hours=8)]
    assert [each.place for each in found.people] == ["Tokyo", ""]
    assert found.due_at == found.expires_at == tokyo


def test_elapsed_hours_never_stop(connection: Connection) -> None:
    found = plan(connection, stage(MANAGER, expire_after=600, elapsed=True)).stage
    assert found is not None
    assert found.expires_at == MONDAY + timedelta(hours=10)


def test_conditions_see_the_form_and_the_department(connection: Connection) -> None:
    dear = stage(MANAGER, key="dear", condition="amount >= 100 && note == null")
    here = stage(MANAGER, key="here", condition="department == 'IT'")
    found = plan(connection, dear, here, amount=50, currency="EUR")
    assert [skip.key for skip in found.skipped] == ["dear"]
    assert found.stage is not None
    assert found.stage.key == "here"


def test_a_broken_condition_calls_for_attention(connection: Connection) -> None:
    found = plan(connection, stage(MANAGER, condition="note > 3"))
    assert found.stage is None
    assert "could not be evaluated" in str(found.attention)


def test_the_whole_route_ahead(connection: Connection) -> None:
    policy = Policy(stages=(stage(MANAGER), stage(MANAGER, key="never", condition="round > 9")))
    entries = predict(connection, asks(published(connection, policy, draft=True)))
    assert [type(each) for each in entries] == [StagePlan, StageSkip]


def test_only_the_policys_end_is_the_last_stage(connection: Connection) -> None:
    notice = stage(MANAGER, key="notice", kind=StageKind.NOTIFY)
    version = published(connection, Policy(stages=(stage(MANAGER), notice)))
    entries = predict(connection, asks(version))
    assert [each.is_last for each in entries if isinstance(each, StagePlan)] == [False, True]


def test_a_simple_type_is_foretold_as_it_will_run(connection: Connection) -> None:
    version = published(connection, Policy(stages=(stage(rule(RuleKind.GROUP, code="finance")),)))
    connection.execute(
        text(
            "UPDATE portal.request_types SET workflow = 'simple' WHERE id ="
            " (SELECT request_type_id FROM portal.policy_versions WHERE id = CAST(:id AS uuid))"
        ),
        {"id": version},
    )
    [step] = predict(connection, asks(version))
    assert isinstance(step, StagePlan)
    assert [person.name for person in step.people] == ["Ben"]
    assert step.expires_at is not None


def test_few_statements(connection: Connection) -> None:
    rules = [rule(RuleKind.GROUP, code="finance"), rule(RuleKind.DEPARTMENT_HEAD), MANAGER]
    version = published(connection, Policy(stages=(stage(*rules), stage(MANAGER, key="second"))))
    plan_next(connection, asks(version))
    seen: list[str] = []
    event.listen(
        connection, "before_cursor_execute", lambda *given: seen.append(given[2]), named=False
    )
    plan_next(connection, asks(version))
    assert len(seen) == 2
    seen.clear()
    assert plan_next(connection, asks(version, from_index=2)).total == 2
    assert seen == []


def test_unknown_policy_and_senseless_calendar(connection: Connection) -> None:
    with pytest.raises(InvalidPolicy, match="no policy version"):
        plan_next(connection, asks(new_id()))
    connection.execute(text("UPDATE portal.calendars SET time_zone = 'Mars/Olympus'"))
    with pytest.raises(InvalidPolicy, match="Mars/Olympus"):
        plan(connection, stage(MANAGER))


def test_the_activity(connection: Connection) -> None:
    version = published(connection, Policy(stages=(stage(MANAGER),)))
    connection.commit()
    router = RouteActivity(connection.engine)
    answer = router.route(RouteAsk(question=encode(asks(version))))
    assert names(decode(RoutePlan, answer.plan)) == ["Ana"]
    with pytest.raises(ApplicationError, match="no policy version") as caught:
        router.route(RouteAsk(question=encode(asks(new_id()))))
    assert caught.value.non_retryable


def goes_away(connection: Connection, who: str, delegate: str, **values: Any) -> None:
    given = {
        "delegator_id": identity(who), "delegate_id": identity(delegate),
        "starts_at": datetime.now(UTC) - timedelta(hours=1),
        "ends_at": datetime.now(UTC) + timedelta(hours=1), **values,
    }  # fmt: skip
    connection.execute(insert(Delegation).values(**given))


def test_who_is_away_now_is_represented(connection: Connection) -> None:
    goes_away(connection, "ana", "dan")
    found = plan(connection, stage(MANAGER)).stage
    assert found is not None
    assert found.people[0].stand_in is None
    found = plan(connection, stage(MANAGER, receivers=Receivers.ANYONE)).stage
    assert found is not None
    stand_in = found.people[0].stand_in
    assert stand_in is not None
    assert (stand_in.person_id, stand_in.name) == (identity("dan"), "Dan")


@pytest.mark.parametrize(
    "values",
    [
        {"starts_at": datetime.now(UTC) + timedelta(minutes=30)},
        {"ends_at": datetime.now(UTC) - timedelta(minutes=1)},
        {"revoked_at": datetime.now(UTC)},
        {"type_codes": ["travel"]},
    ],
)
def test_nobody_stands_in_before_or_after_or_for_other_things(
    connection: Connection, values: dict[str, Any]
) -> None:
    goes_away(connection, "ana", "dan", **values)
    found = plan(connection, stage(MANAGER), type_code="purchase").stage
    assert found is not None
    assert found.people[0].stand_in is None


def test_a_delegate_who_is_away_too_is_seen_in_the_database(connection: Connection) -> None:
    goes_away(connection, "ana", "dan")
    goes_away(connection, "dan", "cleo")
    found = plan(connection, stage(MANAGER)).stage
    assert found is not None
    assert found.people[0].stand_in is None
    assert [each.name for each in found.left_out] == ["Dan"]


def test_an_open_stage_is_looked_at_again(connection: Connection) -> None:
    asked = (identity("ben"), identity("eve"))
    found = plan(connection, stage(MANAGER), reviewing=True, asked=asked).review
    assert found is not None
    assert [each.name for each in found.people] == ["Ana"]
    assert [(each.name, str(each.reason)) for each in found.unfit] == [
        ("Eve", "is no longer active")
    ]
