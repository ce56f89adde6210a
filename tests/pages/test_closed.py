"""The portal closed for commands: every page says so, and nothing that was typed is lost."""

from collections.abc import Callable

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.legacy.back import closures
from portal.legacy.models import LegacyMove
from portal.models import Command, Draft
from portal.models.columns import new_id
from tests.asking import ANSWERS, CODE, draft_of
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER
from tests.web import People

HERE = f"/requests/{NUMBER}"
CLOSED = "The portal is closed for changes"


@pytest.fixture
def close(app: Flask) -> Callable[[], None]:
    """Closes the portal, as the rollback does."""

    def now() -> None:
        url = app.config["SETTINGS"].database_url
        with psycopg.connect(url, autocommit=True) as driver:
            closures.close(driver, closures.WORDS)

    return now


def count(app: Flask, model: type[Command] | type[Draft]) -> int:
    with app.app_context():
        return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def test_every_page_says_so_to_everybody(
    client: PageClient, people: People, asked: Approval, close: Callable[[], None]
) -> None:
    assert CLOSED not in client.get_page("/sign-in").text
    close()
    assert CLOSED in client.get_page("/sign-in").text
    sign_in(client, people.ben)
    for path in ("/inbox", HERE, "/notifications", "/profile", "/requests/new"):
        assert CLOSED in client.get_page(path).text


def test_a_decision_is_refused_and_its_text_is_kept(
    app: Flask, client: PageClient, people: People, asked: Approval, close: Callable[[], None]
) -> None:
    sign_in(client, people.ben)
    page = client.get_page(HERE)
    close()
    answer = client.post_form(page, "/tasks/", 503, decision="reject", comment="Too <b>dear</b>.")

    assert "Nothing was sent and nothing was changed" in answer.text
    assert "Too <b>dear</b>." in answer.text
    assert "command" not in answer.text.lower().split("what you typed")[-1]
    assert count(app, Command) == 0


def test_a_draft_stays_when_it_cannot_be_sent(
    app: Flask, client: PageClient, people: People, kind: dict[str, str], close: Callable[[], None]
) -> None:
    sign_in(client, people.ana)
    page = client.post_form(client.get_page(f"/requests/new/{CODE}"), "/requests/new", **ANSWERS)
    close()
    client.post_form(page, f"/requests/new/{CODE}/submit", 503)

    assert (count(app, Command), count(app, Draft)) == (0, 1)
    kept = client.get_page(f"/requests/new/{CODE}?draft={draft_of(page)}")
    assert kept.form(f"/requests/new/{CODE}").values["title"] == ANSWERS["title"]


def test_what_was_recorded_before_shows_its_result(
    app: Flask, client: PageClient, people: People, asked: Approval, close: Callable[[], None]
) -> None:
    sign_in(client, people.ben)
    page = client.get_page(HERE)
    client.post_form(page, "/tasks/", decision="approve")
    close()

    assert "You approved CH-1001." in client.post_form(page, "/tasks/", decision="approve").text
    assert count(app, Command) == 1


def test_closing_twice_is_once_and_opening_ends_it(
    app: Flask, client: PageClient, people: People, asked: Approval, close: Callable[[], None]
) -> None:
    close()
    close()
    with psycopg.connect(app.config["SETTINGS"].database_url, autocommit=True) as driver:
        assert closures.reopen(driver)
        assert not closures.reopen(driver)
        assert closures.standing(driver) is None
    sign_in(client, people.ben)
    page = client.get_page(HERE)
    assert CLOSED not in page.text
    assert "You approved" in client.post_form(page, "/tasks/", decision="approve").text


def test_a_request_that_was_given_back_is_refused_by_itself(
    app: Flask, client: PageClient, people: People, asked: Approval
) -> None:
    sign_in(client, people.ben)
    page = client.get_page(HERE)
    with app.app_context():
        move = LegacyMove(
            instance_id=new_id(), new_request_id=asked.request_id, kind="active",
            old_state="IN_PROGRESS", result="moved", rolled_back_at=func.now(),
        )  # fmt: skip
        db.session.add(move)
        db.session.commit()
    answer = client.post_form(page, "/tasks/", 409, decision="approve", comment="Yes, of course.")

    assert "back in the old system" in answer.text
    assert "Yes, of course." in answer.text
    assert count(app, Command) == 0


def test_what_needs_attention_says_so_and_how_it_ends(
    client: PageClient, people: People, close: Callable[[], None]
) -> None:
    close()
    sign_in(client, people.adam)
    words = client.get_page("/admin/attention").text
    assert "The portal is closed for a rollback" in words
    assert "portal reopen" in words
    assert "Nothing needs attention" not in words
