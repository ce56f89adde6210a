"""One request's page: what it says to whom, comments and reminders."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from portal.domain.request.commands import Cancel
from portal.domain.request.state import Approval, Click
from portal.extensions import db
from portal.models.columns import new_id
from portal.services.commands import issue
from portal.services.snapshots import new_request
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.pages_read import Page
from tests.web import People

HERE = f"/requests/{NUMBER}"


def seen_by(app: Flask, person: str) -> PageClient:
    client = PageClient(app)
    sign_in(client, person)
    return client


@pytest.fixture
def ana(app: Flask, people: People, asked: Approval) -> PageClient:
    return seen_by(app, people.ana)


def actions(page: Page) -> set[str]:
    return {str(form.action).rpartition("/")[2] for form in page.document.forms}


def test_the_requester_reads_whose_turn_it_is_and_what_follows(ana: PageClient) -> None:
    text = ana.get_page(HERE).text
    assert "Waiting for Ben Example" in text
    assert "Expires" in text
    assert "Submitted You" in text
    assert "Finance Skipped: only from €1,000.00" in text


def test_no_time_that_has_passed_is_promised(ana: PageClient, app: Flask) -> None:
    over = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
    statement = text(
        "UPDATE portal.request_states"
        " SET state = jsonb_set(state, '{stage,plan,expires_at}', to_jsonb(CAST(:over AS text)))"
    )
    with app.app_context():
        db.session.execute(statement, {"over": over})
        db.session.commit()
    assert "; being applied, delayed." in ana.get_page(HERE).text


def test_the_approver_reads_why_it_came(app: Flask, people: People, asked: Approval) -> None:
    text = seen_by(app, people.ben).get_page(HERE).text
    assert "How approvers were chosen" in text
    assert "Ana Example's manager" in text.replace("’", "'")
    assert "version 1" in text


def test_an_address_in_a_comment_can_be_followed(ana: PageClient) -> None:
    said = "See https://example.org/chair?a=1&b=2."
    page = ana.post_form(ana.get_page(HERE), f"{HERE}/comments", comment=said)
    link = '<a href="https://example.org/chair?a=1&amp;b=2" rel="nofollow noopener ugc">'
    assert link in page.response.text
    assert link in ana.get_page(f"/history/{NUMBER}").response.text


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("ana", {"remind", "comments"}),
        ("ben", {"decision", "comments"}),
        ("olga", set[str]()),
        ("adam", {"comments"}),
    ],
)
def test_everybody_is_offered_what_is_theirs(
    app: Flask, people: People, asked: Approval, name: str, offered: set[str]
) -> None:
    found = actions(seen_by(app, getattr(people, name)).get_page(HERE))
    assert found & {"decision", "undo", "remind", "comments"} == offered


@pytest.mark.parametrize("name", ["dan", "eve", "cleo"])
def test_others_get_the_same_answer_as_for_an_unknown_number(
    app: Flask, people: People, asked: Approval, name: str
) -> None:
    client = seen_by(app, getattr(people, name))
    there, nowhere = client.get_page(HERE, 404), client.get_page("/requests/CH-9999", 404)
    assert there.text.split("request id")[0] == nowhere.text.split("request id")[0]


@pytest.mark.parametrize("number", ["CH-1001'", "%00", "..", "CH-1001;--", "x" * 3000, "ch-1001"])
def test_odd_numbers_are_no_failure(ana: PageClient, number: str) -> None:
    assert ana.get(f"/requests/{number}").status_code in (200, 400, 404)


def test_a_comment_is_seen_by_the_others(ana: PageClient, app: Flask, people: People) -> None:
    ana.post_form(ana.get_page(HERE), f"{HERE}/comments", comment="The <b>blue</b> one.")
    assert "The <b>blue</b> one." in seen_by(app, people.ben).get_page(HERE).text


@pytest.mark.parametrize("text", ["", "  ", "x" * 10_001])
def test_a_comment_that_cannot_be_taken_is_told(ana: PageClient, text: str) -> None:
    page = ana.post_form(ana.get_page(HERE), f"{HERE}/comments", 422, comment=text)
    assert "Your comment" in page.text
    assert page.form(f"{HERE}/comments").values["comment"].strip() == text.strip()


def test_a_comment_on_a_closed_request_is_refused_and_kept(
    ana: PageClient, process: InProcess, asked: Approval, people: People
) -> None:
    page = ana.get_page(HERE)
    cancel(process, asked, people)
    page = ana.post_form(page, f"{HERE}/comments", 409, comment="One more thing.")
    assert "This request is closed" in page.text
    assert "One more thing." in page.text


def cancel(process: InProcess, asked: Approval, people: People) -> None:
    common = {"command_id": new_id(), "request_id": asked.request_id, "actor_id": people.adam}
    process.give(Cancel(**common, at=asked.submitted_at, reason="Not now."))  # type: ignore[arg-type]


def test_a_second_reminder_comes_too_soon(ana: PageClient) -> None:
    before = ana.get_page(HERE)
    page = ana.post_form(before, f"{HERE}/remind")
    assert "A reminder was sent" in page.text
    assert not any((form.action or "").endswith("/remind") for form in page.document.forms)
    assert "You can send the next one from" in page.text
    again = ana.get_page(HERE).form(f"{HERE}/comments").values["command_id"]
    page = ana.post_form(before, f"{HERE}/remind", command_id=again)
    assert "A reminder was sent recently" in page.text


def test_a_submission_that_waits_has_an_honest_page(
    app: Flask, process: InProcess, people: People, kind: dict[str, str]
) -> None:
    process.is_away = True
    command = submit(kind, people)
    with app.app_context():
        issue(command, Click(), new_request(command.request_id, NUMBER, "approval"))
        db.session.remove()
    ana, eve = seen_by(app, people.ana), seen_by(app, people.eve)
    assert "Starting" in ana.get_page(HERE).text
    assert eve.get(HERE).status_code == 404
    process.return_and_catch_up()
    assert "Waiting for Ben Example" in ana.get_page(HERE).text


def test_the_frame_counts_what_is_the_readers_own(
    app: Flask, people: People, asked: Approval
) -> None:
    assert "Inbox 1 My requests" in seen_by(app, people.ben).get_page(HERE).text
    assert "Inbox My requests" in seen_by(app, people.ana).get_page(HERE).text


def test_undo_withdraws_the_decisions_own_comment_alone(
    app: Flask, people: People, asked: Approval
) -> None:
    ben, ana = seen_by(app, people.ben), seen_by(app, people.ana)
    question = f"/tasks/{asked.open_tasks[0].id}/question"
    ben.post_form(ben.get_page(question), question, comment="Which colour?")
    ana.post_form(ana.get_page(HERE), f"/tasks/{asked.open_tasks[0].id}/answer", comment="Blue.")
    page = ben.post_form(ben.get_page(HERE), "/tasks/", decision="approve", comment="Fine.")
    page = ben.post_form(page, page.form("/tasks/").action)
    assert page.text.count("You decided, then undid it") == 1
    assert "You asked a question" in page.text


def test_get_and_head_change_nothing(ana: PageClient, asked: Approval) -> None:
    assert ana.head(HERE).status_code == 200
    assert ana.get(f"{HERE}/comments").status_code == 405
    assert ana.get(f"/tasks/{asked.open_tasks[0].id}/decision").status_code == 405
