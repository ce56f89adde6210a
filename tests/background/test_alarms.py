"""Administrators are mailed about the portal itself: once when it begins, once when it is over."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import text

from portal import presentation
from portal.background.alarms import AlarmWatch
from portal.config import ROOT, Settings
from portal.extensions import db
from tests.domain.test_alarms import WELL
from tests.mailing import Catcher, is_german, mail_server, mailing, speak_german
from tests.web import People

GONE = WELL | {"worker_seen_seconds": 31.0}


class Watched:
    """A watch whose figures and clock the test turns."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.figures: dict[str, float | None] = dict(WELL)
        words = presentation.letters(ROOT / "templates")
        given = mailing(settings, port)
        self.watch = AlarmWatch(db.engine, given, words, lambda: self.figures, fresh_seconds=0)

    def look(self, figures: dict[str, float | None], minutes: int = 0) -> None:
        """Let so much time pass, then look."""
        self.figures = figures
        with db.engine.begin() as connection:
            back = {"minutes": minutes}
            for name in ("began_at", "calm_since"):
                earlier = f"{name} = {name} - make_interval(mins => :minutes)"
                connection.execute(text(f"UPDATE portal.alarms SET {earlier}"), back)
        self.watch.turn()


@contextmanager
def watched(app: Flask, catcher: Catcher) -> Iterator[Watched]:
    with app.app_context():
        yield Watched(app.config["SETTINGS"], catcher.port)


def said(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_a_worker_that_is_gone_and_back(app: Flask, people: People) -> None:
    with mail_server() as catcher, watched(app, catcher) as house:
        house.look(GONE)
        assert catcher.mails == []  # a restart tells nobody
        house.look(GONE, minutes=1)
        house.look(GONE, minutes=5)
        (mail,) = catcher.mails
        assert (mail["To"], mail["Subject"]) == (
            "Adam Example <adam@example.org>",
            "No worker is running",
        )
        assert "systemctl start gloria-worker" in said(mail)
        house.look(WELL)
        house.look(GONE, minutes=1)
        house.look(WELL, minutes=1)
        assert len(catcher.mails) == 1  # what comes and goes is one
        house.look(WELL, minutes=2)
        house.look(WELL, minutes=2)
        assert [each["Subject"] for each in catcher.mails[1:]] == ["A worker is running again"]
        assert catcher.mails[0]["References"] == catcher.mails[1]["References"]
        house.look(GONE)
        house.look(GONE, minutes=1)
        assert len(catcher.mails) == 3


def test_it_is_in_its_readers_language_with_sender_and_footer(app: Flask, people: People) -> None:
    def do(statement: str, **values: str) -> None:
        with db.engine.begin() as connection:
            connection.execute(text(statement), values)

    with mail_server() as catcher, watched(app, catcher) as house:
        speak_german(do)
        house.look(GONE)
        house.look(GONE, minutes=1)
        house.look(WELL)
        house.look(WELL, minutes=2)
        began, over = catcher.mails
        assert is_german(began)
        assert is_german(over)
        assert began["Subject"] == "Kein Worker läuft"


def test_what_was_over_before_it_rang_is_told_to_nobody(app: Flask, people: People) -> None:
    with mail_server() as catcher, watched(app, catcher) as house:
        house.look(GONE)
        for _ in range(3):
            house.look(WELL, minutes=2)
        assert catcher.mails == []


def test_each_administrator_hears_of_each_kind_also_after_the_mail_server_was_away(
    app: Flask, people: People
) -> None:
    with app.app_context():
        db.session.execute(text("UPDATE portal.users SET roles = '{admin}' WHERE name ~ 'Eve'"))
        db.session.commit()
    with mail_server() as catcher:
        pass
    with watched(app, catcher) as house:
        house.look(GONE | {"attachments_free_bytes": 1e6})
        house.look(GONE | {"attachments_free_bytes": 1e6}, minutes=1)
    with mail_server() as catcher, watched(app, catcher) as house:
        house.look(GONE | {"attachments_free_bytes": 1e6}, minutes=1)
        house.look(GONE | {"attachments_free_bytes": 1e6}, minutes=1)
        told = sorted((each["To"].split()[0], each["Subject"]) for each in catcher.mails)
    assert told == [
        (name, subject)
        for name in ("Adam", "Eve")
        for subject in ("No worker is running", "The disk for attached files is full")
    ]


def test_of_two_processes_one_looks(app: Flask, people: People) -> None:
    with mail_server() as catcher, watched(app, catcher) as house, db.engine.connect() as other:
        house.look(GONE)
        other.execute(text("SELECT pg_advisory_lock(hashtext('portal.alarms'))"))
        house.look(GONE, minutes=1)
        assert catcher.mails == []


@pytest.mark.parametrize("figure", ["commands_oldest_seconds", "messages_failed"])
def test_commands_and_messages_that_wait(app: Flask, people: People, figure: str) -> None:
    with mail_server() as catcher, watched(app, catcher) as house:
        house.look(WELL | {figure: 1000.0})
        house.look(WELL | {figure: 1000.0}, minutes=1)
        assert len(catcher.mails) == 1
