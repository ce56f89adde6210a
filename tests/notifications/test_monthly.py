"""The figures of a month by mail: to whoever wants them, of what they may see, once."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from portal.directory.insights import month_after
from portal.extensions import db
from portal.models import MonthlyMail, NotificationPreference, RequestFact
from portal.models.columns import new_id
from portal.notifications.monthly import MonthlySending
from tests.clients import PageClient, sign_in
from tests.mailing import Catcher, is_german, mail_server, mailing, refuse, speak_german
from tests.notifications.post import Post
from tests.web import People

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MONTH = month_after(datetime.now(UTC).date(), -1)


def fact(requester: str, month: date, days: float) -> dict[str, Any]:
    """A request that was decided in the middle of that month after so many working days."""
    at = datetime.combine(month, time(12), UTC) + timedelta(days=14)
    zeros = dict.fromkeys(("settling", "nobody", "question", "returned", "held", "sent_back"), 0)
    return zeros | {
        "request_id": new_id(), "type_code": "chairs", "requester_id": requester,
        "outcome": "APPROVED", "submitted_at": at - timedelta(days=9), "closed_at": at,
        "elapsed": 9999, "working": int(480 * days), "rounds": 1, "escalations": 0,
    }  # fmt: skip


@pytest.fixture
def facts(app: Flask, people: People, kind: dict[str, str]) -> None:
    """Three of Ana's and one of Eve's last month, one of Ana's the month before."""
    rows = [fact(people.ana, MONTH, days) for days in (1, 2, 9)]
    rows += [fact(people.eve, MONTH, 5), fact(people.ana, month_after(MONTH, -1), 3)]
    with app.app_context():
        db.session.execute(insert(RequestFact), rows)
        db.session.commit()


def wish(app: Flask, *ids: str, since: datetime = LONG_AGO) -> None:
    rows = [{"user_id": each, "daily_at": time(0), "monthly_since": since} for each in ids]
    with app.app_context():
        db.session.execute(insert(NotificationPreference), rows)
        db.session.commit()


def monthly(post: Post) -> MonthlySending:
    sending = post.sending
    return MonthlySending(sending.engine, sending.settings, sending.words)


def look(post: Post) -> int:
    return monthly(post).send(lambda: None)


def rows(app: Flask) -> dict[str, MonthlyMail]:
    with app.app_context():
        return {each.user_id: each for each in db.session.query(MonthlyMail)}


def test_each_gets_the_figures_of_those_they_may_see_once(
    app: Flask, post: Post, catcher: Catcher, people: People, facts: None
) -> None:
    wish(app, people.adam, people.dan, people.eve)
    assert [look(post), look(post)] == [2, 0]
    by_person = {mail["To"].addresses[0].display_name: mail for mail in catcher.mails}
    said = {name: mail.get_body(("plain",)).get_content() for name, mail in by_person.items()}
    assert sorted(said) == ["Adam Example", "Dan Example"]
    assert "Requests decided: 4" in said["Adam Example"]
    assert "Requests decided: 3" in said["Dan Example"]
    assert "Median time to decide, in working days: 2.0" in said["Dan Example"]
    assert f"/insights?month={MONTH:%Y-%m}" in said["Dan Example"]
    assert "/profile/notifications" in said["Dan Example"]
    html = by_person["Dan Example"].get_body(("html",)).get_content()
    assert all(words in html for words in ("Chairs", ">2.0<", ">3.0<", "See all figures"))
    assert {each.status for each in rows(app).values()} == {"SENT", "DROPPED"}
    assert rows(app)[people.eve].status == "DROPPED"


def test_a_mail_server_that_is_away_is_tried_again_with_the_same_id(
    app: Flask, post: Post, catcher: Catcher, people: People, facts: None
) -> None:
    wish(app, people.adam)
    with mail_server(refuse("451 Later")) as full:
        assert look(post.through(mailing(post.sending.settings, full.port))) == 0
    row = rows(app)[people.adam]
    assert (row.status, row.attempts) == ("WAITING", 1)
    assert "451" in (row.last_error or "")
    assert look(post) == 0  # its time has not come again
    post.do("UPDATE portal.monthly_mails SET due_at = now()")
    assert look(post) == 1
    # A worker that died before it could say so: the second copy is known as one.
    post.do("UPDATE portal.monthly_mails SET due_at = now(), status = 'WAITING'")
    assert look(post) == 1
    assert len({mail["Message-ID"] for mail in catcher.mails}) == 1


@pytest.mark.usefixtures("facts")
def test_what_was_given_up_stands_among_the_messages_and_is_sent_again(
    app: Flask, post: Post, catcher: Catcher, client: PageClient, people: People
) -> None:
    wish(app, people.adam)
    row = {"user_id": people.adam, "month": month_after(MONTH, -1), "attempts": 24}
    with app.app_context():
        given_up = {"status": "FAILED", "last_error": "The mail server said 550: No"}
        db.session.execute(insert(MonthlyMail).values(**row, **given_up))
        db.session.commit()
    assert look(post) == 1  # the last month's
    sign_in(client, people.adam)
    page = client.get_page("/admin/messages")
    for words in ("Monthly figures", "Adam Example", "The mail server said 550: No", "Failed"):
        assert words in page.text
    assert "1 message is not sent" in client.get_page("/admin/health").text
    again = client.post_form(page, f"/admin/messages/{people.adam}/send-again")
    assert "1 message is being sent again" in again.text
    assert look(post) == 1
    assert "Every message was sent" in client.get_page("/admin/messages").text
    said = [mail.get_body(("plain",)).get_content() for mail in catcher.mails]
    assert f"/insights?month={month_after(MONTH, -1):%Y-%m}" in said[-1]


def test_the_language_of_the_reader_and_of_those_who_just_asked_for_it_none(
    app: Flask, post: Post, catcher: Catcher, people: People, facts: None
) -> None:
    wish(app, people.adam)
    wish(app, people.dan, since=datetime.now(UTC))
    speak_german(post.do)
    assert look(post) == 1
    assert is_german(catcher.mails[0])
    assert f"/insights?month={MONTH:%Y-%m}" in catcher.mails[0].get_body(("plain",)).get_content()


def test_it_is_chosen_by_whoever_has_figures(
    app: Flask, client: PageClient, people: People, facts: None
) -> None:
    here = "/profile/notifications"
    sign_in(client, people.eve)
    assert "Figures of the month" not in client.get_page(here).text
    sign_in(client, people.dan)
    for wanted in ("y", None):
        client.post_form(client.get_page(here), here, monthly=wanted)
        with app.app_context():
            kept = db.session.get(NotificationPreference, people.dan)
            assert kept is not None
            assert (kept.monthly_since is not None) == bool(wanted)
    page = client.get_page(f"/insights?month={MONTH:%Y-%m}")
    assert "3 requests decided" in page.text
    for odd in ("2026-13", "9999-01", "0", "x" * 9999):
        assert client.get("/insights", query_string={"month": odd}).status_code == 200
