"""An administrator decides in place of those who are asked."""

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import AuditEvent, Command, Notification, Request, Task, User
from portal.services import attempts
from tests.authenticator import Authenticator
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.pages.test_second_step import add_passkey, options
from tests.pages_read import Page
from tests.web import PASSWORD, People

HERE = f"/requests/{NUMBER}"
OVERRIDE = f"{HERE}/override"
SIGN = "/tasks/sign"
GIVEN = {"decision": "approve", "reason": "Ben cannot be reached."}


@pytest.fixture
def adam(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.adam)
    return client


def decide(adam: PageClient, **fields: str) -> Page:
    return confirm(adam, adam.post_form(adam.get_page(OVERRIDE), OVERRIDE, **GIVEN | fields))


def confirm(adam: PageClient, page: Page) -> Page:
    assert page.heading == "Confirm your decision"
    return adam.post_form(page, SIGN, password=PASSWORD)


def commands(app: Flask) -> int:
    with app.app_context():
        return db.session.execute(select(func.count()).select_from(Command)).scalar_one()


def test_the_whole_request(adam: PageClient, app: Flask, people: People) -> None:
    page = adam.get_page(HERE)
    assert OVERRIDE in page.response.text
    page = adam.get_page(OVERRIDE)
    assert "Notified at once: Ben Example and Ana Example." in page.text
    page = decide(adam)
    assert "You decided CH-1001 in place of the approvers." in page.text
    assert "Approved You, an administrator" in page.text
    assert "Ben cannot be reached." in page.text
    with app.app_context():
        assert db.session.scalar(select(Request.status)) == "APPROVED"
        assert db.session.execute(select(Task.decision, Task.status)).one() == (None, "WITHDRAWN")
        told = db.session.execute(select(Notification.user_id, Notification.kind)).all()
    assert {(people.ben, "overridden"), (people.ana, "overridden")} <= {tuple(row) for row in told}
    assert (people.ana, "approved") not in {tuple(row) for row in told}


def test_the_history_says_what_it_was(adam: PageClient) -> None:
    decide(adam, decision="reject")
    text = adam.get_page(f"/history/{NUMBER}").text
    assert "Decided by an administrator" in text
    assert "Ben cannot be reached." in text
    assert "{'sha256'" not in text


def test_one_stage_only(
    client: PageClient, process: InProcess, people: People, kind: dict[str, str]
) -> None:
    process.give(submit(kind, people, amount=200_000))
    sign_in(client, people.adam)
    page = client.get_page(OVERRIDE)
    assert "Approve the stage “Line manager” only" in page.text
    page = client.post_form(page, OVERRIDE, **GIVEN | {"decision": "approve_stage"})
    page = confirm(client, page)
    assert "Line manager You decided, as an administrator" in page.text
    assert "Cleo Example" in page.text


def test_who_it_is_is_asked_for_however_young_the_session(adam: PageClient, app: Flask) -> None:
    page = adam.post_form(adam.get_page(OVERRIDE), OVERRIDE, **GIVEN)
    said = "You confirm as Adam Example, meaning: approval in place of the approvers."
    assert said in page.text
    for wrong in ("guess", ""):
        again = adam.post_form(page, SIGN, 422, password=wrong)
        assert GIVEN["reason"] in again.text
        assert "guess" not in again.response.text
    assert commands(app) == 0


def test_wrong_passwords_are_counted(adam: PageClient, app: Flask) -> None:
    page = adam.post_form(adam.get_page(OVERRIDE), OVERRIDE, **GIVEN)
    for _ in range(attempts.PER_ACCOUNT):
        adam.post_form(page, SIGN, 422, password="guess")
    late = adam.post_form(page, SIGN, 429, password=PASSWORD)
    assert "Too many wrong tries." in late.text
    assert commands(app) == 0


def test_who_has_no_password_confirms_by_passkey(
    client: PageClient, people: People, asked: Approval, app: Flask
) -> None:
    sign_in(client, people.adam)
    key = Authenticator(app.config["SETTINGS"].public_url, "localhost")
    add_passkey(client, key)
    with app.app_context():
        db.session.execute(update(User).values(password_hash=None))
        db.session.commit()
    page = client.post_form(client.get_page(OVERRIDE), OVERRIDE, **GIVEN)
    page = client.post_form(page, SIGN, secret_answer=key.sign(options(page)))
    assert "You decided CH-1001 in place of the approvers." in page.text
    with app.app_context():
        data = select(AuditEvent.data).where(AuditEvent.kind == "RequestOverridden")
        assert db.session.execute(data).scalar_one()["proof"]["ways"] == ["passkey"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reason": "  "}, "Reason is missing"),
        ({"decision": ""}, "Your decision is missing"),
        ({"decision": "send_back"}, "Choose one of these decisions."),
        ({"reason": "x" * 10_001}, "at most 10000 characters"),
    ],
)
def test_what_is_incomplete(
    adam: PageClient, app: Flask, fields: dict[str, str], words: str
) -> None:
    page = adam.get_page(OVERRIDE)
    assert words in adam.post_form(page, OVERRIDE, 422, **GIVEN | fields).text
    assert commands(app) == 0


def test_the_same_form_twice_is_one_decision(adam: PageClient, app: Flask) -> None:
    page = adam.get_page(OVERRIDE)
    adam.post_form(page, OVERRIDE, **GIVEN)
    confirm(adam, adam.post_form(page, OVERRIDE, **GIVEN))
    again = adam.post_form(page, OVERRIDE, **GIVEN | {"decision": "reject"})
    assert again.heading != "Confirm your decision"
    assert commands(app) == 1
    with app.app_context():
        assert db.session.scalar(select(Request.status)) == "APPROVED"


def test_a_changed_request_is_looked_at_first(adam: PageClient, app: Flask, people: People) -> None:
    page = adam.get_page(OVERRIDE)
    ana = PageClient(app)
    sign_in(ana, people.ana)
    ana.post_form(ana.get_page(f"{HERE}/amend"), f"{HERE}/amend", amount="90.00")
    signs = adam.post_form(adam.get_page(OVERRIDE), OVERRIDE, **GIVEN)
    late = adam.post_form(page, OVERRIDE, 409, **GIVEN)
    assert "You saw version 1. Since then:" in late.text
    assert GIVEN["reason"] in late.text
    ana.post_form(ana.get_page(f"{HERE}/amend"), f"{HERE}/amend", amount="95.00")
    late = adam.post_form(signs, SIGN, 409, password=PASSWORD)
    assert GIVEN["reason"] in late.text


def test_an_admin_does_not_decide_their_own(
    client: PageClient, process: InProcess, people: People, kind: dict[str, str]
) -> None:
    process.give(submit(kind, people, on_behalf_of=people.adam))
    sign_in(client, people.adam)
    assert OVERRIDE not in client.get_page(HERE).response.text
    assert client.get(OVERRIDE).status_code == 403
    data = GIVEN | {"csrf_token": client.csrf_token(), "content_version": "1"}
    assert client.post(OVERRIDE, data=data).status_code == 403


def test_what_is_closed_is_left_alone(adam: PageClient) -> None:
    page = adam.get_page(OVERRIDE)
    decide(adam)
    assert adam.get(OVERRIDE).status_code == 409
    late = adam.get_page(HERE)
    assert OVERRIDE not in late.response.text
    assert page.heading == "Decide CH-1001 in place of the approvers"
