"""Workers for tests: in this process on a thread, or as a process of their own."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from portal.config import ROOT, Settings
from portal.temporal import client as clients
from worker import Process


@contextmanager
def worker_inside(settings: Settings) -> Iterator[None]:
    """A worker of the real activities on a thread of this process; no relay, no heartbeat."""
    ready, end = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(settings, ready, end)))
    thread.start()
    try:
        assert ready.wait(20)
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
def worker_process(
    settings: Settings, *script: str, **extra: str
) -> Iterator["subprocess.Popen[str]"]:
    """`python worker.py` (or another script) with these settings; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, *(script or ("worker.py",))],
        cwd=ROOT,
        env=environment(settings) | extra,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


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
