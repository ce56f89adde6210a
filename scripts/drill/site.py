"""The drill's own servers on free ports, and the programs that run against them."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from scripts.local.ports import any_free
from scripts.local.postgres import running_postgres
from scripts.local.temporal import running_temporal

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120.0


class Failed(Exception):
    """A program ended as it should not; the message has its last words."""


@dataclass(frozen=True)
class Site:
    """A database and a Temporal server, empty at first. `admin_url`: the superuser's."""

    url: str
    admin_url: str
    environment: dict[str, str]
    folder: Path

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
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "worker.py"], cwd=ROOT, env=self.environment, stdout=log,
                stderr=log,
            )  # fmt: skip
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
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=self.environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        if done.returncode not in codes:
            said = (done.stdout[-2000:] + done.stderr[-4000:]).strip()
            raise Failed(f"{' '.join(words)} ended with {done.returncode}:\n{said}")
        if show:
            print("\n".join(f"    {line}" for line in done.stdout.splitlines()), flush=True)
        return done.stdout


@contextmanager
def running(folder: Path) -> Iterator[Site]:
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
        yield Site(postgres.url(), postgres.admin_url("gloria"), environment, folder)
