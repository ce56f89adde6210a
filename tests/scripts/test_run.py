"""./scripts/run: the real supervisor and servers around a portal of straw."""

import contextlib
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.scripts.straw_portal import make_clone, run, until_up

pytestmark = pytest.mark.temporal
ANY = ("--port", "0", "--temporal-port", "0", "--temporal-ui-port", "0")


@pytest.fixture
def clone() -> Iterator[Path]:
    """A clone in a path with a space, which PostgreSQL's user can pass through."""
    with tempfile.TemporaryDirectory(prefix="gloria test ") as folder:
        Path(folder).chmod(0o755)
        yield make_clone(Path(folder) / "my clone")


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Everything that a run has started."""
    return psutil.Process(process.pid).children(recursive=True)


def refused(clone: Path, *arguments: str, **env: str) -> tuple[int, str]:
    """The code and words of a run that does not start."""
    with run(clone, *arguments, **env) as process:
        output, _ = process.communicate(timeout=120)
    return process.returncode, output


def test_a_run_starts_everything_says_so_and_stops_it_all(clone: Path) -> None:
    with run(clone, *ANY) as process:
        said = until_up(process)
        started = children(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
    assert "demo-account member a@b.example word\n" in said
    assert len(started) > 5
    assert not [each for each in started if each.is_running()]
    kept = [path for path in (clone / "var").rglob("*") if not path.is_symlink()]
    assert {path.name for path in kept} >= {"secret-key", "local.env", "web.log", "temporal.sqlite"}
    assert [path for path in kept if path.lstat().st_mode & 0o077] == []


def test_what_an_older_version_left_open_is_closed(clone: Path) -> None:
    old = clone / "var" / "attachments" / "ab"
    old.mkdir(parents=True)
    (old / "receipt").touch(mode=0o644)
    with run(clone, *ANY) as process:
        until_up(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
    assert [path.stat().st_mode & 0o077 for path in (old, old / "receipt")] == [0, 0]


def test_a_second_run_keeps_data_and_address(clone: Path) -> None:
    addresses = []
    for number, arguments in ((1, ANY), (2, ())):
        with run(clone, *arguments) as process:
            addresses.append(until_up(process).split("Portal")[1].split()[0])
            process.terminate()
            assert process.wait(120) == 0
        assert f"start number {number}" in (clone / "var" / "log" / "preparation.log").read_text()
    assert addresses[0] == addresses[1]


def test_one_clone_runs_once(clone: Path) -> None:
    with run(clone, *ANY) as first:
        until_up(first)
        code, output = refused(clone)
        first.terminate()
    assert code == 2
    assert f"is running already (process {first.pid})" in output


def test_after_a_kill_the_next_run_starts_again(clone: Path) -> None:
    with run(clone, *ANY) as killed:
        until_up(killed)
        killed.kill()
        killed.wait()
        with run(clone) as process:
            until_up(process)
            process.terminate()
            assert process.wait(120) == 0


@pytest.mark.parametrize("name", ["temporal", "postgres"])
def test_a_killed_server_comes_back_and_takes_nothing_with_it(clone: Path, name: str) -> None:
    def server() -> psutil.Process | None:
        for each in psutil.Process(process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # a helper that ends just now
                if each.name() == name:
                    return each
        return None

    with run(clone, *ANY) as process:
        until_up(process)
        others = [each for each in children(process) if "gunicorn" in " ".join(each.cmdline())]
        killed = server()
        assert killed
        assert others
        killed.kill()
        limit = time.monotonic() + 120
        while server() in (None, killed) and time.monotonic() < limit:
            time.sleep(0.1)
        assert server() not in (None, killed)
        assert all(each.is_running() for each in others)
        process.terminate()
        assert process.wait(120) == 0


def test_a_part_that_dies_during_the_start_does_not_end_it(clone: Path) -> None:
    with run(clone, *ANY, LOG_LEVEL="die twice") as process:
        said = until_up(process)
        process.terminate()
        assert process.wait(120) == 0
    assert "Worker ended by itself (code 3); starting it again now." in said
    assert "It waits for space on the disk that holds" in said


def test_a_part_whose_settings_are_wrong_ends_the_run_and_is_named(clone: Path) -> None:
    with run(clone, *ANY, LOG_LEVEL="die for good") as process:
        output, _ = process.communicate(timeout=120)
    assert process.returncode in (1, 2)
    assert "Worker ended by itself (code 2)" in output
    assert "polling 127.0.0.1" in output


@pytest.mark.parametrize(
    ("arguments", "env", "sentence"),
    [
        (["--fresh"], {}, "--fresh deletes all data"),
        (["--port", "eighty"], {}, "eighty is no port"),
        ([], {"DATABASE_URL": "postgresql://a:word@127.0.0.1:1/b"}, "DATABASE_URL names a server"),
        ([], {"DATABASE_URL": "mysql://a:word@127.0.0.1/b"}, "DATABASE_URL must begin with"),
        ([], {"TEMPORAL_ADDRESS": "127.0.0.1:1"}, "TEMPORAL_ADDRESS names 127.0.0.1:1"),
    ],
)
def test_what_cannot_start_says_one_sentence(
    clone: Path, arguments: list[str], env: dict[str, str], sentence: str
) -> None:
    code, output = refused(clone, *arguments, **env)
    assert code == 2
    assert sentence in output
    assert "word" not in output
    assert len(output.splitlines()) == 1


def test_production_is_told_at_once_what_runs_there(clone: Path) -> None:
    code, output = refused(clone, ENVIRONMENT="production")
    assert code == 2
    assert "gunicorn --config deploy/gunicorn.conf.py" in output
    assert "docs/deployment.md" in output
    assert not (clone / "var" / "postgres").exists()


def test_a_database_and_a_key_in_files_are_those_that_are_used(
    clone: Path, empty_database_url: str
) -> None:
    (clone / "address").write_text(empty_database_url)
    (clone / "key").write_text("of its own")
    files = {"DATABASE_URL_FILE": str(clone / "address"), "SECRET_KEY_FILE": str(clone / "key")}
    with run(clone, *ANY, **files) as process:
        until_up(process)
        process.terminate()
        assert process.wait(120) == 0
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM starts").fetchone() == (1,)
    assert not (clone / "var" / "postgres").exists()
    assert "SECRET_KEY" not in (clone / "var" / "local.env").read_text()
    missing = refused(clone, DATABASE_URL_FILE="/nowhere")
    assert missing == (2, "DATABASE_URL_FILE names /nowhere, which cannot be read.\n")


def test_a_taken_port_says_one_sentence(clone: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused(clone, "--port", str(port)) == (
            2,
            f"Port {port} is taken by another program: give another one with --port.\n",
        )


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("exit 1", "Python 3.11 or newer is needed"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "lacks the modules venv and ensurepip"),
    ],
)
def test_a_python_that_will_not_do_is_told(clone: Path, answer: str, sentence: str) -> None:
    (clone / ".venv" / "installed-lock.txt").unlink()
    python = clone / "old-python"
    python.write_text(f"#!/bin/sh\n{answer}\n")
    python.chmod(0o755)
    code, output = refused(clone, PYTHON=str(python))
    assert (code, len(output.splitlines())) == (2, 1)
    assert sentence in output
