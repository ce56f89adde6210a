"""Forms from elsewhere: no token, another's token, another site's page."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import User
from tests.clients import PageClient, sign_in
from tests.web import People

PATH = "/profile/time-zone"


@pytest.fixture
def ana(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.ana)
    return client


def zone(app: Flask, user_id: str) -> str:
    with app.app_context():
        return db.session.execute(select(User.time_zone).where(User.id == user_id)).scalar_one()


def send(client: PageClient, token: str, **headers: str) -> int:
    data = {"time_zone": "UTC", "csrf_token": token}
    return client.post(PATH, data=data, headers=headers).status_code


def test_a_form_without_a_token_is_refused(app: Flask, ana, people: People) -> None:
    assert send(ana, "") == 400
    assert send(ana, "nonsense") == 400
    assert zone(app, people.ana) == "Europe/Berlin"


def test_a_token_of_another_session_is_refused(app: Flask, ana, people: People) -> None:
    other = PageClient(app)
    sign_in(other, people.ben)
    assert send(ana, other.csrf_token()) == 400
    assert send(ana, PageClient(app).csrf_token()) == 400
    assert zone(app, people.ana) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Origin", "https://evil.example", 403),
        ("Origin", "http://localhost.evil.example", 403),
        ("Origin", "http://localhost:81", 403),
        ("Origin", "null", 403),
        ("Origin", "http://[", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
        ("Sec-Fetch-Site", "same-site", 403),
        ("Origin", "http://localhost", 303),
        ("Sec-Fetch-Site", "same-origin", 303),
    ],
)
def test_a_form_of_another_site_is_refused(ana, header: str, value: str, status: int) -> None:
    assert send(ana, ana.csrf_token(), **{header: value}) == status


def test_links_from_other_sites_are_welcome(ana) -> None:
    assert ana.get("/profile", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_the_sign_in_form_too_needs_its_token(client: PageClient, people: People) -> None:
    data = {"email": "ana@example.org", "password": "x"}
    response = client.post("/sign-in", data=data)
    assert response.status_code == 400
    assert 'value="ana@example.org"' in response.text
    assert "open too long" in response.text
