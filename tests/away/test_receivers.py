"""Who may be given a task: whom its stage means, managers above, and whom the policy lets in."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.directory.receivers import reaches
from portal.domain.errors import Refusal
from portal.domain.policy.policy import (
    ApproverRule,
    Mode,
    Policy,
    Reach,
    Receivers,
    RuleKind,
    Stage,
)
from portal.domain.request.state import Approval, Click
from portal.extensions import db
from portal.models.columns import new_id
from portal.services import tasks
from portal.services.errors import Refused
from portal.services.tasks import NewApprover, NewAssignee
from tests.asking import insert_type
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess, submit
from tests.web import People

NUMBER = "RE-1001"
MANAGER = ApproverRule(kind=RuleKind.MANAGER)
FINANCE = ApproverRule(kind=RuleKind.GROUP, code="finance")


def ask(app: Flask, process: InProcess, people: People, **policy: Any) -> Approval:
    """Ana's request, which waits for her manager Ben; Dan is above him."""
    stage = Stage(key="only", name="Only", rules=(MANAGER,), **policy.pop("stage", {}))
    with app.app_context():
        kind = insert_type(code="receive", policy=Policy(stages=(stage,), **policy), prefix="RE")
        db.session.commit()
    return process.give(submit(kind, people, number=NUMBER, type_code="receive"))


def answers(app: Flask, state: Approval, people: People, to: str, why: str) -> set[str]:
    """What Ben is told who reassigns, delegates, or adds an approver, each beforehand."""
    (task,) = state.open_tasks
    given = {"to_id": getattr(people, to), "reason": why}
    said = set()
    for number in range(3):
        key = {"command_id": new_id()}
        with app.app_context():
            try:
                if number == 0:
                    new = NewApprover(**key, **given, number=NUMBER, round=1)
                    tasks.add_approver(new, people.ben, Click())
                else:
                    assignee = NewAssignee(**key, **given, task_id=task.id)
                    if number == 1:
                        tasks.delegate(assignee, people.ben, Click())
                    else:
                        tasks.reassign(assignee, people.ben, Click(), is_admin=False)
                said.add("applied")
            except Refused as refused:
                said.add(refused.reason.value)
    return said


@pytest.mark.parametrize("why", ["", "Please."])
def test_whom_nothing_names_receives_nothing(
    app: Flask, process: InProcess, people: People, why: str
) -> None:
    state = ask(app, process, people)
    for name in ("eve", "cleo"):
        assert answers(app, state, people, name, why) == {Refusal.NOT_A_RECEIVER.value}


@pytest.mark.parametrize(
    ("to", "policy"),
    [
        ("dan", {}),
        ("cleo", {"stand_ins": (FINANCE,)}),
        ("cleo", {"fallback": (FINANCE,)}),
        ("cleo", {"stage": {"fallback": (FINANCE,)}}),
        ("cleo", {"stage": {"receivers": Receivers.AS_HIGH}}),
        ("carl", {"stage": {"receivers": Receivers.ANYONE}}),
    ],
)
def test_beyond_the_stages_own_rules_a_reason_is_needed(
    app: Flask, process: InProcess, people: People, to: str, policy: dict[str, Any]
) -> None:
    state = ask(app, process, people, **policy)
    assert answers(app, state, people, to, " ") == {Refusal.REASON_NEEDED.value}
    (task,) = state.open_tasks
    new = NewAssignee(
        command_id=new_id(), task_id=task.id, to_id=getattr(people, to), reason="Away."
    )
    with app.app_context():
        receipt = tasks.reassign(new, people.ben, Click(), is_admin=False)
        assert receipt.outcome == "applied"


@pytest.mark.parametrize(
    ("receivers", "to"),
    [
        (Receivers.SAME_GROUP, "cleo"), (Receivers.SAME_ROLE, "eve"), (Receivers.AS_HIGH, "carl"),
    ],
)  # fmt: skip
def test_the_policys_word_goes_as_far_as_it_says(
    app: Flask, process: InProcess, people: People, receivers: Receivers, to: str
) -> None:
    """Ben is in no group and has no role; Carl has two managers above him, Ben has one."""
    state = ask(app, process, people, stage={"receivers": receivers})
    assert answers(app, state, people, to, "Please.") == {Refusal.NOT_A_RECEIVER.value}


def test_an_administrator_helps_with_a_reason(
    app: Flask, process: InProcess, people: People
) -> None:
    state = ask(app, process, people)
    (task,) = state.open_tasks
    new = NewAssignee(command_id=new_id(), task_id=task.id, to_id=people.eve, reason="Ben is ill.")
    with app.app_context():
        receipt = tasks.reassign(new, people.adam, Click(), is_admin=True)
        assert receipt.outcome == "applied"


def test_whom_the_stages_own_rules_name_needs_no_reason(
    app: Flask, process: InProcess, people: People
) -> None:
    """Two are in the group, and one of them came after the stage was opened."""
    from portal.services import people as service
    from portal.services.people import PersonAct, PersonChange

    with app.app_context():
        stage = Stage(key="only", name="Only", rules=(FINANCE,))
        kind = insert_type(code="receive", policy=Policy(stages=(stage,)), prefix="RE")
        db.session.commit()
    state = process.give(submit(kind, people, number=NUMBER, type_code="receive"))
    task = next(each for each in state.open_tasks if each.assignee_id == people.cleo)
    with app.app_context():
        service.change(PersonChange(person_id=people.eve, act=PersonAct.JOIN, value="finance"))
        new = NewAssignee(command_id=new_id(), task_id=task.id, to_id=people.eve)
        receipt = tasks.reassign(new, people.cleo, Click(), is_admin=False)
        assert receipt.outcome == "applied"


def offered(app: Flask, person: str, address: str) -> tuple[set[str], str]:
    """Whom a form suggests, by name, and what its page says."""
    client = PageClient(app)
    sign_in(client, person)
    html = client.get(address).get_data(as_text=True)
    options = re.findall(r'<option value="([^",]+)', html)
    return set(options), client.get_page(address).text


def test_a_form_suggests_whom_the_task_can_be_given(
    app: Flask, process: InProcess, people: People
) -> None:
    state = ask(app, process, people, stand_ins=(FINANCE,))
    (task,) = state.open_tasks
    for address in (
        f"/tasks/{task.id}/reassign", f"/tasks/{task.id}/delegate",
        f"/requests/{NUMBER}/approvers",
    ):  # fmt: skip
        names, text = offered(app, people.ben, address)
        assert names == {"Carl Example", "Cleo Example", "Dan Example"}
        assert "With a reason also: Carl Example, Cleo Example and Dan Example." in text
    names, text = offered(app, people.adam, f"/tasks/{task.id}/reassign")
    assert "Eve Example" in names
    assert names.isdisjoint({"Ana Example", "Ben Example", "Olga Example"})


def test_a_form_says_where_nobody_can_be_given_the_task(
    app: Flask, process: InProcess, people: People
) -> None:
    from portal.services import people as service
    from portal.services.people import PersonAct, PersonChange

    with app.app_context():
        service.change(PersonChange(person_id=people.ben, act=PersonAct.MANAGER, value=""))
    state = ask(app, process, people)
    (task,) = state.open_tasks
    names, text = offered(app, people.ben, f"/tasks/{task.id}/reassign")
    assert names == set()
    assert "The rules of this stage let nobody else take it. Ask an administrator." in text


def test_who_is_asked_for_one_group_does_not_take_the_task_of_another(
    app: Flask, process: InProcess, people: People
) -> None:
    both = (FINANCE, ApproverRule(kind=RuleKind.PEOPLE, people=(people.dan,), label="Quality"))
    with app.app_context():
        stage = Stage(key="only", name="Only", mode=Mode.PER_GROUP, rules=both)
        kind = insert_type(code="receive", policy=Policy(stages=(stage,)), prefix="RE")
        db.session.commit()
    state = process.give(submit(kind, people, number=NUMBER, type_code="receive"))
    task = next(each for each in state.open_tasks if each.assignee_id == people.dan)
    with process.engine.connect() as connection:
        now = connection.execute(select(func.now())).scalar_one()
        quality = reaches(connection, state, task.id, [people.dan, people.cleo], now)
    assert quality == {people.dan: Reach.OWN, people.cleo: Reach.WIDER}
