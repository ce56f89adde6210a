"""Deciding a task, and undoing it."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from portal.domain.request.commands import Approve, Resubmit, ReviewPeople, SendBack
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Command, GroupMember
from portal.models.columns import new_id
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.pages_read import Page
from tests.web import People

HERE = f"/requests/{NUMBER}"


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    return client


def decide(client: PageClient, page: Page, status: int = 200, **fields: str) -> Page:
    return client.post_form(page, "/tasks/", status, **fields)


def commands(app: Flask) -> int:
    with app.app_context():
        return db.session.execute(select(func.count()).select_from(Command)).scalar_one()


def test_an_approval_leads_back_to_the_request(ben: PageClient, asked: Approval) -> None:
    page = ben.get_page(HERE)
    form = page.form("/tasks/")
    answer = ben.post(form.action, data=form.values | {"decision": "approve", "comment": "Yes."})
    assert (answer.status_code, answer.location) == (303, HERE)
    page = ben.get_page(HERE)
    assert "You approved CH-1001." in page.text
    assert "Yes." in page.text


def test_the_buttons_say_what_they_do_in_a_fixed_order(ben: PageClient) -> None:
    text = ben.get_page(HERE).text
    assert text.index("Approve €120.00") < text.index("Return") < text.index("Reject")


def test_undo_opens_the_task_again(ben: PageClient) -> None:
    page = decide(ben, ben.get_page(HERE), decision="approve")
    page = ben.post_form(page, page.form("/tasks/").action)
    assert "undone" in page.text
    assert page.form("/tasks/").action.endswith("/decision")


def test_undo_comes_too_late_when_the_stage_has_moved_on(
    ben: PageClient, process: InProcess, asked: Approval
) -> None:
    page = decide(ben, ben.get_page(HERE), decision="approve")
    process.pass_time(asked.request_id, seconds=11)
    page = ben.post_form(page, page.form("/tasks/").action, 409)
    assert "It is too late to undo" in page.text


def test_a_rejection_needs_a_comment_and_keeps_the_page(ben: PageClient, app: Flask) -> None:
    page = decide(ben, ben.get_page(HERE), 422, decision="reject", comment="  ")
    assert "Say why. Ana reads this text." in page.text
    assert commands(app) == 0
    page = decide(ben, page, decision="reject", comment="Too dear.")
    assert "You rejected CH-1001." in page.text


def test_the_same_form_twice_is_one_decision(ben: PageClient, app: Flask) -> None:
    page = ben.get_page(HERE)
    decide(ben, page, decision="approve")
    assert "You approved CH-1001." in decide(ben, page, decision="approve").text
    assert "You approved CH-1001." in decide(ben, page, decision="reject").text
    assert commands(app) == 1


def test_other_words_in_a_form_that_was_sent_are_not_lost(ben: PageClient, app: Flask) -> None:
    page = ben.get_page(HERE)
    decide(ben, page, decision="approve")
    again = decide(ben, page, 409, decision="reject", comment="No, wait.")
    assert "This form was sent before, with other words." in again.text
    assert "You approved CH-1001." in again.text
    ben.post_form(page, f"{HERE}/comments", comment="One.")
    again = ben.post_form(page, f"{HERE}/comments", 409, comment="And another.")
    assert "This form was sent before, with other words." in again.text
    assert "And another." in ben.post_form(again, f"{HERE}/comments").text
    assert commands(app) == 3


def test_a_form_from_before_an_undo_says_that_it_decides_nothing(
    ben: PageClient, app: Flask
) -> None:
    first = ben.get_page(HERE)
    done = decide(ben, first, decision="approve", comment="Fine.")
    ben.post_form(done, done.form("/tasks/").action)
    for answer, words in (("approve", "Fine."), ("reject", "Second thoughts.")):
        again = decide(ben, first, 409, decision=answer, comment=words)
        assert "recorded and then undone. Decide again from here." in again.text
        assert again.form("/tasks/").values["comment"].strip() == words
    assert "You approved CH-1001." in decide(ben, again, decision="approve").text
    assert commands(app) == 3


def test_another_persons_key_is_refused(
    ben: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    page = ben.get_page(HERE)
    key = page.form("/tasks/").values["command_id"]
    decide(ben, page, decision="approve")
    ana = PageClient(app)
    sign_in(ana, people.ana)
    page = ana.get_page(HERE)
    ana.post_form(page, f"{HERE}/comments", 403, comment="Mine", command_id=key)


def test_a_changed_request_is_not_decided_and_the_comment_is_kept(
    ben: PageClient, process: InProcess, asked: Approval, people: People
) -> None:
    page = ben.get_page(HERE)
    change(process, asked, people)
    page = decide(ben, page, 409, decision="approve", comment="As agreed.")
    assert "The request changed after you opened it" in page.text
    assert "Better reason" in page.text
    assert page.form("/tasks/").values["comment"].strip() == "As agreed."


def change(process: InProcess, asked: Approval, people: People) -> None:
    """Ben sends it back elsewhere, and Ana sends it again with another reason."""
    task = asked.open_tasks[0]
    common = {"request_id": asked.request_id, "at": asked.submitted_at}
    back = {"task_id": task.id, "comment": "Why?", "command_id": new_id(), "actor_id": people.ben}
    process.give(SendBack(**common, **back))  # type: ignore[arg-type]
    state = process.pass_time(asked.request_id, seconds=11)
    fields = state.content.fields | {"reason": "Better reason"}
    content = type(state.content)(title="A chair", fields=fields, amount=12_000, currency="EUR")
    again = {"command_id": new_id(), "actor_id": people.ana, "content": content}
    process.give(Resubmit(**common, **again))  # type: ignore[arg-type]


def test_somebody_was_faster(
    client: PageClient, process: InProcess, people: People, kind: dict[str, str]
) -> None:
    state = process.give(submit(kind, people, amount=200_000))
    approve(process, state, people.ben)
    state = process.pass_time(state.request_id, seconds=11)
    sign_in(client, people.carl)
    page = client.get_page(HERE)
    approve(process, state, people.cleo)
    page = decide(client, page, 409, decision="reject", comment="My words stay.")
    assert "Cleo Example already approved this" in page.text
    assert "Your rejection was not counted." in page.text
    assert "My words stay." in page.text


def test_who_lost_the_task_is_not_told_of_an_earlier_stage(
    client: PageClient, process: InProcess, people: People, kind: dict[str, str], app: Flask
) -> None:
    state = process.give(submit(kind, people, amount=200_000))
    approve(process, state, people.ben)
    state = process.pass_time(state.request_id, seconds=11)
    sign_in(client, people.carl)
    page = client.get_page(HERE)
    with app.app_context():
        db.session.execute(delete(GroupMember).where(GroupMember.user_id == people.carl))
        db.session.commit()
    given = {"command_id": new_id(), "request_id": state.request_id, "actor_id": people.adam}
    process.give(ReviewPeople(**given, at=datetime.now(UTC), cause="Carl left."))
    page = decide(client, page, 403, decision="approve", comment="My words stay.")
    assert "already approved" not in page.text
    assert "This task is no longer yours" in page.text
    assert "My words stay." in page.text


def approve(process: InProcess, state: Approval, person: str) -> None:
    task = next(each for each in state.open_tasks if each.assignee_id == person)
    process.give(
        Approve(
            command_id=new_id(), request_id=state.request_id, actor_id=person, task_id=task.id,
            at=task.due_at, round=state.round, content_version=state.content_version,
        )
    )  # fmt: skip


def test_a_task_leads_to_its_request_and_decides_nothing(
    ben: PageClient, asked: Approval, app: Flask
) -> None:
    task = asked.open_tasks[0].id
    answer = ben.get(f"/tasks/{task}?decision=reject")
    assert (answer.status_code, answer.location) == (303, f"{HERE}?decision=reject")
    assert "You came here to reject" in ben.get_page(answer.location).text
    assert ben.get(f"/tasks/{new_id()}").status_code == 404
    assert commands(app) == 0


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"decision": "maybe"}, 422),
        ({"decision": ""}, 422),
        ({"decision": "approve", "command_id": "x"}, 422),
        ({"decision": "approve", "content_version": "x"}, 422),
        ({"decision": "approve", "content_version": "9" * 40}, 422),
        ({"decision": "approve", "comment": "x" * 10_001}, 422),
        ({"decision": "approve", "comment": "nul\x00"}, 422),
        ({"decision": "approve", "comment": "x" * 600_000}, 413),
    ],
)
def test_bad_input_is_told_and_changes_nothing(
    ben: PageClient, app: Flask, fields: dict[str, str], status: int
) -> None:
    form = ben.get_page(HERE).form("/tasks/")
    answer = ben.post(form.action, data=form.values | fields)
    assert answer.status_code == status
    assert commands(app) == 0


def test_a_comment_that_is_too_long_is_kept(ben: PageClient) -> None:
    page = decide(ben, ben.get_page(HERE), 422, decision="approve", comment="x" * 10_001)
    assert "at most 10000 characters" in page.text
    assert page.form("/tasks/").values["comment"].strip() == "x" * 10_001


@pytest.mark.parametrize(
    ("name", "status"), [("ana", 403), ("dan", 404), ("eve", 404), ("olga", 403), ("adam", 403)]
)
def test_only_the_person_asked_decides(
    client: PageClient, people: People, asked: Approval, app: Flask, name: str, status: int
) -> None:
    sign_in(client, getattr(people, name))
    task = asked.open_tasks[0].id
    data = {"decision": "approve", "command_id": new_id(), "content_version": "1"}
    data["csrf_token"] = client.csrf_token()
    assert client.post(f"/tasks/{task}/decision", data=data).status_code == status
    assert commands(app) == 0


def test_a_state_that_another_version_kept_is_folded_anew(ben: PageClient, app: Flask) -> None:
    with app.app_context():
        db.session.execute(
            db.text("UPDATE portal.request_states SET shape = 'older', state = '{\"status\": 1}'")
        )
        db.session.commit()
    page = ben.get_page(HERE)
    assert "Waiting for You" in page.text
    assert "You approved CH-1001." in decide(ben, page, decision="approve").text
