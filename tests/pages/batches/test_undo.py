"""Undo for a whole batch: one press takes back all that still can be, and says why of the rest."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.request.state import Approval, Status
from portal.extensions import db
from portal.models import Command
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess
from tests.pages.batches.choosing import commands, review
from tests.pages_read import Page
from tests.web import People


@pytest.mark.parametrize("undo_seconds", [3_600])
@pytest.mark.parametrize("applied_first", [True, False])
def test_all_of_it_is_undone_by_one_press_and_only_once(
    ben: PageClient, asked: list[Approval], process: InProcess, app: Flask, applied_first: bool
) -> None:
    page = ben.post_form(review(ben, asked), "/batches/", decision="approve")
    if applied_first:
        process.take_up()
        page = ben.get_page(page.path)
    undone = ben.post_form(page, f"{page.path}/undo")
    assert "Undo saved, being applied" in undone.text
    ben.post_form(page, f"{page.path}/undo")
    assert process.take_up() == (2 if applied_first else 4)
    page = ben.get_page(page.path)
    assert page.heading == "2 of 2 undone"
    assert not [form for form in page.document.forms if "/undo" in (form.action or "")]
    assert ben.get(f"{page.path}/state").json == {"done": True, "location": page.path}
    with app.app_context():
        said = select(Command.via, Command.outcome).where(Command.kind == "Retract")
        assert db.session.execute(said).all() == [("bulk", "applied")] * 2
    assert review(ben, asked).heading == "Review 2 requests"


@pytest.mark.parametrize("undo_seconds", [3_600])
def test_what_moved_on_before_the_undo_says_why(
    ben: PageClient, asked: list[Approval], process: InProcess
) -> None:
    page = ben.post_form(review(ben, asked), "/batches/", decision="approve")
    process.take_up()
    page = ben.get_page(page.path)
    process.pass_time(asked[0].request_id, hours=2)
    ben.post_form(page, f"{page.path}/undo")
    assert process.take_up() == 1
    page = ben.get_page(page.path)
    assert page.heading == "1 of 2 undone, 1 approved"
    assert "Not undone: It is too late to undo." in page.text


def test_without_a_window_nothing_is_undone(
    ben: PageClient, asked: list[Approval], process: InProcess, people: People, app: Flask
) -> None:
    page = ben.post_form(review(ben, asked), "/batches/", decision="approve")
    process.take_up()
    page = ben.get_page(page.path)
    assert not [form for form in page.document.forms if "/undo" in (form.action or "")]
    cleo = PageClient(app)
    sign_in(cleo, people.cleo)
    token = {"csrf_token": cleo.csrf_token()}
    assert cleo.post(f"{page.path}/undo", data=token).status_code == 404
    token = {"csrf_token": ben.csrf_token()}
    page = Page(ben.post(f"{page.path}/undo", data=token, follow_redirects=True))
    assert "2 requests could not be undone" in page.text
    assert commands(app) == 2


@pytest.mark.parametrize("undo_seconds", [3_600])
def test_a_later_decision_of_its_own_is_not_undone_with_the_batch(
    ben: PageClient, asked: list[Approval], process: InProcess, app: Flask
) -> None:
    page = ben.post_form(review(ben, asked), "/batches/", decision="approve")
    process.take_up()
    offered = ben.get_page(page.path)
    task = f"/tasks/{asked[0].open_tasks[0].id}"
    ben.post_form(ben.get_page(task), f"{task}/undo")
    assert "1 of 2 undone" in ben.get_page(page.path).text
    ben.post_form(ben.get_page(task), f"{task}/decision", decision="reject", comment="On purpose.")
    ben.post_form(offered, f"{offered.path}/undo")
    assert process.take_up() == 1
    assert process.states[asked[0].request_id].status is Status.PENDING
    assert "You rejected" in ben.get_page(task).text
