"""Sessions: who is in, for how long, and what the cookie and the row hold."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from portal.extensions import db
from portal.models import User, UserSession
from portal.security.tokens import new_token, token_hash
from tests.clients import PageClient, begin_session, sign_in
from tests.pages_read import Page
from tests.web import PASSWORD, People

SIGN_IN = "/sign-in?next=/profile"


def cookies(response) -> dict[str, str]:
    lines = response.headers.getlist("Set-Cookie")
    return {line.partition("=")[0]: line for line in lines}


def enter(client: PageClient, name: str):
    form = client.get_page("/sign-in").form("/sign-in")
    data = {**form.values, "email": f"{name}@example.org", "password": PASSWORD}
    return client.post("/sign-in", data=data)


def change(app: Flask, model: type, where: object, **values: object) -> None:
    with app.app_context():
        db.session.execute(update(model).where(where).values(**values))
        db.session.commit()


def test_signing_in_gives_a_new_id_and_ends_the_old(app: Flask, client, people: People) -> None:
    old = sign_in(client, people.ana)
    page = client.get("/profile")
    token = client.csrf_token()
    data = {"csrf_token": token, "email": "ben@example.org", "password": PASSWORD}
    response = client.post("/sign-in", data=data)
    assert response.status_code == 303
    assert client.get_cookie("gloria-session").value != old
    client.set_cookie("gloria-session", old)
    assert client.get("/profile").location == SIGN_IN
    assert page.status_code == 200


def test_only_the_hash_of_the_id_is_stored(app: Flask, client, people: People) -> None:
    enter(client, "ana")
    token = client.get_cookie("gloria-session").value
    with app.app_context():
        row = db.session.execute(select(UserSession)).scalar_one()
    assert row.token_hash == token_hash(token)
    assert token not in repr(vars(row))


@pytest.mark.parametrize(
    ("column", "age", "alive"),
    [
        ("last_seen_at", "29 minutes", True),
        ("last_seen_at", "31 minutes", False),
        ("created_at", "719 minutes", True),
        ("created_at", "721 minutes", False),
    ],
)
def test_limits_go_by_the_clock_of_the_database(
    app: Flask, client, people: People, column: str, age: str, alive: bool
) -> None:
    token = new_token()
    begin_session(app, people.ana, token, **{column: func.now() - text(f"interval '{age}'")})
    client.set_cookie("gloria-session", token)
    assert client.get("/profile").status_code == (200 if alive else 302)


def test_use_is_written_down_once_a_minute(app: Flask, client, people: People) -> None:
    token = new_token()
    seen = func.now() - text("interval '61 seconds'")
    begin_session(app, people.ana, token, last_seen_at=seen)
    client.set_cookie("gloria-session", token)

    def last_seen():
        with app.app_context():
            return db.session.execute(select(UserSession.last_seen_at)).scalar_one()

    before = last_seen()
    client.get("/profile")
    after = last_seen()
    client.get("/profile")
    assert before < after == last_seen()


def test_changed_rights_count_with_the_next_request(app: Flask, client, people: People) -> None:
    sign_in(client, people.ana)
    assert client.get("/").location == "/requests"
    change(app, User, User.id == people.ana, roles=["auditor"])
    assert client.get("/").location == "/history"
    change(app, User, User.id == people.ana, is_active=False)
    assert client.get("/profile").location == SIGN_IN


def test_roles_that_this_version_does_not_know_give_nothing(app, client, people: People) -> None:
    change(app, User, User.id == people.ana, roles=["emperor"])
    sign_in(client, people.ana)
    assert "Member" in client.get_page("/profile").text


def test_over_https_the_cookies_cannot_be_set_or_read_by_others(
    make_app, settings, people: People
) -> None:
    browser = PageClient(make_app(replace(settings, public_url="https://localhost")))
    base = {"base_url": "https://localhost"}
    form = Page(browser.get("/sign-in", **base)).form("/sign-in")
    data = {**form.values, "email": "ana@example.org", "password": PASSWORD}
    response = browser.post("/sign-in", data=data, **base)
    assert response.location == "/"
    lines = cookies(response)
    assert {"__Host-gloria-session", "__Host-gloria-device"} <= set(lines)
    for name, line in lines.items():
        assert name.startswith("__Host-gloria-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(line.split("; "))


def test_a_visitor_costs_no_row(app: Flask, client) -> None:
    for _ in range(3):
        client.get("/sign-in")
    with app.app_context():
        assert db.session.execute(select(func.count(UserSession.id))).scalar_one() == 0


def test_other_browsers_can_be_signed_out(app: Flask, client, people: People) -> None:
    other, third = PageClient(app), PageClient(app)
    sign_in(client, people.ana)
    sign_in(third, people.ben)
    token = new_token()
    row = begin_session(app, people.ana, token)
    other.set_cookie("gloria-session", token)
    page = client.get_page("/profile")
    client.post_form(page, f"/profile/sessions/{row}/end")
    assert other.get("/profile").location == SIGN_IN
    assert client.get("/profile").status_code == third.get("/profile").status_code == 200


def test_nobody_ends_the_session_of_another(app: Flask, client, people: People) -> None:
    token = new_token()
    row = begin_session(app, people.ben, token)
    sign_in(client, people.ana)
    data = {"csrf_token": client.csrf_token()}
    client.post(f"/profile/sessions/{row}/end", data=data)
    client.set_cookie("gloria-session", token)
    assert "Ben Example" in client.get_page("/profile").text
