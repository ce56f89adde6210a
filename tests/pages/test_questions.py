"""Asking the requester before deciding, and their answer."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Command
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.pages_read import Page
from tests.web import People

HERE = f"/requests/{NUMBER}"


@pytest.fixture
def task(asked: Approval) -> str:
    return f"/tasks/{asked.open_tasks[0].id}"


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    return client


def ask(client: PageClient, task: str, text: str = "Which colour?", status: int = 200) -> Page:
    page = client.get_page(f"{task}/question")
    return client.post_form(page, f"{task}/question", status, comment=text)


def test_the_question_goes_to_the_requester_and_the_answer_comes_back(
    ben: PageClient, people: People, task: str
) -> None:
    assert f"{task}/question" in ben.get_page(HERE).links
    page = ask(ben, task)
    assert "Your question was sent to Ana Example." in page.text
    assert "Ben Example asked Ana Example: Which colour?" in page.text
    assert "You asked a question. You can also decide without the answer." in page.text
    assert "Waiting for an answer" in ben.get_page("/inbox").text
    sign_in(ben, people.ana)
    assert "Ben Example asks: Which colour?" in ben.get_page("/requests").text
    assert "Ben Example asked about “A chair”: Which colour?" in ben.get_page("/notifications").text
    page = ben.get_page(HERE)
    assert "Ben Example asks: Which colour?" in page.text
    assert "Send a reminder" not in page.text
    page = ben.post_form(page, f"{task}/answer", comment="Blue.")
    assert "Your answer was sent." in page.text
    assert "Waiting for Ben Example" in page.text
    sign_in(ben, people.ben)
    assert (
        "Ana Example answered your question about “A chair”: Blue."
        in ben.get_page("/notifications").text
    )
    assert "Waiting for an answer" not in ben.get_page("/inbox").text
    page = ben.get_page(HERE)
    assert "Blue." in page.text
    assert f"{task}/question" in page.links


def test_the_history_has_both(ben: PageClient, people: People, task: str) -> None:
    ask(ben, task)
    sign_in(ben, people.ana)
    ben.post_form(ben.get_page(HERE), f"{task}/answer", comment="Blue.")
    page = ben.get_page(f"/history/{NUMBER}")
    assert "Asked for information" in page.text
    assert "Gave the information asked for" in page.text
    assert "Blue." in page.text


@pytest.mark.parametrize("text", ["", "  ", "x" * 10_001])
def test_words_that_will_not_do_are_told_and_kept(ben: PageClient, task: str, text: str) -> None:
    page = ask(ben, task, text, 422)
    assert "Your question" in page.text
    assert page.form(f"{task}/question").values["comment"].strip() == text.strip()


def test_an_empty_answer_is_told_beside_its_question(
    ben: PageClient, people: People, task: str
) -> None:
    ask(ben, task)
    sign_in(ben, people.ana)
    page = ben.post_form(ben.get_page(HERE), f"{task}/answer", 422, comment=" ")
    assert "Your answer is missing" in page.text
    assert "Which colour?" in page.text


def test_a_second_question_waits_for_the_first_answer(ben: PageClient, task: str) -> None:
    first = ben.get_page(f"{task}/question")
    ask(ben, task)
    assert "has not been answered yet" in ben.get_page(f"{task}/question", 409).text
    page = ben.post_form(first, f"{task}/question", 409, comment="And how many?")
    assert "And how many?" in page.text


def test_pressed_twice_it_is_one_question(ben: PageClient, app: Flask, task: str) -> None:
    page = ben.get_page(f"{task}/question")
    for _ in range(2):
        ben.post_form(page, f"{task}/question", comment="Which colour?")
    other = ben.post_form(page, f"{task}/question", 409, comment="And how many?")
    assert "This form was sent before, with other words." in other.text
    assert "And how many?" in other.text
    with app.app_context():
        assert db.session.execute(select(func.count()).select_from(Command)).scalar_one() == 1


def test_an_answer_that_comes_too_late_is_kept(
    ben: PageClient, people: People, process: InProcess, task: str
) -> None:
    ask(ben, task)
    sign_in(ben, people.ana)
    old = ben.get_page(HERE)
    sign_in(ben, people.ben)
    ben.post_form(ben.get_page(HERE), f"{task}/decision", decision="approve")
    sign_in(ben, people.ana)
    form = old.form(f"{task}/answer").values
    data = form | {"csrf_token": ben.csrf_token(), "comment": "Blue, late."}
    answer = ben.post(f"{task}/answer", data=data)
    assert answer.status_code == 409
    assert "Ben Example already approved this" in answer.text
    assert "Blue, late." in answer.text


@pytest.mark.parametrize(
    ("name", "asking", "answering"),
    [("ana", 403, 409), ("dan", 404, 404), ("olga", 403, 403), ("adam", 403, 403)],
)
def test_who_may_do_neither(
    client: PageClient, people: People, task: str, name: str, asking: int, answering: int
) -> None:
    sign_in(client, getattr(people, name))
    assert client.get(f"{task}/question").status_code == asking
    data = {"csrf_token": client.csrf_token(), "comment": "Hm?", "command_id": "0" * 32}
    assert client.post(f"{task}/question", data=data).status_code == asking
    assert client.post(f"{task}/answer", data=data).status_code == answering
