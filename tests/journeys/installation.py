"""A whole portal for the journeys: database, Temporal, worker and web, each a real process."""

import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from portal.models.columns import new_id
from portal.translation import SHIPPED, SOURCE
from portal.translation.pseudo import PSEUDO
from scripts.local.ports import HOST, any_free
from tests import warm


@dataclass
class Installation:
    """Processes that can be stopped and started one by one, and the demo's accounts."""

    database_url: str
    temporal_address: str
    folder: Path
    queue: str
    port: int = field(default_factory=any_free)
    smtp_port: int = field(default_factory=any_free)
    passwords: dict[str, str] = field(default_factory=dict)
    processes: dict[str, warm.Program] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://{HOST}:{self.port}"

    @property
    def mail(self) -> Path:
        """Where caught mails are."""
        return self.folder / "mail"

    @property
    def environment(self) -> dict[str, str]:
        """What every process of this installation is told."""
        return {
            **os.environ,
            "ENVIRONMENT": "development",
            "DATABASE_URL": self.database_url,
            "TEMPORAL_ADDRESS": self.temporal_address,
            "TEMPORAL_TASK_QUEUE": self.queue,
            "SECRET_KEY": "journeys-journeys-journeys-journeys",
            "PUBLIC_URL": self.url,
            "LANGUAGES": ",".join((SOURCE, *SHIPPED, PSEUDO)),
            "ATTACHMENTS_DIR": str(self.folder / "attachments"),
            "AUDIT_LOG_DIR": str(self.folder / "audit"),
            "AUDIT_SEALER": "own",  # whoever begins a log seals it
            "WORKER_HEARTBEAT_SECONDS": "2",
            **dict.fromkeys(
                (
                    "LIMIT_MESSAGES",
                    "LIMIT_REQUESTS",
                    "LIMIT_UPLOADS",
                    "LIMIT_CHANGES",
                    "LIMIT_SEARCHES",
                ),
                "0",
            ),
            "SMTP_HOST": HOST,
            "SMTP_PORT": str(self.smtp_port),
            "SMTP_TLS": "none",
            "MAIL_CATCHER_DIR": str(self.mail),
            "CHAT_SCHEMES": "json",
            "CHAT_ALLOWED_HOSTS": HOST,
            "WEBHOOK_ALLOWED_HOSTS": HOST,
        }

    def flask(self, *words: str) -> str:
        """Run a command of the portal's; what it prints."""
        done = warm.run(["-m", "flask", "--app", "portal.app", *words], self.environment)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def load(self) -> None:
        """The demonstration, with policies whose undo window is nothing."""
        accounts = self.folder / "accounts.txt"
        self.flask("portal", "load-demo", "--accounts-file", str(accounts))
        for line in accounts.read_text().splitlines():
            _, _, email, password = line.split()
            self.passwords[email.partition("@")[0]] = password
        self._publish_without_undo()

    def _publish_without_undo(self) -> None:
        with psycopg.connect(self.database_url) as connection:
            rows = connection.execute(
                "SELECT t.id, t.name, t.description, p.form, p.definition"
                " FROM portal.request_types t"
                " JOIN portal.policy_versions p ON p.id = t.policy_version_id"
            ).fetchall()
            for type_id, name, description, form, definition in rows:
                version = new_id()
                connection.execute(
                    "INSERT INTO portal.policy_versions (id, request_type_id, version, name,"
                    " description, form, definition, published_at)"
                    " VALUES (%s, %s, 2, %s, %s, %s, %s, now())",
                    [
                        version,
                        type_id,
                        name,
                        description,
                        Jsonb(form),
                        Jsonb({**definition, "undo_seconds": 0}),
                    ],
                )
                connection.execute(
                    "UPDATE portal.request_types SET policy_version_id = %s WHERE id = %s",
                    [version, type_id],
                )

    def start_web(self) -> None:
        """Gunicorn, as ./scripts/run starts it."""
        self._start("web", [
            "-m", "gunicorn", "portal.app:create_app()", "--bind",
            f"{HOST}:{self.port}", "--worker-class", "portal.serving.PatientWorker",
            "--workers", "1", "--threads", "8", "--keep-alive", "75",
        ])  # fmt: skip
        self.wait_for(lambda: self._answers("/healthz"))

    def start_mail(self) -> None:
        """The mail catcher."""
        module = "scripts.local.mail_catcher"
        self._start("mail", ["-m", module, str(self.smtp_port), str(self.mail)])

    def start_worker(self) -> None:
        """worker.py; returns when /readyz sees it."""
        self._start("worker", ["worker.py"])
        if "web" in self.processes:
            self.wait_for(lambda: self._answers("/readyz"))

    def stop(self, name: str) -> None:
        """End a process politely, by its pid."""
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        """End whatever runs, all at once."""
        for process in self.processes.values():
            process.terminate()
        for name in list(self.processes):
            self.stop(name)

    def _start(self, name: str, words: list[str]) -> None:
        self.processes[name] = warm.start(words, self.environment, self.folder / f"{name}.log")

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=3) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def wait_for(self, condition: Callable[[], bool], patience: float = 90.0) -> None:
        """Wait until it holds; fails with the log of a process that died meanwhile."""
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            if condition():
                return
            for name, process in self.processes.items():
                assert process.poll() is None, (self.folder / f"{name}.log").read_text()[-3000:]
            time.sleep(0.1)
        raise AssertionError(f"{condition} did not come true in {patience} s")


@contextmanager
def running(
    database_url: str, temporal_address: str, folder: Path, queue: str, *, empty: bool = False
) -> Iterator[Installation]:
    """An installation with the demonstration, or `empty`; its web and its worker."""
    installation = Installation(database_url, temporal_address, folder, queue)
    try:
        if not empty:
            installation.load()
        installation.start_mail()
        installation.start_web()
        installation.start_worker()
        yield installation
    finally:
        installation.close()
