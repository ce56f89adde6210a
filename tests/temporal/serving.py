"""Workers for tests: in this process on a thread, or as a process of their own."""

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from portal.config import ROOT, Settings
from portal.temporal import client as clients
from scripts.local.ports import any_free
from scripts.local.temporal import TemporalServer, launch_temporal, wait_until_serving
from tests import warm
from worker import Process

# A workflow's first failed task is reported at once, not its fifth.
OPTIONS = ("system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=1",)


@contextmanager
def worker_inside(settings: Settings) -> Iterator[None]:
    """A worker of the real activities on a thread of this process; no relay, no heartbeat."""
    ready, end = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(settings, ready, end)))
    thread.start()
    try:
        assert ready.wait(120)
        yield
    finally:
        end.set()
        thread.join()


async def _serve(settings: Settings, ready: threading.Event, end: threading.Event) -> None:
    process = Process(settings)
    client = await clients.connect_now(settings)
    try:
        with ThreadPoolExecutor(4) as executor:
            mail, chat = process.senders(client, executor, executor)
            async with process.worker(client, executor), mail, chat:
                ready.set()
                await asyncio.to_thread(end.wait)
    finally:
        ready.set()
        process.dispose()


@contextmanager
def worker_process(settings: Settings, *script: str, **extra: str) -> Iterator[warm.Program]:
    """`python worker.py` (or another script) with these settings; killed at the end."""
    with tempfile.TemporaryDirectory(prefix="worker-") as folder:
        words, log = script or ("worker.py",), Path(folder, "log")
        process = warm.start(words, environment(settings) | extra, log)
        try:
            yield process
        finally:
            process.kill()
            process.wait(120)


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables that make these settings, beside what Python itself needs."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "ENVIRONMENT": "test",
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "TEMPORAL_ADDRESS": settings.temporal_address,
        "TEMPORAL_TASK_QUEUE": settings.temporal_task_queue,
        "RELAY_INTERVAL_MS": "20",
    }


class Store:
    """A server of the test's own with a store that can be kept aside and put back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = any_free()
        self._server = self._started()

    def _started(self) -> TemporalServer:
        store = self._folder / "store" / "temporal.sqlite"
        server = launch_temporal(
            self._port, self._folder / "temporal.log", store=store, options=OPTIONS
        )
        wait_until_serving(server)
        return server

    @property
    def address(self) -> str:
        """Where it serves, before and after."""
        return self._server.address

    def keep(self) -> None:
        """Stop, copy the store, and go on."""
        self.stop()
        shutil.copytree(self._folder / "store", self._folder / "kept")
        self._server = self._started()

    def lose(self) -> None:
        """Stop, and go on with an empty one."""
        self.stop()
        shutil.rmtree(self._folder / "store")
        self._server = self._started()

    def put_back(self) -> None:
        """Stop, take the copy, and go on."""
        self.stop()
        shutil.rmtree(self._folder / "store")
        shutil.copytree(self._folder / "kept", self._folder / "store")
        self._server = self._started()

    def stop(self) -> None:
        """End the server."""
        self._server.stop()
