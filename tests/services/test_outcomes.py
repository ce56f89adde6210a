"""Hearing of outcomes: announced, heard, and looked for where nothing is heard."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from portal.models.columns import new_id
from portal.models.commands import ANSWERED_CHANNEL
from portal.services import commands
from portal.services.commands import Listener
from tests.temporal.conftest import desk, door, engine, loop, office, worker
from tests.temporal.office import Desk, until

__all__ = ["desk", "door", "engine", "loop", "office", "worker"]


@pytest.fixture
def listener(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """An ear that gives its connection back soon after the last one who waits is gone."""
    monkeypatch.setattr(commands, "IDLE_SECONDS", 0.1)
    yield Listener(database_url)
    until(lambda: "outcomes" not in {thread.name for thread in threading.enumerate()})


def say(database_url: str, *words: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_notify(%s, %s)", [ANSWERED_CHANNEL, " ".join(words)])


def test_who_waits_hears_of_their_own_command_only(database_url: str, listener: Listener) -> None:
    mine, other = new_id(), new_id()
    with listener.expecting(mine) as answered, listener.expecting(other) as not_answered:
        until(lambda: listener.hears)
        for event in (answered, not_answered):
            assert event.wait(60)  # whoever began to wait before anybody listened looks once
            event.clear()
            assert event.outcome is None
        say(database_url, mine, "refused", "late")
        assert answered.wait(60)
        assert (answered.outcome, answered.reason) == ("refused", "late")
        assert not not_answered.is_set()
        # As a worker of an older version says it: that there is something to look for.
        say(database_url, other)
        assert not_answered.wait(60)
        assert not_answered.outcome is None


def test_with_nobody_waiting_it_ends_and_begins_again(
    database_url: str, listener: Listener
) -> None:
    for _ in range(2):
        with listener.expecting(new_id()):
            until(lambda: listener.hears)
        until(lambda: not listener.hears)


def test_without_a_database_nothing_is_heard_and_nothing_breaks() -> None:
    deaf = Listener("postgresql://nobody@127.0.0.1:1/none")
    with deaf.expecting(new_id()) as answered:
        assert not answered.wait(0.05)
        assert not deaf.hears


def test_a_lost_connection_is_made_again(database_url: str, listener: Listener) -> None:
    with listener.expecting(new_id()):
        until(lambda: listener.hears)
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'gloria-outcomes' AND datname = current_database()"
            )
        until(lambda: not listener.hears)
    with listener.expecting(new_id()):
        until(lambda: listener.hears)


def test_the_record_says_that_a_command_is_answered(desk: Desk, worker: None) -> None:
    with psycopg.connect(desk.settings.database_url, autocommit=True) as connection:
        connection.execute(f"LISTEN {ANSWERED_CHANNEL}")
        submit = desk.submit()
        desk.issue(submit)
        heard = next(connection.notifies(timeout=60))
    assert heard.payload == f"{submit.command_id} applied"
