"""Handing a task over, by its owner and by an administrator."""

import pytest
from flask import Flask

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import User
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.pages_read import Page
from tests.web import People

HERE = f"/requests/{NUMBER}"


@pytest.fixture
def address(asked: Approval) -> str:
    return f"/tasks/{asked.open_tasks[0].id}/reassign"


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    return client


def give(client: PageClient, address: str, status: int = 200, **fields: str) -> Page:
    return client.post_form(client.get_page(address), address, status, **fields)


def test_the_owner_hands_it_over(ben: PageClient, people: People, address: str) -> None:
    assert address in ben.get_page(HERE).links
    page = give(ben, address, person="cleo example", reason="You know chairs.")
    assert "Cleo Example decides CH-1001 now." in page.text
    assert "You reassigned this to Cleo Example, who decides now. You know chairs." in page.text
    assert "Waiting for Cleo Example" in page.text
    sign_in(ben, people.cleo)
    page = ben.get_page(HERE)
    assert "Your decision" in page.text
    assert "Ben Example reassigned it to you: “You know chairs.”" in page.text
    assert (
        "Ben Example reassigned “A chair” to you. Reason: You know"
        in ben.get_page("/notifications").text
    )


def test_an_admin_gives_it_to_someone_else_and_the_owner_reads_why(
    client: PageClient, people: People, asked: Approval, address: str
) -> None:
    sign_in(client, people.adam)
    assert "Reassign the task of Ben Example" in client.get_page(HERE).text
    page = give(client, address, 422, person="cleo@example.org", reason=" ")
    assert "Reason is missing" in page.text
    page = client.post_form(page, address, reason="Ben is ill.")
    sign_in(client, people.ben)
    page = client.get_page(HERE)
    assert "Adam Example reassigned your task to Cleo Example, who decides now." in page.text
    assert "Ben is ill." in page.text
    sign_in(client, people.cleo)
    assert "reassigned it to you in place of Ben Example" in client.get_page(HERE).text


def test_the_history_names_both(ben: PageClient, people: People, address: str) -> None:
    give(ben, address, person="Cleo Example", reason="You know chairs.")
    page = ben.get_page(f"/history/{NUMBER}")
    assert "Task reassigned" in page.text
    assert "before: Ben Example → after: Cleo Example" in page.text


def test_a_name_that_is_not_clear_comes_back_to_be_picked(
    ben: PageClient, people: People, address: str
) -> None:
    page = give(ben, address, 422, person="c", reason="Kept.")
    assert "Whom do you mean?" in page.text
    assert "Carl Example" in page.text
    form = page.form(address)
    assert form.values["reason"].strip() == "Kept."
    data = form.values | {"person": ["c", people.cleo]}
    answer = ben.post(address, data=data, follow_redirects=True)
    assert "Cleo Example decides CH-1001 now." in Page(answer).text


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ("", "Who decides instead is missing"),
        ("Inga Example", "no colleague with that name"),
        ("%", "no colleague with that name"),
        ("Ana Example", "This person cannot decide this request"),
        ("Ben Example", "This person is already asked in this stage"),
        ("Olga Example", "This person cannot be given a task"),
    ],
)
def test_who_cannot_get_it(ben: PageClient, address: str, person: str, words: str) -> None:
    page = give(ben, address, 422, person=person, reason="Kept.")
    assert words in page.text
    assert page.form(address).values["reason"].strip() == "Kept."


def test_who_left_meanwhile_gets_nothing(
    ben: PageClient, app: Flask, people: People, process: InProcess, address: str
) -> None:
    process.is_away = True
    page = give(ben, address, person="Cleo Example", reason="Chairs.")
    assert "Your reassignment is recorded" in page.text
    with app.app_context():
        db.session.execute(
            User.__table__.update().where(User.id == people.cleo).values(is_active=False)
        )
        db.session.commit()
    process.return_and_catch_up()
    assert "Your decision" in ben.get_page(HERE).text
    page = ben.get_page(page.path)
    assert "Your reassignment had no effect" in page.text
    assert "they are unknown, have left" in page.text


def test_pressed_twice_it_is_one_handover(ben: PageClient, people: People, address: str) -> None:
    page = ben.get_page(address)
    ben.post_form(page, address, person="Cleo Example", reason="Chairs.")
    again = ben.post_form(page, address, person="Cleo Example", reason="Chairs.")
    assert "Waiting for Cleo Example" in again.text
    other = ben.post_form(page, address, 409, person="Carl Example", reason="Chairs.")
    assert "This form was sent before, with other words." in other.text
    kept = other.form(address).values
    assert (kept["person"], kept["reason"].strip()) == ("Carl Example", "Chairs.")
    assert "Waiting for Cleo Example" in ben.get_page(HERE).text


def test_a_decision_after_the_handover_says_who_has_it(
    ben: PageClient, people: People, address: str
) -> None:
    old = ben.get_page(HERE)
    give(ben, address, person="Cleo Example", reason="Chairs.")
    page = ben.post_form(old, "/tasks/", 403, decision="approve", comment="My words stay.")
    assert "It is waiting for Cleo Example now." in page.text
    assert "My words stay." in page.text


@pytest.mark.parametrize(
    ("name", "status"), [("ana", 403), ("dan", 404), ("olga", 403), ("cleo", 404)]
)
def test_nobody_else_hands_it_over(
    client: PageClient, people: People, address: str, name: str, status: int
) -> None:
    sign_in(client, getattr(people, name))
    assert client.get(address).status_code == status
    data = {"csrf_token": client.csrf_token(), "person": "Eve Example", "reason": "Mine."}
    assert client.post(address, data=data).status_code == status


def test_a_decided_task_stays(
    ben: PageClient, process: InProcess, asked: Approval, address: str
) -> None:
    ben.post_form(ben.get_page(HERE), "/tasks/", decision="approve")
    page = ben.get_page(address, 409)
    assert "You already approved this" in page.text
    assert "What you sent" not in page.text
