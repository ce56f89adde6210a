"""The synchronous door to Temporal for web processes.

One daemon thread with one event loop and one client for each process, made on first use: a client
does not survive a fork. Every call has a limit, because a connect to a silent server hangs, and
after two failures in a row the door stays shut for a moment, so that pages stay quick while
Temporal is away; the relay delivers what was recorded meanwhile.
"""

import asyncio
import os
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from temporalio.client import Client

from portal.config import Settings
from portal.temporal import client as clients
from portal.temporal.delivery import Answer, CommandDelivery, Delivery, deliver
from portal.temporal.waiting import NotYet

__all__ = ["CommandDelivery", "Delivery", "Gateway", "bind", "current"]

T = TypeVar("T")

LIMIT_SECONDS = 0.8
SHUT_SECONDS = 1.5
FAILURES_TO_SHUT = 2
_SLACK_SECONDS = 0.5


class Gateway:
    """Delivers commands from threads that know nothing of event loops."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._line: _Line | None = None
        self._failures = 0
        self._shut_until = 0.0

    @property
    def is_shut(self) -> bool:
        """Temporal failed just now; a delivery would be answered UNKNOWN without being tried."""
        return time.monotonic() < self._shut_until

    def deliver(self, command: CommandDelivery) -> Delivery:
        """Bring a command to Temporal, within about a second. Never raises for a failure."""
        if self.is_shut:
            return Delivery.UNKNOWN
        line = self._connected()
        queue = self.settings.temporal_task_queue
        answer = line.call(deliver(line.client, queue, command, LIMIT_SECONDS))
        if answer is None:
            answer = Answer(Delivery.UNKNOWN)
        self._note(answer.delivery is not Delivery.UNKNOWN)
        return answer.delivery

    def answers(self) -> bool:
        """Whether the server serves our namespace now; within about a second."""
        line = self._connected()
        return bool(line.call(_answers(line.client)))

    def close(self) -> None:
        """End the thread, if this process has one. A later call makes another."""
        with self._lock:
            if self._line is not None and self._line.pid == os.getpid():
                self._line.stop()
            self._line = None

    def _connected(self) -> "_Line":
        with self._lock:
            if self._line is None or self._line.pid != os.getpid():
                self._line = _Line(self.settings)
            return self._line

    def _note(self, success: bool) -> None:
        self._failures = 0 if success else self._failures + 1
        if self._failures >= FAILURES_TO_SHUT:
            self._shut_until = time.monotonic() + SHUT_SECONDS


class _Line:
    """A thread with an event loop and a client, in one process."""

    def __init__(self, settings: Settings) -> None:
        self.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="temporal-gateway", daemon=True)
        self._thread.start()
        # Connects with the first call, so this cannot hang.
        self.client: Client = asyncio.run_coroutine_threadsafe(
            clients.connect(settings), self._loop
        ).result()

    def call(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Run on the loop and wait; None if even the work's own limit did not end it."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(LIMIT_SECONDS + _SLACK_SECONDS)
        except TimeoutError:
            future.cancel()
            return None

    def stop(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()


async def _answers(client: Client) -> bool:
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            await clients.require_namespace(client)
    except (NotYet, TimeoutError):
        return False
    return True


_gateway: Gateway | None = None


def bind(settings: Settings) -> Gateway:
    """Make the process's gateway (`create_app` calls this); nothing is connected yet."""
    global _gateway  # noqa: PLW0603 - one door for each process
    if _gateway is not None:
        _gateway.close()
    _gateway = Gateway(settings)
    return _gateway


def current() -> Gateway:
    """The process's gateway. Raises RuntimeError before `bind`."""
    if _gateway is None:
        raise RuntimeError("portal.temporal.gateway.bind was not called")
    return _gateway
