"""Deciding from a mail without signing in: off by default, capped, and only with a proof."""

import pytest
from flask import Flask
from sqlalchemy import text

from portal.extensions import db
from tests.clients import PageClient
from tests.in_process import NUMBER
from tests.pages.test_links import PATH, do, link, task
from tests.web import People, as_owner

__all__ = ["link", "task"]
PAGE = "/links/decision"


def allow(app: Flask, up_to: int) -> None:
    """Let amounts up to so many cents be decided so. Published policies cannot be changed."""
    with as_owner(app) as connection:
        connection.execute(text("ALTER TABLE portal.policy_versions DISABLE TRIGGER USER"))
    do(
        app,
        "UPDATE portal.policy_versions SET definition = definition ||"
        " jsonb_build_object('link_up_to', CAST(:up_to AS int))",
        up_to=up_to,
    )


@pytest.fixture
def allowed(app: Flask, link: str) -> str:
    allow(app, 12_000)
    return link


def decision(app: Flask) -> tuple[str | None, str | None]:
    with app.app_context():
        statement = text("SELECT t.decision, c.via FROM portal.tasks t"
            " LEFT JOIN portal.commands c ON c.task_id = t.id")  # fmt: skip
        return tuple(db.session.execute(statement).one())  # type: ignore[return-value]


def test_by_default_one_signs_in(client: PageClient, people: People, link: str) -> None:
    assert client.get_page(PATH).heading == "Sign in"
    assert client.get_page(PAGE).heading == "Sign in"
    data = {"csrf_token": client.get_page("/sign-in").form("/sign-in").values["csrf_token"]}
    answer = client.post(PAGE, data={**data, "decision": "approve", "proof": NUMBER[-4:]})
    assert answer.status_code == 303
    assert "/tasks/" in answer.location


def test_above_the_limit_too(app: Flask, client: PageClient, people, link: str) -> None:
    allow(app, 11_999)
    assert client.get_page(PATH).heading == "Sign in"


def test_with_the_proof_it_is_decided(app: Flask, client: PageClient, allowed: str) -> None:
    page = client.get_page(PATH)
    assert page.heading == "A chair"
    assert NUMBER not in page.response.text
    page = client.post_form(page, PAGE, decision="approve", proof=NUMBER[-4:].lower())
    assert page.heading == "You approved this"
    assert decision(app) == ("approve", "link")
    assert client.get_page(PATH).heading == "You approved this"


@pytest.mark.parametrize("proof", ["", "0000", "CH-1001 and more"])
def test_without_it_nothing_happens(
    app: Flask, client: PageClient, allowed: str, proof: str
) -> None:
    page = client.get_page(PATH)
    page = client.post_form(page, PAGE, 422, decision="approve", proof=proof, comment="Kept.")
    assert "last four characters" in page.text
    assert "Kept." in page.response.text
    assert decision(app) == (None, None)


def test_guessing_ends_soon(client: PageClient, allowed: str) -> None:
    page = client.get_page(PATH)
    for _ in range(5):
        client.post_form(page, PAGE, 422, decision="approve", proof="0000")
    client.post_form(page, PAGE, 429, decision="approve", proof="0000")


def test_a_rejection_says_why(app: Flask, client: PageClient, allowed: str) -> None:
    page = client.get_page(PATH)
    page = client.post_form(page, PAGE, 422, decision="reject", proof=NUMBER[-4:])
    assert "Enter a reason" in page.text
    client.post_form(page, PAGE, decision="reject", proof=NUMBER[-4:], comment="Too dear.")
    assert decision(app) == ("reject", "link")


def test_what_changed_since_is_not_decided_so(app, client: PageClient, allowed: str) -> None:
    page = client.get_page(PATH)
    do(app, "UPDATE portal.requests SET content_version = 2")
    answer = client.post_form(page, PAGE, decision="approve", proof=NUMBER[-4:])
    assert answer.heading == "Sign in"
    assert decision(app) == (None, None)


def test_a_form_without_its_token_is_refused(app: Flask, client: PageClient, allowed: str) -> None:
    client.get_page(PATH)
    data = {"decision": "approve", "proof": NUMBER[-4:], "content_version": "1"}
    assert client.post(PAGE, data=data).status_code in (302, 303, 400)
    assert decision(app) == (None, None)
