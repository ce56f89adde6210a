"""The inbox's page."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import update

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Request
from portal.pages.inbox.show import clock_of
from portal.security.sessions import Identity
from tests import many
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER
from tests.web import People


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    return client


def test_a_task_shows_what_is_asked_and_by_whom(ben: PageClient) -> None:
    page = ben.get_page("/inbox")
    for words in (
        "A chair",
        NUMBER,
        "Chairs",
        "Ana Example",
        "€120.00",
        "1 request needs your approval",
    ):
        assert words in page.text
    assert f"/requests/{NUMBER}" in page.links


def test_it_shows_how_pressing_a_request_is(ben: PageClient, app: Flask) -> None:
    assert "decision needed by" not in ben.get_page("/inbox").text
    needed_by = datetime.now(UTC) + timedelta(days=4)
    with app.app_context():
        db.session.execute(
            update(Request)
            .where(Request.number == NUMBER)
            .values(due_at=needed_by, priority="HIGH")
        )
        db.session.commit()
    page = ben.get_page("/inbox")
    day = needed_by.astimezone(ZoneInfo("Europe/Berlin"))
    assert f"decision needed by {day:%a} {day.day} {day:%b}" in page.text
    assert "High priority" in page.text


def test_nobody_else_has_it(client: PageClient, people: People, asked: Approval) -> None:
    sign_in(client, people.cleo)
    page = client.get_page("/inbox")
    assert NUMBER not in page.text
    assert "Nothing needs your approval" in page.text
    assert "Nothing needs your approval" in client.get_page("/inbox?q=chair").text


def test_an_empty_view_is_not_an_empty_inbox(ben: PageClient) -> None:
    assert "Show all" in ben.get_page("/inbox?view=overdue").text


def test_a_search_without_a_hit_offers_to_clear_it(ben: PageClient) -> None:
    page = ben.get_page("/inbox?q=zeppelin")
    assert "No requests match" in page.text
    assert "/inbox" in page.links
    assert NUMBER in ben.get_page("/inbox?q=CHAIR").text


@pytest.mark.parametrize(
    "query",
    [
        "view=nonsense", "view='", "after=x", "after=.x", "after=99999999999999999999.x",
        "after=-1.00000000-0000-0000-0000-000000000000", "q=" + "x" * 5000,
        "q=" + quote("'; DROP TABLE portal.tasks; --"), "q=%25", "q=%F0%9F%AA%91",
        "after=9" + "9" * 400 + ".00000000-0000-0000-0000-000000000000",
    ],
)  # fmt: skip
def test_odd_addresses_are_answered(ben: PageClient, query: str) -> None:
    assert ben.get(f"/inbox?{query}").status_code == 200


def test_the_next_page_goes_on_where_this_one_ends(
    ben: PageClient, app: Flask, people: People, kind: dict[str, str]
) -> None:
    with app.app_context():
        many.fill(db.session.connection(), kind["policy_version"], [people.ana], 70)
        many.give_tasks(db.session.connection(), people.ben, 70)
        db.session.commit()
    first = ben.get_page("/inbox")
    following = next(link for link in first.links if "after=" in link)
    second = ben.get_page(following)
    numbers = {link for link in first.links if link.startswith("/requests/MA")}
    more = {link for link in second.links if link.startswith("/requests/MA")}
    assert not numbers & more
    assert len(numbers | more) == 70


@pytest.mark.parametrize(
    ("zone", "ends"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 22, tzinfo=UTC)),  # a day of 23 hours
        ("America/New_York", datetime(2026, 3, 30, 4, tzinfo=UTC)),
        ("Nowhere/At_all", datetime(2026, 3, 30, 0, tzinfo=UTC)),
    ],
)
def test_the_day_ends_on_the_readers_own_clock(zone: str, ends: datetime) -> None:
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)
    ana = Identity(
        id="a", name="Ana", email="", roles=frozenset(), time_zone=zone, locale="en",
        session_id="s", now=now,
    )  # fmt: skip
    assert (ends - clock_of(ana).day_ends).total_seconds() < 0.001
