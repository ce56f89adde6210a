"""Changing a request that waits for decisions, and what those who decide see of it."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Command, Request, Task
from portal.models.columns import new_id
from tests.asking import PDF, upload
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.pages_read import Page
from tests.web import People

HERE = f"/requests/{NUMBER}"
AMEND = f"{HERE}/amend"


@pytest.fixture
def ana(app: Flask, people: People, asked: Approval) -> PageClient:
    client = PageClient(app)
    sign_in(client, people.ana)
    return client


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    return client


def change(ana: PageClient, status: int = 200, **fields: str) -> Page:
    return ana.post_form(ana.get_page(AMEND), AMEND, status, **fields)


def test_a_change_is_a_new_version_that_is_explained(ana: PageClient, app: Flask) -> None:
    page = ana.get_page(HERE)
    assert AMEND in page.response.text
    page = change(ana, title="A better chair", comment="The first one wobbles.")
    assert "CH-1001 was changed." in page.text
    assert "Edited You Changed: Title. Asked again: Line manager." in page.text
    assert "The first one wobbles." in page.text
    with app.app_context():
        row = db.session.execute(select(Request.title, Request.content_version)).one()
    assert tuple(row) == ("A better chair", 2)


def test_a_key_used_for_another_kind_of_command_is_told_and_changes_nothing(
    ana: PageClient, app: Flask, process: InProcess
) -> None:
    key = new_id()
    ana.post_form(ana.get_page(HERE), f"{HERE}/comments", command_id=key, comment="Soon, please.")
    page = change(ana, 409, title="A better chair", command_id=key)
    assert "This form was already used for something else." in page.text
    page = ana.post_form(ana.get_page(f"{HERE}/withdraw"), HERE, 409, command_id=key)
    assert "This form was already used for something else." in page.text
    with app.app_context():
        assert db.session.scalars(select(Command.kind).where(Command.id == key)).all() == [
            "Comment"
        ]
        assert db.session.execute(select(Request.title, Request.status)).one() == (
            "A chair", "PENDING")  # fmt: skip


def test_the_approver_sees_before_and_after(ana: PageClient, ben: PageClient) -> None:
    change(ana, amount="90.00")
    page = ben.get_page(HERE)
    assert "What changed" in page.text
    assert "since version 1" in page.text
    assert "€120.00" in page.text
    assert "Approve €90.00" in page.text


def test_deciding_on_a_stale_version_shows_the_difference_and_keeps_the_comment(
    ana: PageClient, ben: PageClient, app: Flask
) -> None:
    stale = ben.get_page(HERE)
    change(ana, amount="90.00")
    page = ben.post_form(stale, "/tasks/", 409, decision="approve", comment="Fine at 120.")
    assert "The request changed after you opened it." in page.text
    assert "You saw version 1. Since then:" in page.text
    assert "€120.00" in page.text
    assert page.form("/tasks/").values["comment"].strip() == "Fine at 120."
    page = ben.post_form(page, "/tasks/", decision="approve", comment="Fine at 90, too.")
    assert "You approved CH-1001." in page.text


def test_the_decision_keeps_the_fingerprint_of_what_was_seen(
    ana: PageClient, ben: PageClient, app: Flask
) -> None:
    change(ana, amount="90.00")
    ben.post_form(ben.get_page(HERE), "/tasks/", decision="approve")
    with app.app_context():
        seen = select(Task.content_version, Task.content_hash).where(Task.decision == "approve")
        version, fingerprint = db.session.execute(seen).one()
        assert fingerprint == db.session.scalar(select(Request.content_hash))
    assert version == 2
    history = ana.get_page(f"/history/{NUMBER}").text
    assert f"Saw version 2, fingerprint {fingerprint[:12]}" in history


def test_an_approval_is_asked_again_and_its_undo_leads_nowhere(
    ana: PageClient, ben: PageClient
) -> None:
    decided = ben.post_form(ben.get_page(HERE), "/tasks/", decision="approve")
    change(ana, reason="It wobbles.")
    page = ben.get_page(HERE)
    assert "Line manager You approved Asked again after a change" in page.text
    assert page.form("/tasks/").action.endswith("/decision")
    undo = decided.form("/tasks/").action
    assert undo.endswith("/undo")
    assert "It is too late to undo" in ben.post_form(decided, undo, 409).text


def test_a_stage_that_the_amount_asks_for_now(
    ana: PageClient, ben: PageClient, process: InProcess, asked: Approval
) -> None:
    change(ana, amount="2,000.00")
    ben.post_form(ben.get_page(HERE), "/tasks/", decision="approve")
    process.pass_time(asked.request_id, seconds=11)
    page = ana.get_page(HERE)
    assert "Cleo Example" in page.text
    change(ana, amount="900.00")
    ben.post_form(ben.get_page(HERE), "/tasks/", decision="approve")
    process.pass_time(asked.request_id, seconds=11)
    page = ana.get_page(HERE)
    assert "Skipped after the change: only from €1,000.00." in page.text
    assert "Approved" in page.text


def test_the_history_tells_before_and_after(ana: PageClient) -> None:
    change(ana, title="A better chair")
    text = ana.get_page(f"/history/{NUMBER}").text
    assert "Changed the request" in text
    assert "Changed: Title. Asked again: Line manager" in text
    assert "A better chair" in text


def test_nothing_changed_is_told(ana: PageClient, app: Flask) -> None:
    page = change(ana, 422)
    assert "Nothing was changed" in page.text
    with app.app_context():
        assert db.session.execute(select(Command)).first() is None


def test_bad_input_keeps_everything(ana: PageClient) -> None:
    page = ana.get_page(AMEND)
    data = {**page.form(AMEND).values, "amount": "many", "offers": upload(PDF, "new.pdf")}
    bad = Page(ana.post(AMEND, data=data))
    assert bad.response.status_code == 422
    assert bad.form(AMEND).values["amount"] == "many"
    assert "We kept new.pdf" in bad.text
    page = ana.post_form(bad, AMEND, amount="130.00")
    assert "new.pdf" in page.text


def test_two_windows_do_not_overwrite_each_other(ana: PageClient) -> None:
    first, second = ana.get_page(AMEND), ana.get_page(AMEND)
    ana.post_form(first, AMEND, title="First")
    late = ana.post_form(second, AMEND, 409, title="Second")
    assert "The request changed after you opened it." in late.text
    assert late.form(AMEND).values["title"] == "Second"


def test_the_same_form_twice_is_one_change(ana: PageClient, app: Flask) -> None:
    form = ana.get_page(AMEND)
    for _ in range(2):
        offers = upload(PDF, "new.pdf")
        data = {**form.form(AMEND).values, "title": "Once", "offers": offers}
        assert ana.post(AMEND, data=data).status_code == 303
    for other in ({"title": "Twice"}, {"title": "Once", "comment": "For two."}):
        again = ana.post_form(form, AMEND, 409, **other)
        assert "This form was sent before, with other words." in again.text
        kept = again.form(AMEND).values
        assert {name: kept[name].strip() for name in other} == other
    with app.app_context():
        assert db.session.scalar(select(Request.content_version)) == 2
    ana.post_form(again, AMEND, title="Twice")
    with app.app_context():
        assert db.session.scalar(select(Request.content_version)) == 3


def test_a_rejection_is_not_wiped_out(ana: PageClient, ben: PageClient) -> None:
    form = ana.get_page(AMEND)
    ben.post_form(ben.get_page(HERE), "/tasks/", decision="reject", comment="No.")
    late = ana.post_form(form, AMEND, 409, title="Please?")
    assert "the request has moved on" in late.text
    assert late.form(AMEND).values["title"] == "Please?"


def test_on_hold_nothing_is_changed(ana: PageClient, app: Flask, people: People) -> None:
    form = ana.get_page(AMEND)
    adam = PageClient(app)
    sign_in(adam, people.adam)
    adam.post_form(adam.get_page(f"{HERE}/hold"), f"{HERE}/hold", reason="Audit.")
    assert "Cancel" not in ana.post_form(form, AMEND, 409, title="Later").text
    assert ana.get(AMEND).status_code == 409
    assert AMEND not in ana.get_page(HERE).response.text


@pytest.mark.parametrize(
    ("name", "status"), [("ben", 403), ("eve", 404), ("olga", 403), ("adam", 403)]
)
def test_only_who_asked_may(
    client: PageClient, people: People, asked: Approval, name: str, status: int
) -> None:
    sign_in(client, getattr(people, name))
    assert client.get(AMEND).status_code == status
    data = {"csrf_token": client.csrf_token(), "command_id": new_id(), "title": "x"}
    assert client.post(AMEND, data=data).status_code == status
