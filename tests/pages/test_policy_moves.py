"""Moving open requests to the newest version of their policy."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from portal.domain.codec import encode
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Command, PolicyVersion, Request, RequestType
from portal.models.columns import new_id
from tests.asking import CODE, FINANCE, FORM, MANAGER
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.pages_read import Page
from tests.web import People

HERE = f"/requests/{NUMBER}"
LIST = "/admin/policy-moves"
# The newer form calls one field otherwise, and asks for no offers.
WHY = encode((FORM[0], replace(FORM[1], label="Business case")))
BOARD = Stage(key="board", name="Board", rules=(ApproverRule(kind=RuleKind.GROUP, code="finance"),))
NEWER = Policy(stages=(MANAGER, replace(FINANCE, condition=None, condition_text=""), BOARD))


@pytest.fixture
def newest(app: Flask, kind: dict[str, str], asked: Approval) -> str:
    """A second version of the policy, published after Ana asked; its id."""
    with app.app_context():
        version = {"id": new_id(), "request_type_id": kind["type"], "version": 2}
        row = {"form": WHY, "definition": encode(NEWER), "published_at": func.now()}
        db.session.execute(insert(PolicyVersion).values(**version, **row))
        mine = RequestType.id == kind["type"]
        db.session.execute(update(RequestType).where(mine).values(policy_version_id=version["id"]))
        db.session.commit()
    return version["id"]


@pytest.fixture
def adam(client: PageClient, people: People, newest: str) -> PageClient:
    sign_in(client, people.adam)
    return client


def look(adam: PageClient, *numbers: str) -> Page:
    return adam.get_page(f"{LIST}/preview?" + "&".join(f"number={each}" for each in numbers))


def commands(app: Flask) -> int:
    with app.app_context():
        return db.session.execute(select(func.count()).select_from(Command)).scalar_one()


def test_what_is_behind_is_listed(adam: PageClient) -> None:
    page = adam.get_page(LIST)
    assert NUMBER in page.text
    assert "Version 1" in page.text
    assert "Version 2" in page.text


def test_the_preview_tells_the_difference_and_who_would_be_asked(
    adam: PageClient, app: Flask
) -> None:
    page = look(adam, NUMBER)
    assert "Added Board" in page.text
    assert "Changed Finance (when it is needed, the description of when it is needed)" in page.text
    assert "Continues with the votes it has." in page.text
    assert "Cleo Example" in page.text
    assert commands(app) == 0


def test_one_moves_and_its_decisions_stay(
    adam: PageClient, app: Flask, people: People, process: InProcess, newest: str
) -> None:
    ben = PageClient(app)
    sign_in(ben, people.ben)
    ben.post_form(ben.get_page(HERE), "/tasks/", decision="approve")
    assert "preview?number=CH-1001" in adam.get_page(HERE).response.text
    page = adam.post_form(look(adam, NUMBER), LIST, reason="The board wants to see all.")
    assert "Moved to the newest policy version: CH-1001." in page.text
    assert "Moved to version 2 of the policy" in page.text
    assert "The board wants to see all." in page.text
    (request_id,) = process.states
    process.pass_time(request_id, seconds=11)
    page = adam.get_page(HERE)
    assert "Finance" in page.text
    assert "Line manager Ben Example approved" in page.text
    with app.app_context():
        assert db.session.scalar(select(Request.policy_version_id)) == newest
    assert "preview?number" not in page.response.text


def test_a_request_shows_the_form_of_its_own_version(adam: PageClient) -> None:
    assert "Business case" not in adam.get_page(HERE).text
    asked_now = adam.get_page(f"/requests/new/{CODE}").text
    assert "Business case" in asked_now
    assert "Offers" not in asked_now
    adam.post_form(look(adam, NUMBER), LIST, reason="For all.")
    text = adam.get_page(HERE).text
    assert "Business case" in text
    assert "The old one broke." in text


def test_the_history_says_so(adam: PageClient) -> None:
    adam.post_form(look(adam, NUMBER), LIST, reason="For all.")
    text = adam.get_page(f"/history/{NUMBER}").text
    assert "Moved to another policy" in text
    assert "Version 2" in text


def test_many_move_and_the_others_are_named(
    adam: PageClient, app: Flask, people: People, process: InProcess, kind: dict[str, str]
) -> None:
    process.give(submit(kind, people, number="CH-1002", actor_id=people.cleo))
    process.give(submit(kind, people, number="CH-1003", on_behalf_of=people.adam))
    numbers = [NUMBER, "CH-1002", "CH-1003"]
    values = look(adam, *numbers).form(LIST).values
    data = {**values, "number": numbers, "reason": "For all."}
    page = Page(adam.post(LIST, data=data, follow_redirects=True))
    assert "Moved to the newest policy version: CH-1001, CH-1002." in page.text
    assert "CH-1003 was not moved. This is your own request" in page.text
    assert commands(app) == 2


def test_the_same_form_twice_moves_once(adam: PageClient, app: Flask) -> None:
    page = look(adam, NUMBER)
    adam.post_form(page, LIST, reason="For all.")
    again = adam.post_form(page, LIST, reason="For all.")
    assert commands(app) == 1
    assert "already uses the newest version" in again.text
    assert "every open request uses the newest policy" in adam.get_page(LIST).text.lower()


def test_a_reason_is_needed_and_something_to_move(adam: PageClient, app: Flask) -> None:
    page = adam.post_form(look(adam, NUMBER), LIST, 422, reason=" ")
    assert "Reason is missing" in page.text
    assert page.form(LIST).values["number"] == NUMBER
    assert "Choose at least one request." in look(adam).text
    assert (
        "CH-9 is not included: it is closed or already uses the newest version."
        in look(adam, "CH-9").text
    )
    data = {"csrf_token": adam.csrf_token(), "reason": "x", "command_id": new_id()}
    assert adam.post(LIST, data=data).status_code == 422
    assert commands(app) == 0


def test_nobody_else_may(client: PageClient, people: People, newest: str) -> None:
    sign_in(client, people.olga)
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}/preview?number={NUMBER}").status_code == 403
