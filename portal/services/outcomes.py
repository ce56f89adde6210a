"""Hearing of outcomes: the record says over PostgreSQL's NOTIFY which commands it has answered.

One thread for each web process listens while somebody waits, so that nobody has to ask again and
again. It is a courtesy: whoever hears nothing (no connection, a pooler that swallows
notifications) looks into the table as well, only more rarely.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from portal.models.commands import ANSWERED_CHANNEL

CONNECT_SECONDS = 2
# Without anybody waiting for so long, the thread ends and gives its connection back.
IDLE_SECONDS = 30.0


class Listener:
    """The ear of one process. `url` is the database's address, for the driver."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._awaited: dict[str, threading.Event] = {}
        self._pid = 0
        self._hears = False

    @property
    def hears(self) -> bool:
        """Whether a notification would arrive now."""
        return self._hears and self._pid == os.getpid()

    @contextmanager
    def expecting(self, command_id: str) -> Iterator[threading.Event]:
        """An event that is set as soon as the command is answered: begin before delivering it."""
        answered = threading.Event()
        with self._lock:
            self._awaited[command_id] = answered
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._listen, name="outcomes", daemon=True).start()
        try:
            yield answered
        finally:
            with self._lock:
                self._awaited.pop(command_id, None)

    def _listen(self) -> None:
        try:
            self._hear()
        except psycopg.Error:
            pass  # the next one who waits tries again; meanwhile people look into the table
        finally:
            with self._lock:
                self._hears, self._pid = False, 0

    def _hear(self) -> None:
        with psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            application_name="gloria-outcomes",
        ) as connection:
            connection.execute(f"LISTEN {ANSWERED_CHANNEL}")
            self._hears = True
            self._wake_everybody()
            while self._awaited:
                for notice in connection.notifies(timeout=IDLE_SECONDS):
                    self._wake(notice.payload)

    def _wake(self, command_id: str) -> None:
        answered = self._awaited.get(command_id)
        if answered is not None:
            answered.set()

    def _wake_everybody(self) -> None:
        """What was said before this thread listened was not heard: everybody looks once."""
        with self._lock:
            for answered in self._awaited.values():
                answered.set()


_listeners: dict[str, Listener] = {}


def listener(url: str) -> Listener:
    """The process's ear for the database at this address; nothing is connected yet."""
    return _listeners.setdefault(url, Listener(url))
