"""What is kept no longer goes, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text, update

from portal.background.cleaning import clean_up
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import LegalHold, Message, Notification, Organisation, Request, User, UserSession
from tests.web import People, as_owner


def left(app: Flask) -> list[int]:
    with app.app_context():
        counts = [select(func.count()).select_from(each) for each in (UserSession, Notification)]
        return [db.session.scalar(each) or 0 for each in counts]


def put(app: Flask, statement: Any) -> None:
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


@pytest.fixture
def clean(app: Flask) -> Any:
    put(app, insert(Organisation).values(id=1, sessions_days=30, notifications_days=90))

    def run() -> dict[str, int]:
        with app.app_context():
            return clean_up(db.engine, app.config["SETTINGS"], lambda: None)

    return run


def test_sessions_go_days_after_they_ended(app: Flask, people: People, clean: Any) -> None:
    for name, ended, seen in (
        ("old", 31, 40),
        ("forgotten", None, 31),
        ("new", 29, 40),
        ("on", None, 0),
    ):
        put(app, insert(UserSession).values(
            token_hash=name, user_id=people.ana, last_seen_at=func.now() - timedelta(days=seen),
            ended_at=None if ended is None else func.now() - timedelta(days=ended),
        ))  # fmt: skip
    assert clean()["sessions_days"] == 2
    assert clean()["sessions_days"] == 0
    assert left(app)[0] == 2


def test_notifications_go_days_after_the_request_closed(
    app: Flask, people: People, asked: Approval, clean: Any
) -> None:
    long_ago = func.now() - timedelta(days=91)
    sent = {"created_at": long_ago, "handed_at": long_ago}
    put(app, update(Notification).values(**sent))
    before = left(app)[1]
    assert clean()["notifications_days"] == 0  # the request is open
    put(app, update(Request).values(closed_at=long_ago))
    with app.app_context():
        waiting = db.session.scalars(select(Notification.id)).first()
    row = {"notification_id": waiting, "user_id": people.ben, "channel": "mail", "due_at": long_ago}
    put(app, insert(Message).values(**row))
    assert clean()["notifications_days"] == before - 1
    put(app, update(Message).values(status="SENT"))
    assert clean()["notifications_days"] == 1
    assert left(app)[1] == 0


def test_people_who_left_go_when_the_organisation_says_so(
    app: Flask, people: People, clean: Any
) -> None:
    put(app, update(Organisation).values(former_days=30))
    assert clean()["people"] == 0  # Inga left, and is known to have only since today
    long_ago = "UPDATE portal.user_history SET during = tstzrange(now() - interval '31 days', NULL)"
    with as_owner(app) as owner:
        owner.execute(text(long_ago))
    hold = {"scope": "person", "subject": people.inga, "label": "x", "reason": "x"}
    put(app, insert(LegalHold).values(**hold, placed_by=people.adam))
    assert clean()["people"] == 0
    put(app, update(LegalHold).values(lifted_at=func.now(), lifted_by=people.adam))
    assert clean()["people"] == 1
    assert clean()["people"] == 0
    with app.app_context():
        name = select(User.name).where(User.id == people.inga)
        assert db.session.scalar(name) == "Former member 1"
