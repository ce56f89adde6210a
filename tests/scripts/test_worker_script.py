"""scripts/start-temporal-worker.sh, with a worker of straw."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.local.installation import ROOT
from scripts.local.temporal import TemporalServer

STRAW = """\
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("polling", flush=True)
time.sleep(0 if "--once" in sys.argv else 30)
sys.exit(5)
"""
DOTENV = """\
ENVIRONMENT=development
DATABASE_URL=postgresql://nobody@127.0.0.1:1/none
SECRET_KEY=x
TEMPORAL_TASK_QUEUE="$(touch hacked)"
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that shares our packages, with a worker of straw and a .env that tries to run."""
    clone = tmp_path / "my clone"
    (clone / ".venv" / "bin").mkdir(parents=True)
    for name in ("portal", "requirements", "scripts"):
        shutil.copytree(ROOT / name, clone / name)
    python = clone / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    shutil.copy(ROOT / "requirements" / "lock.txt", clone / ".venv" / "installed-lock.txt")
    (clone / "worker.py").write_text(STRAW)
    (clone / ".env").write_text(DOTENV)
    return clone


def start(clone: Path, *arguments: str, **env: str) -> subprocess.Popen[str]:
    """The script without a terminal."""
    return subprocess.Popen(
        [str(clone / "scripts" / "start-temporal-worker.sh"), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], **env},
    )


def test_without_a_server_and_a_terminal_it_asks_nothing_and_lets_the_worker_wait(
    clone: Path,
) -> None:
    process = start(clone, "--once", TEMPORAL_ADDRESS="127.0.0.1:1")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 5
    assert "Temporal server  127.0.0.1:1\nNamespace        default\n" in output
    assert "starts and waits for the server" in output


def test_dotenv_is_read_and_not_run(clone: Path) -> None:
    process = start(clone, "--once", TEMPORAL_ADDRESS="127.0.0.1:1")
    output, _ = process.communicate(timeout=120)
    assert "$(touch hacked)" in output
    assert not list(clone.rglob("hacked"))


@pytest.mark.temporal
def test_signals_reach_the_worker_and_its_code_comes_back(
    clone: Path, temporal_server: TemporalServer
) -> None:
    with start(clone, TEMPORAL_ADDRESS=temporal_server.address) as process:
        assert process.stdout
        lines = list(itertools.takewhile(lambda line: line != "polling\n", process.stdout))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 7
    assert not [line for line in lines if "does not answer" in line]


def test_a_missing_setting_is_named(clone: Path) -> None:
    (clone / ".env").write_text("ENVIRONMENT=production\n")
    process = start(clone, TEMPORAL_ADDRESS="127.0.0.1:1")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "PUBLIC_URL is missing" in output
