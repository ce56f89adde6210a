"""Tokens of the JSON API for administrators: made once, shown once, rotated, revoked."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.extensions import db
from portal.models import ApiToken, UserSession
from tests.api.programs import Program
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People

HERE = "/admin/tokens"
SECRET = re.compile(r"gloria_svc_[0-9A-Za-z]{46}")


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


def secret_on(page: Page) -> str:
    found = SECRET.search(page.text)
    assert found is not None
    return found[0]


def to(page: Page, ending: str) -> str:
    """The address of the link that ends so."""
    return next(each for each in page.document.links if each.endswith(ending))


def made(adam: PageClient) -> str:
    form = adam.get_page(f"{HERE}/new")
    values = {"name": "ERP", "scopes": "approvals:read", "modules": "A, B,, A"}
    return secret_on(adam.post_form(form, f"{HERE}/new", **values))


def test_a_token_is_made_rotated_and_revoked(adam: PageClient, app: Flask) -> None:
    first = made(adam)
    assert Program(app, first).get("/me").get_json()["modules"] == ["A", "B"]
    listed = adam.get_page(HERE)
    assert first not in listed.text
    assert f"…{first[-4:]}" in listed.text
    rotate = to(listed, "/rotate")
    asked = adam.get_page(rotate)
    assert "Rotate ERP?" in asked.text
    second = secret_on(adam.post_form(asked, rotate))
    assert [Program(app, each).get("/me").status_code for each in (first, second)] == [200, 200]
    # Pressed twice, or on an old page: no third secret, and the second stays good.
    assert "another secret meanwhile" in adam.post_form(asked, rotate).text
    assert Program(app, second).get("/me").status_code == 200
    revoke = to(listed, "/revoke")
    assert "Ended" in adam.post_form(adam.get_page(revoke), revoke).text
    assert adam.get(revoke).status_code == 404
    assert Program(app, second).get("/me").status_code == 401


def test_a_form_sent_twice_makes_one_token_and_bad_input_none(adam: PageClient, app: Flask) -> None:
    form = adam.get_page(f"{HERE}/new")
    values = {"name": "ERP", "scopes": "approvals:read"}
    for wrong in ({"days": "367"}, {"days": "x"}, {"name": ""}, {"scopes": "tasks:decide"}):
        page = adam.post_form(form, f"{HERE}/new", 422, **{**values, **wrong})
        assert page.form(f"{HERE}/new").values["name"] == {**values, **wrong}["name"]
    adam.post_form(form, f"{HERE}/new", **values)
    assert "already used" in adam.post_form(form, f"{HERE}/new", 422, **values).text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ApiToken)) == 1


OWN = "/profile/tokens"


def test_ones_own_token_acts_for_oneself(client: PageClient, people: People, app: Flask) -> None:
    sign_in(client, people.ana)
    there = OWN
    form = client.get_page(f"{there}/new")
    values = {"name": "Script", "scopes": "approvals:read"}
    page = client.post_form(form, f"{there}/new", **values)
    found = re.search(r"gloria_pat_[0-9A-Za-z]{46}", page.text)
    assert found is not None
    assert Program(app, found[0]).get("/me").get_json()["owner"]["id"] == people.ana
    assert "Script" in client.get_page(there).text
    client.post_form(form, f"{there}/new", 422, **values | {"scopes": "people:provision"})
    revoke = to(client.get_page(there), "/revoke")
    stranger = PageClient(app)
    sign_in(stranger, people.ben)
    assert "Script" not in stranger.get_page(there).text
    assert stranger.get(revoke).status_code == 404
    stranger.post(revoke, data={"csrf_token": stranger.csrf_token()})
    assert Program(app, found[0]).get("/me").status_code == 200
    client.post_form(client.get_page(revoke), revoke)
    assert Program(app, found[0]).get("/me").status_code == 401


def test_ones_own_token_needs_a_fresh_check_and_what_was_typed_stays(
    client: PageClient, people: People, app: Flask
) -> None:
    sign_in(client, people.ana)
    there, values = OWN, {"scopes": "approvals:read"}
    with app.app_context():
        long_ago = datetime.now(UTC) - timedelta(minutes=11)
        db.session.execute(update(UserSession).values(confirmed_at=long_ago))
        db.session.commit()
    late = client.get_page(f"{there}/new")
    again = client.post_form(late, f"{there}/new", 422, **values, name="Another")
    assert again.form(f"{there}/new").values["name"] == "Another"
    assert "Another" not in client.get_page(there).text
    assert client.post_form(again, f"{there}/confirm").path.startswith("/confirm")
