"""Absences that begin and end by the clock, and people who left, as open requests hear of them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update

from portal.background.people_reviews import PeopleWatch
from portal.domain.policy.policy import ApproverRule, Mode, Policy, RuleKind, Stage
from portal.domain.request import commands
from portal.domain.request.state import Approval
from portal.domain.routing.plan import StagePlan
from portal.domain.routing.stage_plan import stage_plan
from portal.extensions import db
from portal.models import Command, Delegation, GroupMember, PeopleReview, Task, User
from portal.models.columns import new_id
from tests.asking import insert_type
from tests.away.house import HOUR, House
from tests.in_process import submit
from tests.web import People


def test_tasks_move_at_the_start_and_come_back_at_the_end(
    house: House, people: People, asked: Approval
) -> None:
    absence = house.away(people.ben, people.dan)
    assert house.turn() == 1
    assert house.holder(asked) == (people.dan, people.ben)
    assert house.turn() == 0
    house.is_over(absence)
    assert house.turn() == 1
    assert house.holder(asked) == (people.ben, None)
    assert house.turn() == 0
    assert house.kinds(asked)[-2:] == ["TaskDelegated", "TaskGivenBack"]
    assert "is back with you" in house.told(people.ben)[-1]


def test_nothing_moves_early_and_a_late_look_makes_up_for_it(
    house: House, people: People, asked: Approval
) -> None:
    soon = datetime.now(UTC) + HOUR
    absence = house.away(people.ben, people.dan, starts_at=soon, ends_at=soon + HOUR)
    assert house.turn() == 0
    mine = Delegation.id == absence
    house.run(update(Delegation).where(mine).values(starts_at=soon - 3 * HOUR))
    assert house.turn() == 1


def test_whoever_is_asked_while_it_is_on_is_represented_at_once(
    house: House, people: People, kind: dict[str, str]
) -> None:
    house.away(people.ben, people.dan)
    state = house.process.give(submit(kind, people))
    assert house.holder(state) == (people.dan, people.ben)
    assert house.turn() == 0
    assert house.told(people.ben) == []
    assert "delegated to you by Ben Example" in house.told(people.dan)[0]


@pytest.mark.parametrize("delegate", ["ana", "inga"])
def test_what_cannot_move_is_tried_once_and_stays(
    house: House, people: People, asked: Approval, delegate: str
) -> None:
    house.away(people.ben, getattr(people, delegate))
    assert house.turn() == (1 if delegate == "ana" else 0)
    assert house.holder(asked) == (people.ben, None)
    assert house.turn() == 0


@pytest.mark.parametrize(
    ("limits", "moved"),
    [
        ({"type_codes": ["chairs"]}, 1),
        ({"type_codes": ["travel"]}, 0),
        ({"max_amount": 12_000, "currency": "EUR"}, 1),
        ({"max_amount": 11_999, "currency": "EUR"}, 0),
        ({"max_amount": 12_000, "currency": "USD"}, 0),
    ],
)
def test_only_what_the_delegation_is_about(
    house: House, people: People, asked: Approval, limits: dict[str, Any], moved: int
) -> None:
    house.away(people.ben, people.dan, **limits)
    assert house.turn() == moved


def test_no_chains_when_the_delegate_goes_away_too(
    house: House, people: People, asked: Approval
) -> None:
    house.away(people.ben, people.dan)
    house.turn()
    second = house.away(people.dan, people.cleo)
    assert house.turn() == 1
    assert house.holder(asked) == (people.ben, None)
    assert house.turn() == 0
    house.is_over(second)
    assert house.turn() == 1
    assert house.holder(asked) == (people.dan, people.ben)


def test_ended_early_or_with_a_delegate_who_left_it_comes_back(
    house: House, people: People, asked: Approval
) -> None:
    absence = house.away(people.ben, people.dan)
    house.turn()
    house.run(update(User).where(User.id == people.dan).values(is_active=False))
    house.turn()
    assert house.holder(asked) == (people.ben, None)
    house.run(update(User).where(User.id == people.dan).values(is_active=True))
    house.turn()
    assert house.holder(asked) == (people.dan, people.ben)
    over = Delegation.id == absence
    house.run(update(Delegation).where(over).values(revoked_at=datetime.now(UTC)))
    house.turn()
    assert house.holder(asked) == (people.ben, None)


def test_two_workers_at_a_time_give_each_command_once(
    house: House, people: People, asked: Approval
) -> None:
    house.away(people.ben, people.dan)
    for _ in range(2):
        PeopleWatch(house.process.engine, 1).turn()
    assert house.process.take_up() == 1


def test_who_left_behind_our_back_is_found_and_the_next_manager_asked(
    house: House, people: People, asked: Approval
) -> None:
    house.run(update(User).where(User.id == people.ben).values(is_active=False))
    assert house.later() == 1
    assert house.holder(asked) == (people.dan, None)
    assert house.kinds(asked)[-3:] == ["RouteQuestioned", "TaskReassigned", "RouteReviewed"]
    (text,) = house.told(people.ana)
    assert text.startswith("Dan Example decides “A chair” instead of Ben Example. Ben")
    assert house.later() == 0


def test_without_anybody_it_needs_attention_and_goes_on_when_somebody_is_there(
    house: House, people: People, asked: Approval
) -> None:
    two = User.id.in_([people.ben, people.dan])
    house.run(update(User).where(two).values(is_active=False))
    house.later()
    state = house.process.states[asked.request_id]
    assert state.attention is not None
    assert "Ben Example is no longer active. Nobody else may decide" in str(state.attention)
    assert house.later() == 0
    house.run(update(User).where(User.id == people.dan).values(is_active=True))
    house.run(
        insert(PeopleReview).values(person_id=people.dan, scope="stuck", cause="Dan is back.")
    )
    assert house.turn() == 1
    assert house.holder(asked) == (people.dan, None)


def test_who_left_a_group_behind_our_back_is_found(
    house: House, people: People, kind: dict[str, str]
) -> None:
    state = house.process.give(submit(kind, people, amount=200_000))
    task = next(iter(state.open_tasks))
    given = {"command_id": new_id(), "request_id": state.request_id, "at": datetime.now(UTC)}
    house.process.give(commands.Approve(**given, actor_id=people.ben, task_id=task.id))
    state = house.process.pass_time(state.request_id, minutes=1)
    assert len(state.open_tasks) == 2
    house.run(delete(GroupMember).where(GroupMember.user_id == people.cleo))
    assert house.later() == 1
    assert house.holder(state) == (people.carl, None)
    assert house.later() == 0


def test_a_change_that_concerns_many_is_worked_off_page_by_page(
    house: House, people: People, kind: dict[str, str]
) -> None:
    for number in range(3):
        house.process.give(submit(kind, people, number=f"CH-{number}"))
    house.run(update(User).where(User.id == people.ben).values(is_active=False))
    house.run(insert(PeopleReview).values(person_id=people.ben, scope="tasks", cause="Ben left."))
    assert house.turn() == 3
    with house.process.engine.connect() as connection:
        holders = set(connection.scalars(select(Task.assignee_id).where(Task.status == "OPEN")))
        assert connection.execute(select(PeopleReview)).all() == []
        causes = set(connection.scalars(select(Command.payload["cause"].astext)))
    assert holders == {people.dan}
    assert causes - {None} == {"Ben left."}


def ask_both(app: Flask, house: House, people: People) -> Approval:
    """Ana's request, which asks one of Finance (Carl, Cleo) and Dan."""
    quality = ApproverRule(kind=RuleKind.PEOPLE, people=(people.dan,), label="Quality")
    finance = ApproverRule(kind=RuleKind.GROUP, code="finance")
    both = Stage(key="both", name="Both", mode=Mode.PER_GROUP, rules=(finance, quality))
    with app.app_context():
        kind = insert_type("lamps", Policy(stages=(both,)), prefix="LA")
        db.session.commit()
    return house.process.give(submit(kind, people, type_code="lamps", number="LA-1001"))


def test_a_group_that_settled_before_todays_rule_is_asked_no_more(
    house: House, people: People, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def older(*given: Any) -> StagePlan:
        return replace(stage_plan(*given), parts_settle=False)

    monkeypatch.setattr("portal.domain.routing.step.stage_plan", older)
    state = ask_both(app, house, people)
    task = next(each for each in state.open_tasks if each.assignee_id == people.cleo)
    given = {"request_id": state.request_id, "actor_id": people.cleo, "at": datetime.now(UTC)}
    approve = commands.Approve(command_id=new_id(), task_id=task.id, entitled=True, **given)
    house.process.give(approve)
    assert house.later() == 0
    mine = Task.id == task.id
    house.run(update(Task).where(mine).values(decided_at=datetime.now(UTC) - 2 * HOUR))
    state = house.process.pass_time(state.request_id, seconds=11)
    assert {each.assignee_id for each in state.open_tasks} == {people.carl, people.dan}
    assert house.later() == 1
    # The command came at today's time, which is still inside the undo window.
    state = house.process.pass_time(state.request_id, seconds=11)
    assert [each.assignee_id for each in state.open_tasks] == [people.dan]
    assert "The part of the group finance is settled." in house.told(people.carl)[-1]
    assert house.later() == 0
