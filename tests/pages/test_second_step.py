"""Passkeys, codes of an app, recovery codes: set up, used, and refused."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from portal.config import Settings
from portal.extensions import db
from portal.models import RecoveryCode, UserSession
from tests.authenticator import Authenticator
from tests.clients import PageClient, sign_in
from tests.pages.test_sign_in import enter
from tests.pages_read import Page
from tests.web import PASSWORD, People

SECURITY = "/profile/security"


@pytest.fixture
def key(app: Flask) -> Authenticator:
    return Authenticator(app.config["SETTINGS"].public_url, "localhost")


def options(page: Page) -> str:
    """What the page's form asks the browser."""
    found = re.search(r'data-options="([^"]*)"', page.response.text)
    assert found
    return found[1].replace("&#34;", '"').replace("&quot;", '"')


def add_passkey(client: PageClient, key: Authenticator, status: int = 200) -> Page:
    page = client.post_form(client.get_page(SECURITY), f"{SECURITY}/passkeys")
    answer = key.create(options(page))
    new = f"{SECURITY}/passkeys/new"
    return client.post_form(page, new, status, name="Blue key", secret_answer=answer)


def set_up_app(client: PageClient) -> tuple[pyotp.TOTP, Page]:
    """An app, and the page with the recovery codes."""
    page = client.post_form(client.get_page(SECURITY), f"{SECURITY}/app")
    found = re.search(r"secret=([A-Z2-7]+)", page.response.text)
    assert found
    codes = pyotp.TOTP(found[1])
    done = client.post_form(page, f"{SECURITY}/app/confirm", secret_code=codes.now())
    return codes, done


def forget(client: PageClient, app: Flask, *, step: bool = True) -> None:
    """A browser of nobody again, and half a minute later for the app."""
    client.delete_cookie("gloria-session")
    if step:
        with app.app_context():
            db.session.execute(text("UPDATE portal.authenticator_apps SET last_step = 0"))
            db.session.commit()


def by_password(client: PageClient) -> Page:
    """The page of the second step, after the right password."""
    response = enter(client, "ana@example.org")
    assert response.location == "/sign-in/second"
    return client.get_page("/sign-in/second")


def test_a_passkey_is_added_named_and_signs_in_alone(
    client: PageClient, people: People, key: Authenticator, app: Flask
) -> None:
    sign_in(client, people.ana)
    assert "Blue key" in add_passkey(client, key).response.text
    forget(client, app)
    page = client.post_form(client.get_page("/sign-in"), "/sign-in/passkey")
    answer = key.sign(options(page))
    client.post_form(page, "/sign-in/passkey/answer", secret_answer=answer)
    assert client.get_page("/profile/sign-ins").response.text.count("Signed in") == 1
    with app.app_context():
        last = select(UserSession.is_strong).order_by(UserSession.id.desc()).limit(1)
        assert db.session.scalar(last)


def test_an_answer_serves_once(
    client: PageClient, people: People, key: Authenticator, app: Flask
) -> None:
    sign_in(client, people.ana)
    add_passkey(client, key)
    forget(client, app)
    page = client.post_form(client.get_page("/sign-in"), "/sign-in/passkey")
    note = client.get_cookie("gloria-note")
    assert note
    answer = key.sign(options(page))
    client.post_form(page, "/sign-in/passkey/answer", secret_answer=answer)
    forget(client, app)
    client.set_cookie("gloria-note", note.value)
    again = client.get("/sign-in/passkey")
    assert again.location == "/sign-in"


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"verifies": False},
        {"key_id": b"another key of.."},
    ],
)
def test_what_another_site_or_key_answers_is_refused(
    client: PageClient, people: People, key: Authenticator, app: Flask, wrong: dict[str, object]
) -> None:
    sign_in(client, people.ana)
    add_passkey(client, key)
    forget(client, app)
    page = client.post_form(client.get_page("/sign-in"), "/sign-in/passkey")
    answer = key.other(**wrong).sign(options(page))
    client.post_form(page, "/sign-in/passkey/answer", 422, secret_answer=answer)
    assert client.get("/profile").location == "/sign-in?next=/profile"


@pytest.mark.parametrize("answer", ["", "{}", "[1]", '{"id": 1, "response": {}}', "x" * 9000])
def test_nonsense_is_refused(client: PageClient, people: People, answer: str) -> None:
    page = client.post_form(client.get_page("/sign-in"), "/sign-in/passkey")
    client.post_form(page, "/sign-in/passkey/answer", 422, secret_answer=answer)
    sign_in(client, people.ana)
    page = client.post_form(client.get_page(SECURITY), f"{SECURITY}/passkeys")
    client.post_form(page, f"{SECURITY}/passkeys/new", 422, secret_answer=answer)


def test_an_app_asks_for_its_code_and_takes_each_once(
    client: PageClient, people: People, app: Flask
) -> None:
    sign_in(client, people.ana)
    codes, _done = set_up_app(client)
    forget(client, app)
    page, code = by_password(client), codes.now()
    spaced = f"{code[:3]} {code[3:]}"
    assert client.post_form(page, "/sign-in/second", 200, secret_code=spaced)
    assert client.get_page("/profile").heading == "Your profile"
    forget(client, app, step=False)
    page = by_password(client)
    client.post_form(page, "/sign-in/second", 422, secret_code=code)


def test_the_password_alone_shows_nothing_once_there_is_a_second_factor(
    client: PageClient, people: People, app: Flask
) -> None:
    sign_in(client, people.ana)
    set_up_app(client)
    forget(client, app)
    page = by_password(client)
    assert client.get("/profile").location == "/sign-in?next=/profile"
    for code in ("000000", "", "x" * 39, "abcde-abcde", "١٢٣٤٥٦"):
        client.post_form(page, "/sign-in/second", 422, secret_code=code)


def test_a_recovery_code_counts_once(client: PageClient, people: People, app: Flask) -> None:
    sign_in(client, people.ana)
    _codes, done = set_up_app(client)
    code = re.findall(r"<code>([a-z2-7]{5}-[a-z2-7]{5})</code>", done.response.text)
    assert len(set(code)) == 10
    for status in (200, 422):
        forget(client, app)
        page = by_password(client)
        client.post_form(page, "/sign-in/second", status, secret_code=code[0].upper())


def test_recovery_codes_end_with_the_last_passkey(
    client: PageClient, people: People, key: Authenticator, app: Flask
) -> None:
    sign_in(client, people.ana)
    add_passkey(client, key)
    client.post_form(client.get_page(SECURITY), f"{SECURITY}/codes")
    page = client.get_page(SECURITY)
    remove = re.search(rf"{SECURITY}/passkeys/[0-9a-f-]+/remove", page.response.text)
    assert remove
    client.post_form(page, remove[0])
    with app.app_context():
        assert db.session.scalars(select(RecoveryCode.id)).all() == []


def test_a_session_is_strong_until_the_last_second_factor_is_removed(
    make_app: Callable[[Settings], Flask], settings: Settings, people: People, key: Authenticator
) -> None:
    app = make_app(replace(settings, second_factor_roles=("auditor",)))
    client, elsewhere = PageClient(app), PageClient(app)
    sign_in(elsewhere, people.olga)
    sign_in(client, people.olga)
    add_passkey(client, key)
    set_up_app(client)
    client.post_form(client.get_page(SECURITY), f"{SECURITY}/app/remove")
    assert client.get("/history").status_code == 200
    page = client.get_page(SECURITY)
    remove = re.search(rf"{SECURITY}/passkeys/[0-9a-f-]+/remove", page.response.text)
    assert remove
    client.post_form(page, remove[0])
    assert client.get("/history").location == SECURITY
    set_up_app(client)
    assert client.get("/history").status_code == 200
    assert elsewhere.get("/history").location == SECURITY


def test_ten_wrong_codes_are_enough(client: PageClient, people: People, app: Flask) -> None:
    sign_in(client, people.ana)
    codes, _done = set_up_app(client)
    forget(client, app)
    page = by_password(client)
    for _ in range(10):
        client.post_form(page, "/sign-in/second", 422, secret_code="000000")
    refused = client.post_form(page, "/sign-in/second", 429, secret_code=codes.now())
    assert int(refused.response.headers["Retry-After"]) > 0


def test_a_mailed_link_does_not_get_past_the_second_factor(
    client: PageClient, people: People, app: Flask
) -> None:
    from portal.services import password_links

    sign_in(client, people.ana)
    set_up_app(client)
    forget(client, app)
    with app.app_context():
        key = app.config["SETTINGS"].secret_key
        token = password_links.hand_out(people.ana, people.adam, key, by_mail=False)
    page = client.get_page(f"/p/{token}")
    new = {"password": "four words beside another", "password_again": "four words beside another"}
    client.post_form(page, "/password/new", **new)
    assert client.get("/profile").location == "/sign-in?next=/profile"


def test_changes_need_a_fresh_proof(
    client: PageClient, people: People, key: Authenticator, app: Flask
) -> None:
    sign_in(client, people.ana)
    add_passkey(client, key)
    with app.app_context():
        earlier = func.now() - timedelta(minutes=11)
        db.session.execute(update(UserSession).values(confirmed_at=earlier))
        db.session.commit()
    page = client.post_form(client.get_page(SECURITY), f"{SECURITY}/app")
    assert page.heading == "Confirm it is you"
    client.post_form(page, "/confirm", 422, password="not this one")
    page = client.post_form(page, "/confirm", password=PASSWORD)
    assert page.heading == "Sign-in and security"
    page = client.post_form(page, f"{SECURITY}/app")
    assert page.heading == "Set up an authenticator app"


def test_a_role_that_needs_a_second_factor_sets_one_up_first(
    make_app, settings, people: People
) -> None:
    other = make_app(replace(settings, second_factor_roles=("auditor",)))
    client = PageClient(other)
    sign_in(client, people.olga)
    assert client.get("/history").location == SECURITY
    assert client.get_page("/history").heading == "Sign-in and security"
    set_up_app(client)
    assert client.get("/history").status_code == 200
    sign_in(client, people.ana)
    assert client.get("/profile").status_code == 200


def test_an_administrator_resets_what_somebody_lost_but_not_their_own(
    client: PageClient, people: People, key: Authenticator, app: Flask
) -> None:
    sign_in(client, people.ana)
    add_passkey(client, key)
    sign_in(client, people.adam)
    there = f"/admin/people/{people.ana}"
    done = client.post_form(client.get_page(there), f"{there}/second-factor")
    assert "signs in by password alone" in done.response.text
    own = client.csrf_token()
    mine = client.post(f"/admin/people/{people.adam}/second-factor", data={"csrf_token": own})
    assert "Another administrator" in client.get_page(mine.location).response.text
    forget(client, app)
    assert enter(client, "ana@example.org").location == "/"


def test_the_history_names_refusals_and_is_for_its_person_and_auditors(
    client: PageClient, people: People
) -> None:
    enter(client, "ana@example.org", "not my password", 422)
    enter(client, "ana@example.org")
    mine = client.get_page("/profile/sign-ins").response.text
    assert "Refused" in mine
    assert "Signed in" in mine
    place = f"/people/{people.ana}/sign-ins"
    assert client.get(place).status_code == 403
    sign_in(client, people.olga)
    assert "Refused" in client.get_page(place).response.text
