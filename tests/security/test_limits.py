"""Wrong passwords are counted in the database: by account, by address, by known device."""

import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update

from portal.extensions import db
from portal.models import SignInAttempt
from portal.models.columns import new_id
from portal.services import attempts, passwords
from tests.clients import PageClient
from tests.web import PASSWORD, People


def enter(client: PageClient, email: str = "ana@example.org", password: str = "wrong"):
    form = client.get_page("/sign-in").form("/sign-in")
    return client.post("/sign-in", data={**form.values, "email": email, "password": password})


def failures(app: Flask, count: int, key: str, email: str = "ana@example.org") -> None:
    """As many wrong tries as if they had just been made; `key` is account or address."""
    limits = attempts.keys(email, "127.0.0.1", None)
    found = next(each for each in limits if each.startswith(key))
    with app.app_context():
        rows = [{"id": new_id(), "key": found} for _ in range(count)]
        db.session.execute(insert(SignInAttempt), rows)
        db.session.commit()


@pytest.mark.parametrize(("key", "limit"), [("account", 10), ("address", 50)])
def test_one_more_than_the_limit_has_to_wait(
    app: Flask, client: PageClient, people: People, key: str, limit: int
) -> None:
    failures(app, limit - 1, key)
    assert enter(client).status_code == 422
    response = enter(client, password=PASSWORD)
    assert response.status_code == 429
    assert 890 <= int(response.headers["Retry-After"]) <= 901
    assert "Wait 15 minutes" in response.text


def test_the_count_holds_over_processes_and_restarts(
    make_app, app: Flask, settings, people: People
) -> None:
    failures(app, 9, "account")
    assert enter(PageClient(make_app(settings))).status_code == 422
    assert enter(PageClient(make_app(settings))).status_code == 429


def test_a_known_device_still_gets_in(app: Flask, client: PageClient, people: People) -> None:
    assert enter(client, password=PASSWORD).status_code == 303
    client.delete_cookie("gloria-session")
    failures(app, 10, "account")
    failures(app, 50, "address")
    assert enter(PageClient(app), password=PASSWORD).status_code == 429
    assert enter(client, password=PASSWORD).status_code == 303


def test_a_known_device_cannot_guess_without_end(app, client, people: People) -> None:
    assert enter(client, password=PASSWORD).status_code == 303
    client.delete_cookie("gloria-session")
    for _ in range(10):
        assert enter(client).status_code == 422
    assert enter(client, password=PASSWORD).status_code == 429


def test_a_device_is_known_for_its_own_people_only(app, client, people: People) -> None:
    assert enter(client, "ben@example.org", PASSWORD).status_code == 303
    client.delete_cookie("gloria-session")
    failures(app, 10, "account")
    assert enter(client, password=PASSWORD).status_code == 429


def test_tries_count_for_fifteen_minutes(app: Flask, client, people: People) -> None:
    failures(app, 10, "account")
    with app.app_context():
        ago = SignInAttempt.at - text("interval '15 minutes 1 second'")
        db.session.execute(update(SignInAttempt).values(at=ago))
        db.session.commit()
    assert enter(client, password=PASSWORD).status_code == 303


def test_a_right_password_leaves_no_count(app: Flask, client, people: People) -> None:
    assert enter(client, password=PASSWORD).status_code == 303
    with app.app_context():
        assert db.session.execute(select(SignInAttempt)).first() is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:1::1", False),
    ],
)
def test_an_address_is_a_household(one: str, other: str, same: bool) -> None:
    keys = [set(attempts.keys("a", address, None)) for address in (one, other)]
    assert (keys[0] == keys[1]) is same


@pytest.mark.parametrize("email", ["ana@example.org", "nobody@example.org", "inga@example.org"])
def test_every_account_costs_one_hash(monkeypatch, client, people: People, email: str) -> None:
    verify, seen = passwords.HASHER.verify, []

    class Counting(type(passwords.HASHER)):
        def verify(self, *arguments):
            seen.append(arguments)
            return verify(*arguments)

    monkeypatch.setattr(passwords, "HASHER", Counting(2, 19 * 1024, 1))
    assert enter(client, email).status_code == 422
    assert len(seen) == 1
    assert "m=19456,t=2,p=1" in seen[0][0]
