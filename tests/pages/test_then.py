"""A request's page as it stood at a moment: to read only, and judged as of now."""

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.forms.moment import in_address
from portal.models import AuditEvent, User
from tests.clients import Page, PageClient, sign_in
from tests.in_process import NUMBER
from tests.pages.test_gaps import change
from tests.web import People

HERE = f"/requests/{NUMBER}"


def moments(app: Flask) -> list[str]:
    """When something was recorded, as an address has it."""
    with app.app_context():
        found = db.session.scalars(select(AuditEvent.at).order_by(AuditEvent.at))
        return list(dict.fromkeys(in_address(at) for at in found))


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    return client


def acts_of(page: Page) -> set[str]:
    """Where its forms post to."""
    return {form.action for form in page.document.forms if form.method == "post"}


def test_it_shows_what_was_so_and_lets_nobody_act(app: Flask, ben: PageClient) -> None:
    decided = ben.get_page(HERE)
    ben.post_form(decided, "/tasks/", decision="approve", comment="Comfortable.")
    first, *_, last = moments(app)
    then = ben.get_page(f"{HERE}?at={first}")
    assert "As of" in then.text
    assert "Pending approval" in then.text
    assert "Waiting for you" in then.text
    assert "Comfortable." not in then.text
    frame = acts_of(ben.get_page("/profile"))
    assert acts_of(then) <= frame
    assert acts_of(decided) - frame
    assert f"/history/{NUMBER}?at={first}" in then.links
    assert HERE in then.links
    later = ben.get_page(f"{HERE}?at={last}")
    assert "Comfortable." in later.text
    assert [each for each in later.links if each.startswith(f"{HERE}?at=")]


def test_the_picker_sent_as_it_was_drawn_shows_that_moment(app: Flask, ben: PageClient) -> None:
    then = ben.get_page(f"{HERE}?at={moments(app)[0]}")
    (picker,) = (form for form in then.document.forms if "at" in form.names)
    again = ben.get_page(f"{HERE}?at={picker.values['at']}")
    assert "As of" in again.text
    assert "Pending approval" in again.text


def test_people_are_named_as_they_were_called(app: Flask, ben: PageClient, people: People) -> None:
    before = moments(app)[-1]
    change(app, update(User).where(User.id == people.ana).values(name="Ana Married"))
    assert "Ana Example" in ben.get_page(f"{HERE}?at={before}").text
    with app.app_context():
        now = db.session.scalar(select(func.clock_timestamp()))
    assert now is not None
    assert "Ana Married" in ben.get_page(f"{HERE}?at={in_address(now)}").text


UNKNOWN = [
    ("", 400, "Choose a date and a time."), ("yesterday", 400, "must be a real moment"),
    ("2026-02-30T10:00", 400, "must be a real moment"), ("0002-01-01", 400, "between 1970"),
    ("9999-12-31T23:59:59-23:00", 400, "must be a real moment"),
    ("x" * 100_000, 400, "must be a real moment"), ("1e400", 400, "must be a real moment"),
    ("\x00", 400, ""), ("\U0001f600", 400, "must be a real moment"),
    ("2199-01-01T00:00", 400, "still to come"), ("1999-12-31 23:59", 404, "submitted later"),
    ("2000-01-01T00:00:00 01:00", 404, "did not exist yet"),
]  # fmt: skip


def test_a_moment_of_which_nothing_is_known(ben: PageClient) -> None:
    for at, status, words in UNKNOWN:
        answer = ben.get(HERE, query_string={"at": at})
        assert (at[:40], answer.status_code) == (at[:40], status)
        assert words in answer.text
        assert f'"{HERE}"' in answer.text or at == "\x00"


def test_who_may_see_it_is_judged_now(
    app: Flask, client: PageClient, people: People, asked: Approval
) -> None:
    at = moments(app)[0]
    sign_in(client, people.eve)
    assert client.get(f"{HERE}?at={at}").status_code == 404
    assert client.get(f"/history/{NUMBER}?at={at}").status_code == 404


def test_the_log_asks_for_a_moment_and_leads_to_the_request_of_then(
    app: Flask, ben: PageClient
) -> None:
    log = ben.get_page(f"/history/{NUMBER}")
    assert "As it stood on" in log.text
    (card,) = (form for form in log.document.forms if "at" in form.names)
    assert (card.method, card.action) == ("get", HERE)
    then = ben.get_page(f"{card.action}?at={moments(app)[0]}")
    assert "As of" in then.text
    assert "As it stood on" not in then.text


def test_the_log_leads_to_each_moment_and_stops_at_one(app: Flask, ben: PageClient) -> None:
    ben.post_form(ben.get_page(HERE), "/tasks/", decision="approve")
    log, (first, *_, last) = ben.get_page(f"/history/{NUMBER}"), moments(app)
    assert f"{HERE}?at={first}" in log.links
    assert f"{HERE}?at={last}" in log.links
    until = ben.get_page(f"/history/{NUMBER}?at={first}")
    assert f"{HERE}?at={last}" not in until.links
    assert ben.get(f"/history/{NUMBER}?at=soon").status_code == 400
