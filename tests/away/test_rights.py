"""Rights are what they are when something is recorded, whenever its form was drawn."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from portal.domain.errors import Refusal
from portal.domain.policy.policy import (
    ApproverRule,
    Bulk,
    Decision,
    Policy,
    Receivers,
    RuleKind,
    Stage,
)
from portal.domain.request.state import Approval, Click, Status
from portal.extensions import db
from portal.models import Command, Department
from portal.models.columns import new_id
from portal.services import batches, tasks
from portal.services import people as service
from portal.services.absences import end
from portal.services.batches import BatchDecision
from portal.services.errors import Refused
from portal.services.people import PersonAct, PersonChange
from portal.services.tasks import NewApprover, NewAssignee, QuestionInput, Vote
from tests.asking import insert_type
from tests.away.house import House
from tests.clients import PageClient, sign_in
from tests.in_process import submit
from tests.web import People

NUMBER = "RI-1001"
RULES = {
    "group": ApproverRule(kind=RuleKind.GROUP, code="finance"),
    "role": ApproverRule(kind=RuleKind.ROLE, code="buyer"),
    "manager": ApproverRule(kind=RuleKind.MANAGER),
    "head": ApproverRule(kind=RuleKind.DEPARTMENT_HEAD, code="FIN"),
}
HOLDERS = {"group": "cleo", "role": "eve", "manager": "ben", "head": "dan"}
REASONS = {
    "group": "Cleo Example is no longer in the group Finance. Carl Example can decide it.",
    "role": "Eve Example no longer holds the role buyer. The administrators are told.",
    "manager": "Ben Example is no longer the manager of Ana Example. Dan Example can decide it.",
    "head": "Dan Example is no longer named by the rules of this stage. Ben Example can decide it.",
}


@pytest.fixture(params=[False, True], ids=["going", "away"])
def is_away(request: pytest.FixtureRequest) -> bool:
    """Whether the server, or every worker, is away when people decide."""
    return bool(request.param)


def change(app: Flask, person: str, act: PersonAct, value: str | tuple[str, ...] = "") -> None:
    with app.app_context():
        service.change(PersonChange(person_id=person, act=act, value=value))


def ask(app: Flask, house: House, people: People, rule: str, bulk: Bulk | None = None) -> Approval:
    """Ana's request, which waits for whom the rule means."""
    change(app, people.eve, PersonAct.ROLES, ("buyer",))
    with app.app_context():
        stage = Stage(key="only", name="Only", rules=(RULES[rule],), receivers=Receivers.ANYONE)
        kind = insert_type(code=rule, policy=Policy(stages=(stage,), bulk=bulk), prefix="RI")
        db.session.commit()
    return house.process.give(submit(kind, people, number=NUMBER, type_code=rule))


def end_right(app: Flask, house: House, people: People, rule: str) -> None:
    match rule:
        case "group":
            change(app, people.cleo, PersonAct.LEAVE, "finance")
        case "role":
            change(app, people.eve, PersonAct.ROLES, ())
        case "manager":
            change(app, people.ana, PersonAct.MANAGER, people.dan)
        case "head":
            house.run(update(Department).values(head_id=people.ben))


def task_of(state: Approval, person: str) -> str:
    return next(task.id for task in state.open_tasks if task.assignee_id == person)


def vote(state: Approval, person: str, decision: Decision = Decision.APPROVE) -> Vote:
    return Vote(
        command_id=new_id(), task_id=task_of(state, person), decision=decision,
        content_version=state.content_version, comment="As agreed.",
    )  # fmt: skip


def refused(app: Flask, act: Callable[[], object]) -> Refused:
    with app.app_context(), pytest.raises(Refused) as caught:
        act()
    return caught.value


def kinds(house: House) -> list[str]:
    with house.process.engine.connect() as connection:
        return list(connection.scalars(select(Command.kind).where(Command.actor_id.is_not(None))))


@pytest.mark.parametrize("rule", list(RULES))
def test_whoever_lost_the_right_decides_nothing(
    app: Flask, house: House, people: People, is_away: bool, rule: str
) -> None:
    state, holder = ask(app, house, people, rule), getattr(people, HOLDERS[rule])
    house.process.is_away = is_away
    end_right(app, house, people, rule)
    for decision in Decision:
        found = refused(app, lambda: tasks.decide(vote(state, holder, decision), holder, Click()))  # noqa: B023
        assert found.reason is Refusal.NO_LONGER_YOURS
        assert found.comment == "As agreed."
        assert found.sentence == f"This task is no longer yours: {REASONS[rule]}"
    assert kinds(house) == []
    house.process.return_and_catch_up()
    house.later()
    assert house.process.states[state.request_id].status is Status.PENDING
    if rule == "group":  # the task was withdrawn meanwhile: that, too, is said as what it is
        vote_now = vote(state, holder, Decision.APPROVE)
        found = refused(app, lambda: tasks.decide(vote_now, holder, Click()))
        assert found.reason is Refusal.NO_LONGER_YOURS


@pytest.mark.parametrize("rule", list(RULES))
def test_the_drawn_form_is_refused_with_the_reason_and_the_text_kept(
    app: Flask, house: House, people: People, rule: str
) -> None:
    ask(app, house, people, rule)
    holder = PageClient(app)
    sign_in(holder, getattr(people, HOLDERS[rule]))
    drawn = holder.get_page(f"/requests/{NUMBER}")
    end_right(app, house, people, rule)
    page = holder.get_page(f"/requests/{NUMBER}")
    assert f"This task is no longer yours: {REASONS[rule]}" in page.text
    assert "Waiting for you" not in page.text
    assert not [form for form in page.document.forms if "/decision" in (form.action or "")]
    page = holder.post_form(drawn, "/tasks/", 403, decision="approve", comment="Take it.")
    assert REASONS[rule] in page.text
    assert "Take it." in page.text


def test_a_delegate_reads_at_once_that_the_absence_is_over(
    app: Flask, house: House, people: People
) -> None:
    ask(app, house, people, "manager")
    absence = house.away(people.ben, people.eve)
    house.turn()
    eve = PageClient(app)
    sign_in(eve, people.eve)
    drawn = eve.get_page(f"/requests/{NUMBER}")
    assert [form for form in drawn.document.forms if "/decision" in (form.action or "")]
    house.is_over(absence)
    page = eve.get_page(f"/requests/{NUMBER}")
    assert "Eve Example no longer acts for Ben Example. Ben Example can decide it." in page.text
    assert not [form for form in page.document.forms if "/decision" in (form.action or "")]
    page = eve.post_form(drawn, "/tasks/", 403, decision="approve", comment="Take it.")
    assert "no longer acts for Ben Example" in page.text
    assert "Take it." in page.text


def test_nor_does_whoever_lost_it_pass_it_on_ask_or_add(
    app: Flask, house: House, people: People
) -> None:
    state = ask(app, house, people, "group")
    end_right(app, house, people, "group")
    task, cleo = task_of(state, people.cleo), people.cleo
    given = {"command_id": new_id(), "to_id": people.ben, "reason": "Please."}
    to_ben, words = NewAssignee(**given, task_id=task), {"task_id": task, "text": "Why?"}
    acts: list[Callable[[], object]] = [
        lambda: tasks.reassign(to_ben, cleo, Click(), is_admin=False),
        lambda: tasks.delegate(to_ben, cleo, Click()),
        lambda: tasks.ask(QuestionInput(command_id=new_id(), **words), cleo, Click()),
        lambda: tasks.add_approver(NewApprover(**given, number=NUMBER, round=1), cleo, Click()),
    ]
    for act in acts:
        assert refused(app, act).reason is Refusal.NO_LONGER_YOURS
    assert kinds(house) == []


def test_a_delegates_right_ends_with_the_absence_that_gave_it(
    app: Flask, house: House, people: People
) -> None:
    state = ask(app, house, people, "manager")
    absence = house.away(people.ben, people.eve)
    house.turn()
    assert house.holder(state) == (people.eve, people.ben)
    with app.app_context():
        end(absence, people.ben, is_admin=False)
        db.session.commit()
    state = house.process.states[state.request_id]
    found = refused(app, lambda: tasks.decide(vote(state, people.eve), people.eve, Click()))
    assert found.reason is Refusal.NO_LONGER_YOURS
    assert "no longer acts for Ben Example. Ben Example can decide it." in found.sentence


def test_a_delegate_stands_and_falls_with_the_owners_right(
    app: Flask, house: House, people: People
) -> None:
    state = ask(app, house, people, "manager")
    house.away(people.ben, people.eve)
    house.turn()
    end_right(app, house, people, "manager")
    state = house.process.states[state.request_id]
    found = refused(app, lambda: tasks.decide(vote(state, people.eve), people.eve, Click()))
    assert "Ben Example is no longer the manager of Ana Example" in found.sentence


def test_what_was_recorded_before_the_right_ended_counts(
    app: Flask, house: House, people: People
) -> None:
    state = ask(app, house, people, "manager")
    house.process.is_away = True
    with app.app_context():
        assert tasks.decide(vote(state, people.ben), people.ben, Click()).outcome == "waiting"
    end_right(app, house, people, "manager")
    house.process.return_and_catch_up()
    house.later()
    state = house.process.pass_time(state.request_id, seconds=11)
    assert state.status is Status.APPROVED


@pytest.mark.parametrize(("rule", "heir"), [("group", "carl"), ("manager", "dan"), ("head", "ben")])
def test_an_undone_decision_goes_where_the_rules_say_now(
    app: Flask, house: House, people: People, rule: str, heir: str
) -> None:
    state, holder = ask(app, house, people, rule), getattr(people, HOLDERS[rule])
    given = vote(state, holder)
    with app.app_context():
        tasks.decide(given, holder, Click())
    end_right(app, house, people, rule)
    house.turn()
    with app.app_context():
        assert tasks.undo(given.task_id, new_id(), holder, Click()).outcome == "applied"
    state = house.process.states[state.request_id]
    assert [task.assignee_id for task in state.open_tasks] == [getattr(people, heir)]
    assert "DecisionRetracted" in house.kinds(state)
    with app.app_context():
        tasks.decide(vote(state, getattr(people, heir)), getattr(people, heir), Click())
    assert house.process.pass_time(state.request_id, seconds=11).status is Status.APPROVED


def test_an_undone_decision_comes_back_to_whoever_still_has_the_right(
    app: Flask, house: House, people: People
) -> None:
    state = ask(app, house, people, "manager")
    given = vote(state, people.ben)
    with app.app_context():
        tasks.decide(given, people.ben, Click())
        tasks.undo(given.task_id, new_id(), people.ben, Click())
    state = house.process.states[state.request_id]
    assert [task.assignee_id for task in state.open_tasks] == [people.ben]
    assert "RouteQuestioned" not in house.kinds(state)


def test_whoever_lost_a_role_does_nothing_with_it(app: Flask, house: House, people: People) -> None:
    from portal.services.requests import cancel

    ask(app, house, people, "manager")
    change(app, people.eve, PersonAct.ROLES, ("admin",))
    change(app, people.adam, PersonAct.ROLES, ())
    found = refused(app, lambda: cancel(NUMBER, "Not now.", new_id(), people.adam, Click()))
    assert (found.reason, found.comment) == (Refusal.NOT_ALLOWED, "Not now.")


def test_whether_a_right_had_ended_is_told_by_the_databases_clock(
    app: Flask, house: House, people: People
) -> None:
    """What came to the workflow in another way brings no word of the directory."""
    from portal.activities.staff import StaffActivity
    from portal.domain.codec import encode
    from portal.workflows.messages import EntitlementAsk

    state = ask(app, house, people, "group")
    before, after = new_id(), new_id()

    def store(command_id: str) -> None:
        row: dict[str, Any] = {"id": command_id, "request_id": state.request_id, "payload": {}}
        row |= {"number": NUMBER, "kind": "Approve", "actor_id": people.cleo}
        house.run(insert(Command).values(row | {"created_at": datetime.now(UTC)}))

    store(before)
    end_right(app, house, people, "group")
    store(after)
    activity = StaffActivity(house.process.engine)
    task = task_of(state, people.cleo)
    said = [
        activity.entitlement(EntitlementAsk(each, task, encode(state))).is_entitled
        for each in (before, after)
    ]
    assert said == [True, False]


def test_an_undo_finds_who_lost_the_right_while_the_stage_was_settling(
    app: Flask, house: House, people: People
) -> None:
    state = ask(app, house, people, "group")
    given = vote(state, people.carl)
    with app.app_context():
        tasks.decide(given, people.carl, Click())
    end_right(app, house, people, "group")
    house.turn()
    with app.app_context():
        tasks.undo(given.task_id, new_id(), people.carl, Click())
    state = house.process.states[state.request_id]
    assert [task.assignee_id for task in state.open_tasks] == [people.carl]


def test_a_right_that_ends_while_an_undo_is_on_its_way_is_found(
    app: Flask, house: House, people: People
) -> None:
    state = ask(app, house, people, "manager")
    given = vote(state, people.ben)
    with app.app_context():
        tasks.decide(given, people.ben, Click())
        house.process.is_away = True
        tasks.undo(given.task_id, new_id(), people.ben, Click())
    end_right(app, house, people, "manager")
    while house.watch.turn():
        pass
    house.process.return_and_catch_up()
    house.process.take_up()
    state = house.process.states[state.request_id]
    assert [task.assignee_id for task in state.open_tasks] == [people.dan]


def test_a_batch_that_is_undone_asks_for_rights_as_well(
    app: Flask, house: House, people: People
) -> None:
    state, batch_id = ask(app, house, people, "manager", Bulk()), new_id()
    given = {"batch_id": batch_id, "decision": Decision.APPROVE, "seen": [1]}
    with app.app_context():
        batches.choose(batch_id, people.ben, [task_of(state, people.ben)])
        batches.decide(BatchDecision(**given), people.ben, Click())
    house.process.take_up()
    end_right(app, house, people, "manager")
    with app.app_context():
        batches.undo(batch_id, people.ben, Click())
    house.process.take_up()
    state = house.process.states[state.request_id]
    assert [task.assignee_id for task in state.open_tasks] == [people.dan]
