"""A form that is sent after its session ended keeps its text for the person who typed it."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import User
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import PASSWORD, People

PATH = "/profile/time-zone"


@pytest.fixture
def late(client: PageClient, people: People) -> Page:
    """The answer to Ana's form that arrives when her session is over."""
    sign_in(client, people.ana)
    form = client.get_page("/profile").form(PATH)
    client.delete_cookie("gloria-session")
    return client._page(client.post(PATH, data={**form.values, "time_zone": "Asia/Tokyo"}), 401)


def enter(client: PageClient, page: Page, name: str, password: str = PASSWORD) -> Page:
    form = page.form("/sign-in")
    data = {**form.values, "email": f"{name}@example.org", "password": password}
    return Page(client.post(form.action, data=data, follow_redirects=True))


def zone(app: Flask, user_id: str) -> str:
    with app.app_context():
        return db.session.execute(select(User.time_zone).where(User.id == user_id)).scalar_one()


def test_the_same_person_sees_it_and_sends_it(app: Flask, client, people, late: Page) -> None:
    assert "what you typed is kept" in late.text
    back = enter(client, late, "ana")
    assert back.heading == "Send what you typed"
    assert "Asia/Tokyo" in back.text
    assert zone(app, people.ana) == "Europe/Berlin"
    assert "Time zone saved" in client.post_form(back, PATH).text
    assert zone(app, people.ana) == "Asia/Tokyo"


def test_a_mistyped_password_does_not_lose_it(client: PageClient, people, late: Page) -> None:
    again = enter(client, late, "ana", "wrong")
    assert again.response.status_code == 422
    assert "Asia/Tokyo" in enter(client, again, "ana").text


def test_nobody_else_sees_or_sends_it(app: Flask, client, people: People, late: Page) -> None:
    other = enter(client, late, "eve")
    assert "Asia/Tokyo" not in other.response.text
    assert client.get("/sign-in/continue").status_code == 302
    assert zone(app, people.eve) == zone(app, people.ana) == "Europe/Berlin"


def test_an_envelope_that_is_not_ours_is_ignored(client: PageClient, people: People) -> None:
    form = client.get_page("/sign-in").form("/sign-in")
    data = {**form.values, "email": "ana@example.org", "password": PASSWORD, "kept": "eyJ9.x.y"}
    assert client.post("/sign-in", data=data).location == "/"


def test_a_form_that_no_page_of_ours_drew_is_not_kept(client: PageClient, people: People) -> None:
    response = client.post(PATH, data={"time_zone": "UTC", "csrf_token": "made.up.one"})
    assert (response.status_code, response.location) == (303, "/sign-in")


def test_a_form_of_an_earlier_session_asks_once_more(app, client, people: People) -> None:
    sign_in(client, people.ana)
    form = client.get_page("/profile").form(PATH)
    sign_in(client, people.ana)
    response = client.post(PATH, data={**form.values, "time_zone": "Asia/Tokyo"})
    assert zone(app, people.ana) == "Europe/Berlin"
    client.post_form(client._page(response, 400), PATH)
    assert zone(app, people.ana) == "Asia/Tokyo"
