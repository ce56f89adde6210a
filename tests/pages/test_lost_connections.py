"""A database connection that dies behind the commit of a command costs nobody the receipt."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, func, select

from portal.config import Settings
from portal.domain.request.state import Approval
from portal.extensions import HurriedConnection, db
from portal.models import Command
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.web import People

HERE = f"/requests/{NUMBER}"
KILL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def ana(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ana)
    return client


def comments(app: Flask) -> int:
    with app.app_context():
        count = select(func.count()).where(Command.kind == "Comment")
        return db.session.scalar(count) or 0


@contextmanager
def killed_behind_the_commit(app: Flask, settings: Settings) -> Iterator[None]:
    """Every connection of the web dies once, just after the command's commit."""
    done: list[bool] = []

    def kill(session: Any) -> None:
        if not done:
            done.append(True)
            with psycopg.connect(settings.database_url, autocommit=True) as connection:
                connection.execute(KILL)

    with app.app_context():
        session = db.session.session_factory
    event.listen(session, "after_commit", kill)
    try:
        yield
    finally:
        event.remove(session, "after_commit", kill)
    assert done


def test_a_post_is_answered_with_its_receipt(
    app: Flask,
    ana: PageClient,
    settings: Settings,
    process: InProcess,
) -> None:
    process.is_away = True
    form = ana.get_page(HERE).form(f"{HERE}/comments")
    with killed_behind_the_commit(app, settings):
        answer = ana.post(form.action, data={**form.values, "comment": "Is it recorded?"})
    assert answer.status_code == 303
    assert answer.location == f"/commands/{form.values['command_id']}"
    assert "recorded" in ana.get_page(answer.location).text.lower()
    assert comments(app) == 1


@pytest.mark.parametrize("is_made", [True, False])
def test_a_commit_whose_answer_is_lost_is_asked_about(
    app: Flask,
    ana: PageClient,
    process: InProcess,
    monkeypatch: pytest.MonkeyPatch,
    is_made: bool,
) -> None:
    process.is_away = True
    form = ana.get_page(HERE).form(f"{HERE}/comments")
    commit, lost = HurriedConnection.commit, []

    def losing(self: HurriedConnection) -> None:
        if lost:
            return commit(self)
        lost.append(True)
        if is_made:
            commit(self)
        self.pgconn.finish()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(HurriedConnection, "commit", losing)
    answer = ana.post(form.action, data={**form.values, "comment": "Is it recorded?"})
    assert answer.status_code == (303 if is_made else 503)
    assert comments(app) == int(is_made)
    if not is_made:
        assert "Is it recorded?" in answer.text
