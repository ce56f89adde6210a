"""worker.py as a process: what it says, what it waits for, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from portal.temporal.client import PORTS, telemetry
from tests.temporal.conftest import desk, engine, loop, office
from tests.temporal.office import Desk, until
from tests.temporal.serving import environment, worker_process

__all__ = ["desk", "engine", "loop", "office"]

pytestmark = pytest.mark.temporal


def said(process: "subprocess.Popen[str]", words: str) -> str:
    """The lines up to the one with these words."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.fixture
def running(desk: Desk) -> Iterator["subprocess.Popen[str]"]:
    """A worker that is polling."""
    with worker_process(desk.settings) as process:
        said(process, "Connected to Temporal")
        yield process


def test_serves_with_its_relay_and_leaves_gracefully(
    desk: Desk, running: "subprocess.Popen[str]"
) -> None:
    submit = desk.submit()
    desk.store(submit)
    until(lambda: desk.status() == "PENDING")
    with desk.engine.connect() as connection:
        queue = connection.scalar(text("SELECT task_queue FROM portal.worker_heartbeats"))
    assert queue == desk.settings.temporal_task_queue
    running.send_signal(signal.SIGTERM)
    assert running.wait(120) == 0
    said(running, "Worker stopped.")
    with desk.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM portal.worker_heartbeats")) == 0


def test_waits_for_temporal_with_a_clear_line_and_stops_on_sigint(desk: Desk) -> None:
    away = replace(desk.settings, temporal_address="127.0.0.1:1")
    with worker_process(away) as process:
        line = said(process, "next try in 1 s")
        assert "Waiting for Temporal at 127.0.0.1:1: nobody answers there" in line
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0


def test_waits_for_the_database(desk: Desk) -> None:
    url = desk.settings.database_url.rsplit("/", 1)[0] + "/postgres"
    with worker_process(replace(desk.settings, database_url=url)) as process:
        assert "its tables are missing" in said(process, "Waiting for PostgreSQL")


def test_says_why_the_database_lets_it_in_no_further(desk: Desk) -> None:
    server = desk.settings.database_url.rsplit("/", 1)[0]
    for url, words in (
        (f"{server}/nowhere", 'database "nowhere" does not exist'),
        ("postgresql://gloria:hunter2@127.0.0.1:1/gloria", "Connection refused"),
    ):
        with worker_process(replace(desk.settings, database_url=url)) as process:
            line = said(process, "Waiting for PostgreSQL")
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


def test_a_line_of_its_log_names_request_workflow_and_command(
    desk: Desk, running: "subprocess.Popen[str]"
) -> None:
    submit = desk.submit()
    desk.store(submit)
    line = said(running, "workflow.recorded").splitlines()[-1]
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
