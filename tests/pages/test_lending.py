"""Delegating one task, and taking it back."""

import pytest

from portal.domain.request.state import Approval
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


def lend(client: PageClient, task: str, status: int = 200, **fields: str) -> Page:
    page = client.get_page(f"{task}/delegate")
    return client.post_form(page, f"{task}/delegate", status, **fields)


def test_the_delegate_has_it_and_decides_for_the_owner(
    ben: PageClient, people: People, task: str
) -> None:
    assert f"{task}/delegate" in ben.get_page(HERE).links
    page = lend(ben, task, person="Cleo Example", reason="You know chairs.")
    assert "Cleo Example decides CH-1001 for you." in page.text
    assert "You delegated this to Cleo Example, who decides for you. You know chairs." in page.text
    assert "Nothing needs your approval" in ben.get_page("/inbox").text
    sign_in(ben, people.cleo)
    inbox = ben.get_page("/inbox")
    assert "for Ben Example" in inbox.text
    assert [NUMBER in ben.get_page(f"/inbox?for={each}").text for each in ("own", people.ben)] == [
        False, True,
    ]  # fmt: skip
    assert f"/inbox?for={people.ben}" in inbox.links
    page = ben.get_page(HERE)
    assert "Ben Example delegated it to you: “You know chairs.”" in page.text
    assert "You decide for Ben Example." in page.text
    assert "You are Ana Example's manager" not in page.text
    page = ben.post_form(page, f"{task}/decision", decision="approve")
    assert "for Ben Example approved" in page.text
    assert "for Ben Example" in ben.get_page(f"/history/{NUMBER}").text


def test_the_owner_takes_it_back(ben: PageClient, people: People, task: str) -> None:
    page = lend(ben, task, person="Cleo Example", reason="Chairs.")
    page = ben.post_form(page, f"{task}/take-back")
    assert "CH-1001 is yours to decide again." in page.text
    assert "Your decision" in page.text
    assert "You are Ana Example's manager" in page.text
    sign_in(ben, people.cleo)
    assert "Ben Example took “A chair” back from you" in ben.get_page("/notifications").text


def test_the_delegate_gives_it_back(ben: PageClient, people: People, task: str) -> None:
    lend(ben, task, person="Cleo Example", reason="Chairs.")
    sign_in(ben, people.cleo)
    page = ben.get_page(HERE)
    assert "Give it back to Ben Example" in page.text
    assert f"{task}/delegate" not in page.links
    page = ben.post_form(page, f"{task}/take-back")
    assert "Ben Example decides CH-1001 again." in page.text


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ("Ana Example", "This person cannot decide this request"),
        ("Ben Example", "This person is already asked in this stage"),
        ("Olga Example", "This person cannot be given a task"),
        ("Nobody", "no colleague with that name"),
    ],
)
def test_who_cannot_decide_in_your_place(
    ben: PageClient, task: str, person: str, words: str
) -> None:
    assert words in lend(ben, task, 422, person=person, reason="Kept.").text


def test_delegated_twice_is_refused_and_repeated_is_not(ben: PageClient, task: str) -> None:
    page = ben.get_page(f"{task}/delegate")
    ben.post_form(page, f"{task}/delegate", person="Cleo Example", reason="Chairs.")
    again = ben.post_form(page, f"{task}/delegate", person="Cleo Example", reason="Chairs.")
    assert "Waiting for Cleo Example" in again.text
    page = lend(ben, task, 409, person="Carl Example", reason="Carl is quicker.")
    assert "This task is already delegated" in page.text
    assert "Carl is quicker." in page.text


def test_a_decided_task_is_not_taken_back(
    ben: PageClient, people: People, process: InProcess, task: str
) -> None:
    old = lend(ben, task, person="Cleo Example", reason="Chairs.")
    sign_in(ben, people.cleo)
    ben.post_form(ben.get_page(HERE), f"{task}/decision", decision="approve")
    sign_in(ben, people.ben)
    form = old.form(f"{task}/take-back").values | {"csrf_token": ben.csrf_token()}
    answer = ben.post(f"{task}/take-back", data=form)
    assert answer.status_code == 409
    assert "Cleo Example for Ben Example approved" in answer.text
