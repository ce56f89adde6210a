"""The portal's own processes: preparation, worker and web, as ./scripts/run starts them."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from scripts.local import processes
from scripts.local.installation import Installation
from scripts.local.options import Options
from scripts.local.ports import HOST
from scripts.local.processes import Service


@dataclass(frozen=True)
class Parts:
    """Starts each process with the same settings."""

    installation: Installation
    options: Options
    env: Mapping[str, str]

    def prepare(self, *, demo: bool, own_temporal: bool) -> Service:
        """Migrations, search attributes, and the demo organisation where it is wanted."""
        wishes = ["--demo"] * demo + ["--own-temporal"] * own_temporal
        wishes += ["--with-legacy"] * self.options.with_legacy
        return self._python("Preparation", "-m", "scripts.local.prepare", *wishes)

    def worker(self) -> Service:
        """Workflows, activities and the relay."""
        return self._python("Worker", "worker.py")

    def mail_catcher(self, port: int) -> Service:
        """The mail server that keeps what the portal sends, for /dev/mail."""
        folder = self.env["MAIL_CATCHER_DIR"]
        return self._python("Mail", "-m", "scripts.local.mail_catcher", str(port), folder)

    def web(self, port: int) -> Service:
        """The pages, as in production."""
        return self._python(
            "Web",
            *("-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"),
            *("--bind", f"{HOST}:{port}", "--workers", str(self.options.web_processes)),
            *("--threads", str(self.options.web_threads), "--log-level", "warning"),
            "portal.app:create_app()",
        )

    def _python(self, name: str, *arguments: str) -> Service:
        log = self.installation.log(name.lower())
        root = self.installation.root
        return processes.start(name, [sys.executable, *arguments], log, env=self.env, cwd=root)


def is_ready(port: int) -> bool:
    """Whether ``/readyz`` says that the database, Temporal and a worker are all well."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=3) as answer:
            json.load(answer)
    except (OSError, ValueError, HTTPException):
        return False
    return True


def first_link(env: Mapping[str, str], root: Path) -> str:
    """The address by which the first administrator's account is made; "" where there is one."""
    command = [sys.executable, "-m", "flask", "--app", "portal.app", "portal", "first-link"]
    done = subprocess.run(
        command, env=dict(env), cwd=root, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
