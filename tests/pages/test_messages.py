"""What administrators see of messages that were not taken, and sending them again."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import insert, text

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Message
from portal.models.columns import new_id
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER
from tests.web import People

Make = Callable[..., str]


@pytest.fixture
def admin(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


@pytest.fixture
def make(app: Flask, people: People, asked: Approval) -> Make:
    """A message to Ben about the request he was asked about."""

    def make(status: str = "FAILED", error: str | None = "The mail server said 550: No") -> str:
        with app.app_context():
            notice = db.session.execute(text("SELECT id FROM portal.notifications")).scalar_one()
            row = {"id": new_id(), "notification_id": notice, "user_id": people.ben}
            state = {"status": status, "last_error": error, "attempts": 7, "due_at": text("now()")}
            db.session.execute(insert(Message).values(channel="mail", **row, **state))
            db.session.commit()
        return row["id"]

    return make


def status(app: Flask) -> str:
    with app.app_context():
        statement = text("SELECT status || COALESCE(batch_id::text, '') FROM portal.messages")
        return str(db.session.execute(statement).scalar_one())


def test_nothing_is_wrong(admin: PageClient) -> None:
    page = admin.get_page("/admin/messages")
    assert "Every message was sent" in page.text
    assert "No mail server is set up" in page.text
    assert "Every message was sent" in admin.get_page("/admin/health").text


@pytest.mark.parametrize(("state", "words"), [("FAILED", "Failed"), ("WAITING", "Retrying")])
def test_what_was_not_taken_is_shown_and_sent_again(
    admin: PageClient, app: Flask, make: Make, state: str, words: str
) -> None:
    key = make(state)
    page = admin.get_page("/admin/messages")
    for each in ("Ben Example", "The mail server said 550: No", NUMBER, words):
        assert each in page.text
    assert "Workers and Messages" in admin.get_page("/admin/attention").text
    assert "1 message is not sent" in admin.get_page("/admin/health").text
    page = admin.post_form(page, f"/admin/messages/{key}/send-again")
    assert "1 message is being sent again" in page.text
    assert status(app) == "WAITING"


@pytest.mark.parametrize("state", ["SENT", "DROPPED"])
def test_what_is_done_is_not_sent_again(admin, app: Flask, make: Make, state: str) -> None:
    key = make(state)
    assert "Every message was sent" in admin.get_page("/admin/messages").text
    data = {"csrf_token": admin.csrf_token()}
    answer = admin.post(f"/admin/messages/{key}/send-again", data=data, follow_redirects=True)
    assert "Nothing to send" in answer.text
    assert status(app) == state


def test_all_at_once(admin: PageClient, app: Flask, make: Make) -> None:
    make()
    data = {"csrf_token": admin.csrf_token()}
    admin.post("/admin/messages/send-again", data=data)
    assert status(app) == "WAITING"


def test_what_nobody_has_tried_to_send_is_no_success(
    admin: PageClient, app: Flask, asked: Approval
) -> None:
    with app.app_context():
        late = text("UPDATE portal.notifications SET created_at = now() - interval '1 hour'")
        db.session.execute(late)
        db.session.execute(text("UPDATE portal.notifications SET handed_at = NULL"))
        db.session.execute(text("DELETE FROM portal.messages"))
        db.session.commit()
    page = admin.get_page("/admin/messages")
    assert "nobody has tried to send" in page.text
    assert "Every message was sent" not in page.text
