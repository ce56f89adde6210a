"""Choosing what is mailed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import insert, select

from portal.domain.notices.kinds import TOPICS, Channel
from portal.domain.notices.preferences import DeliveryMode, NotificationPreferences, differences
from portal.extensions import db
from portal.models import Message
from portal.models.columns import new_id
from portal.queries.preferences import wishes_of
from tests.clients import PageClient, sign_in
from tests.web import People

PATH = "/profile/notifications"
SHOWN = {f"portal_{topic.code}": "y" for topic in TOPICS}


@pytest.fixture
def ana(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.ana)
    return client


def wishes(app: Flask, people: People) -> NotificationPreferences:
    with app.app_context():
        return wishes_of(people.ana)


def send(client: PageClient, **fields: object) -> int:
    token = client.csrf_token()
    return client.post(PATH, data={"csrf_token": token, **fields}).status_code


def test_at_first_everything_is_mailed(ana: PageClient, app: Flask, people: People) -> None:
    assert ana.get_page(PATH).heading == "Notification settings"
    assert differences(wishes(app, people).chosen) == {}


def test_what_is_chosen_is_kept(ana: PageClient, app: Flask, people: People) -> None:
    chosen = {"mail_commented": "not", "quiet_from": "22:00", "quiet_until": "07:00"}
    assert send(ana, **SHOWN, **chosen) == 303
    kept = wishes(app, people)
    assert differences(kept.chosen) == {"mail": {"commented": "not"}}
    assert (kept.quiet_from.hour, kept.quiet_until.hour) == (22, 7)
    page = ana.get_page(PATH)
    assert 'value="22:00"' in page.response.text
    assert send(ana) == 303
    assert wishes(app, people).how("assigned", Channel.PORTAL) is DeliveryMode.NOT
    assert wishes(app, people).how("comment", Channel.MAIL) is DeliveryMode.AT_ONCE


@pytest.mark.parametrize(
    "fields",
    [
        {"quiet_from": "22:00"},
        {"quiet_until": "07:00"},
        {"quiet_from": "07:00", "quiet_until": "07:00"},
        {"quiet_from": "25:99", "quiet_until": "x"},
        {"mail_asked": "nonsense"},
        {"mail_asked": "\x00"},
        {"daily_at": ""},
        {"daily_at": "25:00"},
    ],
)
def test_what_makes_no_sense_is_told(ana, app: Flask, people: People, fields: dict) -> None:
    assert send(ana, **fields) == 422
    assert wishes(app, people).quiet_from is None
    assert differences(wishes(app, people).chosen) == {}


def test_what_waits_for_a_digest_goes_by_the_new_clock(
    ana: PageClient, app: Flask, people: People
) -> None:
    send(ana, **SHOWN, daily_at="08:00")
    later = datetime.now(UTC) + timedelta(days=9)
    row = {"user_id": people.ana, "channel": "mail", "digest": "daily", "due_at": later}
    with app.app_context():
        db.session.execute(insert(Message).values(id=new_id(), **row))
        db.session.commit()
    fields = {"csrf_token": ana.csrf_token(), "time_zone": "Asia/Kathmandu"}
    assert ana.post("/profile/time-zone", data=fields).status_code == 303
    with app.app_context():
        due = db.session.scalars(select(Message.due_at)).one()
    assert due < later
    assert due.astimezone(ZoneInfo("Asia/Kathmandu")).time() == time(8)
