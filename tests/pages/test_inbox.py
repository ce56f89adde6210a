"""The inbox's page."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Command, Request
from portal.pages.inbox.show import clock_of
from portal.security.sessions import Identity
from tests import many
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
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


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("type=chairs", True),
        ("type=unknown", True),
        ("priority=HIGH&needed=week&sort=needed", True),
        ("priority=LOW", False),
        ("needed=today", False),
        ("needed=month&sort=priority&q=cháir+ana", True),
        ("q=ch1001", True),
        ("sort=priority&view=overdue", False),
    ],
)
def test_it_is_ordered_and_filtered_by_its_address(
    ben: PageClient, app: Flask, query: str, is_there: bool
) -> None:
    with app.app_context():
        needed_by = datetime.now(UTC) + timedelta(days=4)
        mine = update(Request).where(Request.number == NUMBER)
        db.session.execute(mine.values(due_at=needed_by, priority="HIGH"))
        db.session.commit()
    page = ben.get_page(f"/inbox?{query}")
    assert (f"/requests/{NUMBER}" in page.links) is is_there
    wanted = dict(each.split("=") for each in query.split("&"))
    for name in ("priority", "needed", "sort"):
        if name in wanted:
            assert f'<option selected value="{wanted[name]}">' in page.response.text


def test_a_recorded_decision_takes_the_task_out(
    ben: PageClient, asked: Approval, process: InProcess, app: Flask
) -> None:
    process.is_away = True
    first, second = (ben.get_page(f"/requests/{NUMBER}") for _ in range(2))
    url = f"/tasks/{asked.open_tasks[0].id}/decision"
    ben.post_form(first, url, decision="approve")
    page = ben.get_page("/inbox")
    assert NUMBER not in page.text
    assert "1 decision recorded, being applied." in page.text
    assert "Nothing needs your approval" in page.text
    told = ben.post_form(second, url, 409, decision="reject", comment="No.")
    assert "Your decision is already recorded and is being applied." in told.text
    with app.app_context():
        db.session.execute(update(Command).values(created_at=func.now() - timedelta(minutes=1)))
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(Command)) == 1
    assert "recorded, being applied, delayed." in ben.get_page("/inbox").text
    process.return_and_catch_up()
    assert "being applied" not in ben.get_page("/inbox").text


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
