"""worker.py as a process: what it says, what it waits for, and how it ends.

One that serves and one that may not begin start as they do outside, the others warm.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import TextIO

import pytest
from sqlalchemy import text

from portal.config import Settings
from portal.temporal.client import PORTS, telemetry
from tests import warm
from tests.programs import started
from tests.temporal.conftest import desk, engine, loop, office
from tests.temporal.office import Desk, until
from tests.temporal.serving import environment

__all__ = ["desk", "engine", "loop", "office"]

pytestmark = pytest.mark.temporal


@dataclass
class Running:
    """A worker, and what it says."""

    process: "subprocess.Popen[str] | warm.Program"
    words: TextIO

    def said(self, words: str) -> str:
        """The lines up to the one with these words."""
        lines = []
        for line in self.words:
            lines.append(line)
            if words in line:
                return "".join(lines)
        raise AssertionError("".join(lines))


@contextmanager
def started_warm(settings: Settings) -> Iterator[Running]:
    """`python worker.py` with these settings; killed at the end."""
    with tempfile.TemporaryDirectory(prefix="worker-") as folder:
        pipe = Path(folder, "said")
        os.mkfifo(pipe)
        process = warm.start(["worker.py"], environment(settings), pipe)
        try:
            with pipe.open() as words:
                yield Running(process, words)
        finally:
            process.kill()
            process.wait(120)


@pytest.fixture
def running(desk: Desk) -> Iterator[Running]:
    """A worker that is polling."""
    with started_warm(desk.settings) as running:
        running.said("Connected to Temporal")
        yield running


def test_serves_with_its_relay_and_leaves_gracefully(desk: Desk) -> None:
    words = [sys.executable, "worker.py"]
    with started(words, env=environment(desk.settings), stdout=PIPE, stderr=STDOUT) as process:
        assert process.stdout is not None
        _serves_and_leaves(desk, Running(process, process.stdout))


def _serves_and_leaves(desk: Desk, running: Running) -> None:
    running.said("Connected to Temporal")
    submit = desk.submit()
    desk.store(submit)
    until(lambda: desk.status() == "PENDING")
    with desk.engine.connect() as connection:
        queue = connection.scalar(text("SELECT task_queue FROM portal.worker_heartbeats"))
    assert queue == desk.settings.temporal_task_queue
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(120) == 0
    running.said("Worker stopped.")
    with desk.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM portal.worker_heartbeats")) == 0


def test_waits_for_temporal_with_a_clear_line_and_stops_on_sigint(desk: Desk) -> None:
    away = replace(desk.settings, temporal_address="127.0.0.1:1")
    with started_warm(away) as running:
        line = running.said("next try in 1 s")
        assert "Waiting for Temporal at 127.0.0.1:1: nobody answers there" in line
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(120) == 0


def test_waits_for_the_database(desk: Desk) -> None:
    url = desk.settings.database_url.rsplit("/", 1)[0] + "/postgres"
    with started_warm(replace(desk.settings, database_url=url)) as running:
        assert "its tables are missing" in running.said("Waiting for PostgreSQL")


def test_says_why_the_database_lets_it_in_no_further(desk: Desk) -> None:
    server = desk.settings.database_url.rsplit("/", 1)[0]
    for url, words in (
        (f"{server}/nowhere", 'database "nowhere" does not exist'),
        ("postgresql://gloria:hunter2@127.0.0.1:1/gloria", "Connection refused"),
    ):
        with started_warm(replace(desk.settings, database_url=url)) as running:
            line = running.said("Waiting for PostgreSQL")
            assert words in line
            assert "hunter2" not in line


def test_a_missing_setting_is_named(desk: Desk) -> None:
    env = {**environment(desk.settings), "DATABASE_URL": "mysql://elsewhere"}
    done = subprocess.run(
        [sys.executable, "worker.py"],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("DATABASE_URL must begin with postgresql://")


def test_a_line_of_its_log_names_request_workflow_and_command(desk: Desk, running: Running) -> None:
    submit = desk.submit()
    desk.store(submit)
    line = running.said("workflow.recorded").splitlines()[-1]
    fields = json.loads(line)
    assert fields["request"] == "PR-1001"
    assert fields["workflow"] == f"approval-{desk.request_id}"
    assert fields["commands"] == [submit.command_id]


def test_a_second_worker_on_the_machine_shows_its_figures_on_the_next_port() -> None:
    told: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        kept = [telemetry(port, told.append), telemetry(port, told.append)]
    ports = [int(line.rpartition(":")[2].partition("/")[0]) for line in told]
    assert port < ports[0] < ports[1] < port + PORTS
    for each in ports:
        with urllib.request.urlopen(f"http://127.0.0.1:{each}/metrics", timeout=60) as answer:
            assert answer.status == 200
    assert len(kept) == 2
