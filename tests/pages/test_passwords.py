"""Setting a password by a link, whoever sent it; and one's own in the profile."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import Environment
from sqlalchemy import select, text, update

from portal import presentation
from portal.config import ROOT, Settings
from portal.extensions import db
from portal.models import PasswordLink, PeopleChange, User, UserSession
from portal.models.links import password_token
from portal.notifications.password_mail import PasswordMail
from portal.services import accounts, password_links
from tests.clients import PageClient, sign_in
from tests.mailing import Catcher, mail_server, mailing, refuse
from tests.web import PASSWORD, People

NEW = "seven horses paint walls"


def links(app: Flask) -> list[Any]:
    with app.app_context():
        return list(db.session.execute(select(PasswordLink).order_by(PasswordLink.id)).scalars())


def token_of(app: Flask) -> str:
    """The token of the newest link, as its mail has it."""
    settings = app.config["SETTINGS"]
    return password_token(links(app)[-1].id, settings.secret_key)


def asked_for(client: PageClient, email: str) -> str:
    page = client.get_page("/password/forgot")
    return client.post_form(page, "/password/forgot", email=email).text


def chosen(client: PageClient, token: str, password: str = NEW, **more: str) -> Any:
    page = client.get_page(f"/p/{token}")
    given = {"password": password, "password_again": password, **more}
    return client.post_form(page, "/password/new", **given)


def test_who_forgot_gets_a_link_and_signs_in(
    client: PageClient, app: Flask, people: People
) -> None:
    sign_in(PageClient(app), people.ana)
    told = asked_for(client, "Ana@Example.org")
    assert "If an active account has this address" in told or "sends no email" in told
    token = token_of(app)
    assert token not in repr([each.__dict__ for each in links(app)])
    for _ in range(3):  # programs that look into mails open links, too
        assert "For Ana Example, ana@example.org." in client.get_page(f"/p/{token}").text
    page = chosen(client, token)
    assert "Your password is set and you are signed in." in page.text
    with app.app_context():
        ended = select(UserSession.ended_at).where(UserSession.user_id == people.ana)
        assert [at is None for at in db.session.scalars(ended.order_by(UserSession.id))] == [
            False, True,
        ]  # fmt: skip
        noted = select(PeopleChange.kind).where(PeopleChange.person_id == people.ana)
        assert db.session.scalars(noted).all() == ["password_set"]
    visitor = PageClient(app)
    given = {"email": "ana@example.org", "password": NEW}
    page = visitor.post_form(visitor.get_page("/sign-in"), "/sign-in", **given)
    assert page.heading == "My requests"
    assert visitor.get(f"/p/{token}").status_code == 410


def test_unknown_and_inactive_addresses_get_the_same_answer(
    client: PageClient, app: Flask, people: People
) -> None:
    answers = {asked_for(client, each) for each in ("nobody@example.org", "inga@example.org")}
    assert links(app) == []
    assert answers == {asked_for(client, "ana@example.org")}
    assert len(links(app)) == 1


def test_only_the_newest_link_works_and_not_for_ever(
    client: PageClient, app: Flask, people: People
) -> None:
    asked_for(client, "ana@example.org")
    first = token_of(app)
    asked_for(client, "ana@example.org")
    assert client.get(f"/p/{first}").status_code == 410
    token = token_of(app)
    page = client.get_page(f"/p/{token}")
    with app.app_context():
        db.session.execute(update(PasswordLink).values(expires_at=text("now()")))
        db.session.commit()
    given = {"password": NEW, "password_again": NEW}
    client.post_form(page, "/password/new", 410, **given)
    assert client.get("/password/new").status_code == 410


def test_whoever_asks_ends_no_link_that_was_handed_out(
    client: PageClient, app: Flask, people: People
) -> None:
    with app.app_context():
        key = app.config["SETTINGS"].secret_key
        handed = password_links.hand_out(people.ana, people.adam, key, by_mail=False)
    asked_for(client, "ana@example.org")
    assert "Your password is set" in chosen(PageClient(app), handed).text
    assert client.get(f"/p/{token_of(app)}").status_code == 410


def test_somebody_deactivated_meanwhile_cannot_use_it(
    client: PageClient, app: Flask, people: People
) -> None:
    asked_for(client, "ana@example.org")
    token = token_of(app)
    with app.app_context():
        db.session.execute(update(User).where(User.id == people.ana).values(is_active=False))
        db.session.commit()
    assert client.get(f"/p/{token}").status_code == 410


@pytest.mark.parametrize(
    ("whose", "values", "ends"),
    [
        ("ana", {"email": "ruiz@example.org"}, True),
        ("ana", {"roles": ["admin"]}, True),
        ("ana", {"password_hash": "another"}, True),
        ("ana", {"name": "Ana Ruiz"}, False),
        ("adam", {"roles": []}, True),
        ("adam", {"is_active": False}, True),
        ("adam", {"password_hash": "another"}, False),
    ],
)
def test_a_link_ends_with_what_it_was_made_for_and_with_its_makers_power(
    app: Flask, people: People, whose: str, values: dict[str, Any], ends: bool
) -> None:
    key = app.config["SETTINGS"].secret_key
    with app.app_context():
        token = password_links.hand_out(people.ana, people.adam, key, by_mail=False)
        change = update(User).where(User.id == getattr(people, whose))
        db.session.execute(change.values(values))
        db.session.commit()
    assert (links(app)[0].revoked_at is not None) == ends
    assert PageClient(app).get(f"/p/{token}").status_code == (410 if ends else 303)


def test_a_listed_password_is_refused_whatever_its_case(
    make_app: Callable[[Settings], Flask], settings: Settings, tmp_path: Path
) -> None:
    known, words = tmp_path / "known.txt", "Seven Horses Paint Walls"
    known.write_text(f"letmein\n{words}\n")
    app = make_app(replace(settings, password_blocklist=known))
    with app.app_context():
        with pytest.raises(accounts.AccountRefused, match="list of known passwords"):
            accounts.check_password(NEW)
        accounts.check_password(f"{NEW} twice")
        known.write_text("letmein\n")
        os.utime(known, (1, 1))
        accounts.check_password(NEW)
        known.unlink()
        accounts.check_password(NEW)


@pytest.mark.parametrize(
    ("password", "again", "why"),
    [
        ("short", "short", "Use at least 15 characters"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "easy to guess"),
        ("ana@example.org1", "ana@example.org1", "easy to guess"),
        (NEW, "other words here", "The two passwords are not the same."),
        ("", "", "Enter a new password."),
        ("seven \x07 horses paint", "seven \x07 horses paint", "cannot be used"),
    ],
)
def test_a_weak_password_leaves_the_link_as_it_is(
    client: PageClient, app: Flask, people: People, password: str, again: str, why: str
) -> None:
    asked_for(client, "ana@example.org")
    page = client.get_page(f"/p/{token_of(app)}")
    page = client.post_form(page, "/password/new", 422, password=password, password_again=again)
    assert why in page.text
    assert page.form("/password/new").values.get("password", "") == ""
    assert "Your password is set" in chosen(client, token_of(app)).text


def test_of_two_who_use_a_link_at_once_one_is_late(app: Flask, people: People) -> None:
    asked_for(PageClient(app), "ana@example.org")
    token = token_of(app)
    both = [PageClient(app), PageClient(app)]
    pages = [each.get_page(f"/p/{token}") for each in both]
    sent = [
        {**page.form("/password/new").values, "password": NEW, "password_again": NEW}
        for page in pages
    ]
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda pair: pair[0].post("/password/new", data=pair[1]).status_code,
                           zip(both, sent, strict=True))  # fmt: skip
    assert sorted(answers) == [303, 410]


def test_asking_is_limited(client: PageClient, app: Flask, people: People) -> None:
    for _ in range(password_links.ASKED_PER_ADDRESS):
        asked_for(client, "ana@example.org")
    page = client.get_page("/password/forgot")
    page = client.post_form(page, "/password/forgot", 429, email="ana@example.org")
    assert "Too many links were asked for. Wait 15 minutes" in page.text


def test_an_administrator_hands_out_a_link(client: PageClient, app: Flask, people: People) -> None:
    sign_in(client, people.adam)
    page = client.get_page(f"/admin/people/{people.ana}")
    page = client.post_form(page, f"/admin/people/{people.ana}/password-link", by="copy")
    token = token_of(app)
    assert f"/p/{token}" in page.response.text
    assert (
        "Link to a new password made (link to copy)"
        in client.get_page(f"/admin/people/{people.ana}").text
    )
    assert "Your password is set" in chosen(PageClient(app), token).text


def test_who_keeps_people_hands_out_no_administrators_link(
    client: PageClient, app: Flask, people: People
) -> None:
    with app.app_context():
        keeps = update(User).where(User.id == people.eve).values(roles=["people_admin"])
        db.session.execute(keeps)
        db.session.commit()
    sign_in(client, people.eve)
    page = client.get_page(f"/admin/people/{people.adam}")
    page = client.post_form(page, f"/admin/people/{people.adam}/password-link", by="copy")
    assert "Only an administrator can do this." in page.text
    assert links(app) == []


def test_ones_own_password(client: PageClient, app: Flask, people: People) -> None:
    sign_in(client, people.ana)
    sign_in(other := PageClient(app), people.ana)
    page = client.get_page("/profile/password")
    given = {"password": NEW, "password_again": NEW}
    wrong = client.post_form(page, "/profile/password", 422, current_password="no", **given)
    assert "The current password is wrong." in wrong.text
    weak = {"password": "short", "password_again": "short", "current_password": PASSWORD}
    assert "at least 15" in client.post_form(page, "/profile/password", 422, **weak).text
    told = client.post_form(page, "/profile/password", current_password=PASSWORD, **given)
    assert "Password changed. Other browsers are signed out." in told.text
    assert other.get("/profile").status_code == 302
    assert client.get("/profile").status_code == 200


@pytest.fixture
def words() -> Environment:
    return presentation.letters(ROOT / "templates")


def mailer(app: Flask, catcher: Catcher, words: Environment) -> PasswordMail:
    settings: Settings = app.config["SETTINGS"]
    return PasswordMail(db.engine, mailing(settings, catcher.port), words)


def test_a_reset_is_mailed_once(
    client: PageClient, app: Flask, people: People, words: Environment
) -> None:
    asked_for(client, "ana@example.org")
    with mail_server() as catcher, app.app_context():
        post = mailer(app, catcher, words)
        assert [post.turn(), post.turn()] == [True, False]
        (mail,) = catcher.mails
    assert (mail["To"], mail["Subject"]) == (
        "Ana Example <ana@example.org>",
        "Choose a new password",
    )
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert f"/p/{token_of(app)}" in body.get_content()


def test_a_test_mail_is_confirmed_by_its_link_and_sets_no_password(
    client: PageClient, app: Flask, people: People, words: Environment
) -> None:
    sign_in(client, people.adam)
    page = client.get_page("/admin/setup/mail")
    page = client.post_form(page, "/admin/setup/mail")
    assert "A test email goes to adam@example.org." in page.text
    with mail_server() as catcher, app.app_context():
        assert mailer(app, catcher, words).turn()
        body = catcher.mails[0].get_body(("plain",))
        assert body is not None
        assert f"/p/{token_of(app)}" in body.get_content()
    assert "Nobody said yet that it arrived" in client.get_page("/admin/setup").text
    page = client.get_page(f"/p/{token_of(app)}")
    assert page.heading == "Test email"
    given = {
        "password": NEW,
        "password_again": NEW,
        "csrf_token": page.document.forms[0].values["csrf_token"],
    }
    assert client.post("/password/new", data=given).status_code == 410
    with app.app_context(), pytest.raises(password_links.LinkOver):
        password_links.use(links(app)[-1].id, NEW)
    page = client.post_form(page, "/password/arrived")
    assert "A test email reached adam@example.org." in page.text
    assert client.get(f"/p/{token_of(app)}").status_code == 410
    assert "Received" in client.get_page("/admin/setup/mail").text


def test_a_server_that_is_away_gets_the_same_link_later(
    client: PageClient, app: Flask, people: People, words: Environment
) -> None:
    asked_for(client, "ana@example.org")
    with mail_server(behave=refuse("451 Later")) as catcher, app.app_context():
        assert mailer(app, catcher, words).turn()
    (link,) = links(app)
    assert link.mailed_at is None
    assert "451" in link.last_error
    with app.app_context():
        db.session.execute(update(PasswordLink).values(mail_due_at=text("now()")))
        db.session.commit()
    with mail_server() as catcher, app.app_context():
        assert mailer(app, catcher, words).turn()
        body = catcher.mails[0].get_body(("plain",))
    assert body is not None
    assert f"/p/{token_of(app)}" in body.get_content()


def test_invitations_go_to_those_who_have_no_password(
    client: PageClient, app: Flask, people: People, make_app: Any
) -> None:
    with app.app_context():
        without = update(User).where(User.id.in_([people.ana, people.inga]))
        db.session.execute(without.values(password_hash=None))
        db.session.commit()
    client = PageClient(make_app(mailing(app.config["SETTINGS"], 1)))
    sign_in(client, people.adam)
    page = client.get_page("/admin/invitations")
    assert "Ana Example" in page.text
    assert "Not invited" in page.text
    assert "Inga Example" not in page.text
    data = {"csrf_token": client.csrf_token(), "person": [people.ana, people.ben, "x"]}
    answer = client.post("/admin/invitations", data=data, follow_redirects=True)
    assert "1 invitation is on its way." in answer.text
    assert "Invitation is being sent" in answer.text
    assert [(each.user_id, each.kind) for each in links(app)] == [(people.ana, "invitation")]
    assert "Invited (by email)" in client.get_page(f"/admin/people/{people.ana}").text
