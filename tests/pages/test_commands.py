"""The page of a command that waits, and what it turns into."""

import pytest
from flask import Flask

from portal.domain.request.state import Approval
from portal.models.columns import new_id
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.pages.test_tasks import approve, decide
from tests.pages_read import Page
from tests.web import People

HERE = f"/requests/{NUMBER}"


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    return client


def sent_while_away(ben: PageClient, process: InProcess, **fields: str) -> Page:
    page = ben.get_page(HERE)
    process.is_away = True
    return decide(ben, page, **fields)


def test_a_decision_while_temporal_is_away_is_recorded(ben: PageClient, process: InProcess) -> None:
    page = sent_while_away(ben, process, decision="approve", comment="Take it.")
    assert page.path.startswith("/commands/")
    assert "Your approval is recorded" in page.heading
    assert "Take it." in page.text
    state = ben.get(f"{page.path}/state").json
    assert state == {"done": False, "location": page.path}
    assert "being applied" in ben.get_page(HERE).text


def test_it_becomes_the_result(ben: PageClient, process: InProcess) -> None:
    waiting = sent_while_away(ben, process, decision="approve")
    process.return_and_catch_up()
    assert ben.get(f"{waiting.path}/state").json == {"done": True, "location": HERE}
    assert "You approved CH-1001." in ben.get_page(waiting.path).text


def test_a_refusal_says_why_and_keeps_the_words(
    ben: PageClient, process: InProcess, asked: Approval, people: People
) -> None:
    waiting = sent_while_away(ben, process, decision="reject", comment="Far too dear.")
    approve(process, asked, people.ben)
    process.return_and_catch_up()
    page = ben.get_page(waiting.path)
    assert "had no effect" in page.heading
    assert "Someone else already decided this" in page.text
    assert "Far too dear." in page.text


def test_the_same_form_again_shows_the_same_command(ben: PageClient, process: InProcess) -> None:
    page = ben.get_page(HERE)
    process.is_away = True
    first = decide(ben, page, decision="approve")
    assert decide(ben, page, decision="approve").path == first.path


def test_it_is_its_senders_alone(
    ben: PageClient, process: InProcess, app: Flask, people: People
) -> None:
    waiting = sent_while_away(ben, process, decision="approve")
    for name, status in (("eve", 404), ("ana", 404), ("adam", 200), ("olga", 200)):
        other = PageClient(app)
        sign_in(other, getattr(people, name))
        assert other.get(waiting.path).status_code == status
        assert other.get(f"{waiting.path}/state").status_code == status
    assert ben.get(f"/commands/{new_id()}").status_code == 404
    assert ben.get("/commands/x").status_code == 404
