"""The drill's own servers on free ports, and the programs that run against them."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg

from scripts.local.ports import any_free
from scripts.local.postgres import running_postgres
from scripts.local.temporal import running_temporal

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120.0


class Failed(Exception):
    """A program ended as it should not; the message has its last words."""


class Running(Protocol):
    """A program that was started, as `subprocess.Popen` has it."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""

    def wait(self, timeout: float | None = None) -> int:
        """Its code. Raises `subprocess.TimeoutExpired`."""


class Programs:
    """How programs of ours are started: `words` follow the name of the interpreter."""

    def run(
        self, words: Sequence[str], environment: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """Run one to its end."""
        return subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def start(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> Running:
        """Start one; what it says goes to the end of `log`."""
        with log.open("ab") as said:
            return subprocess.Popen(
                [sys.executable, *words], cwd=ROOT, env=environment, stdout=said, stderr=said
            )


@dataclass(frozen=True)
class Site:
    """A database and a Temporal server, empty at first. `admin_url`: the superuser's."""

    url: str
    admin_url: str
    environment: dict[str, str]
    folder: Path
    programs: Programs

    def flask(self, *words: str, codes: tuple[int, ...] = (0,), show: bool = False) -> str:
        """Run `flask ...` to its end; returns what it said."""
        return self._run(["-m", "flask", "--app", "portal.app", *words], codes, show)

    def program(self, *words: str, codes: tuple[int, ...] = (0,), show: bool = False) -> str:
        """Run one of the scripts to its end; returns what it said."""
        return self._run(list(words), codes, show)

    def rows(self, question: str, *given: Any) -> list[tuple[Any, ...]]:
        """The answer to a question."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(question.encode(), given).fetchall()

    def change(self, statement: str) -> None:
        """Change something."""
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode())

    def wait_for(self, question: str, words: str, holds: Callable[[Any], bool] = bool) -> None:
        """Wait until the first value of the answer holds. Raises Failed."""
        limit = time.monotonic() + PATIENCE
        while not holds(self.rows(question)[0][0]):
            if time.monotonic() > limit:
                raise Failed(f"In {PATIENCE:.0f} s it did not come about that {words}.")
            time.sleep(0.1)

    @contextmanager
    def worker(self) -> Iterator[None]:
        """A worker, for the length of a ``with`` block."""
        process = self.programs.start(["worker.py"], self.environment, self.folder / "worker.log")
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _run(self, words: list[str], codes: tuple[int, ...], show: bool) -> str:
        done = self.programs.run(words, self.environment)
        if done.returncode not in codes:
            said = (done.stdout[-2000:] + done.stderr[-4000:]).strip()
            raise Failed(f"{' '.join(words)} ended with {done.returncode}:\n{said}")
        if show:
            print("\n".join(f"    {line}" for line in done.stdout.splitlines()), flush=True)
        return done.stdout


@contextmanager
def running(folder: Path, programs: Programs) -> Iterator[Site]:
    """Both servers, for the length of a ``with`` block."""
    with (
        running_postgres(folder / "postgres", any_free(), durable=False) as postgres,
        running_temporal(folder / "temporal.log") as temporal,
    ):
        environment = {
            **os.environ,
            "ENVIRONMENT": "test",
            "DATABASE_URL": postgres.url(),
            "TEMPORAL_ADDRESS": temporal.address,
            "TEMPORAL_TASK_QUEUE": f"drill-{secrets.token_hex(4)}",
            "SECRET_KEY": secrets.token_hex(32),
            "PUBLIC_URL": "http://localhost",
            "LOG_LEVEL": "WARNING",
            "ATTACHMENTS_DIR": tempfile.gettempdir(),
            "AUDIT_LOG_DIR": f"{tempfile.gettempdir()}/no-log",
        }
        yield Site(postgres.url(), postgres.admin_url("gloria"), environment, folder, programs)
