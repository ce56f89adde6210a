"""Asking one person more."""

import pytest

from portal.domain.request.state import Approval
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.web import People

HERE = f"/requests/{NUMBER}"
THERE = f"{HERE}/approvers"


@pytest.mark.parametrize("name", ["ana", "ben"])
def test_somebody_else_is_asked_too_and_needed(
    client: PageClient, people: People, process: InProcess, asked: Approval, name: str
) -> None:
    sign_in(client, getattr(people, name))
    assert THERE in client.get_page(HERE).links
    page = client.get_page(THERE)
    page = client.post_form(page, THERE, person="cleo@example.org", reason="It is her budget.")
    assert "Cleo Example" in page.text
    assert "was added as an approver." in page.text
    assert "It is her budget." in page.text
    sign_in(client, people.cleo)
    page = client.get_page(HERE)
    assert f"{name.title()} Example added you as an approver: “It is her budget.”" in page.text
    client.post_form(page, "/tasks/", decision="approve")
    assert process.pass_time(asked.request_id, seconds=20).is_open
    assert "Added an approver" in client.get_page(f"/history/{NUMBER}").text


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ("Ana Example", "This person cannot decide this request"),
        ("Ben Example", "This person is already asked in this stage"),
        ("Olga Example", "This person cannot be given a task"),
        ("", "is missing"),
    ],
)
def test_who_cannot_be_added(
    client: PageClient, people: People, asked: Approval, person: str, words: str
) -> None:
    sign_in(client, people.ana)
    page = client.post_form(client.get_page(THERE), THERE, 422, person=person, reason="Kept.")
    assert words in page.text
    assert page.form(THERE).values["reason"].strip() == "Kept."


@pytest.mark.parametrize(("name", "status"), [("dan", 404), ("adam", 403), ("olga", 403)])
def test_nobody_else_adds(
    client: PageClient, people: People, asked: Approval, name: str, status: int
) -> None:
    sign_in(client, getattr(people, name))
    assert client.get(THERE).status_code == status
    data = {"csrf_token": client.csrf_token(), "person": "Cleo Example"}
    assert client.post(THERE, data=data).status_code == status


def test_a_decided_stage_takes_nobody_more(
    client: PageClient, people: People, asked: Approval
) -> None:
    sign_in(client, people.ana)
    old = client.get_page(THERE)
    sign_in(client, people.ben)
    client.post_form(client.get_page(HERE), "/tasks/", decision="approve")
    sign_in(client, people.ana)
    assert "Ben Example already approved this" in client.get_page(THERE, 409).text
    data = old.form(THERE).values | {"csrf_token": client.csrf_token(), "person": "Cleo Example"}
    answer = client.post(THERE, data=data | {"reason": "Too late."})
    assert answer.status_code == 409
    assert "Too late." in answer.text
