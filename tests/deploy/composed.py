"""docker-compose.yml without Docker: commands, settings and order of its services."""

import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from portal.config import ROOT
from tests.programs import started

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
GIVEN = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
PATIENCE = 400.0
PROGRAMS = {"python": [sys.executable], "flask": [sys.executable, "-m", "flask"]}


def environment(name: str, folder: Path, **given: str) -> dict[str, str]:
    """The settings of a service. Its secrets lie in `folder`/secrets, its volumes in `folder`/var;
    `given` is what stands in .env."""

    def value_of(found: "re.Match[str]") -> str:
        if found[2] == "?":
            return given[found[1]]
        return given.get(found[1], found[3] or "")

    stated = {key: GIVEN.sub(value_of, str(value)) for key, value in _stated(name).items()}
    secrets = {f"/run/secrets/{each}" for each in SERVICES[name]["secrets"]}
    used = {value for value in stated.values() if value.startswith("/run/secrets/")}
    assert used <= secrets, f"{name} has no {used - secrets}"
    moved = {"/run/secrets/": f"{folder}/secrets/", "/var/": f"{folder}/var/"}
    for before, after in moved.items():
        stated = {key: value.replace(before, after, 1) for key, value in stated.items()}
    return {"FLASK_APP": "portal.app", **stated}


def _stated(name: str) -> dict[str, Any]:
    found: dict[str, Any] = SERVICES[name]["environment"]
    return found


def command(name: str) -> list[str]:
    """What a service runs, by the programs of this installation."""
    program, *words = SERVICES[name]["command"]
    return [*PROGRAMS[program], *words]


class Order:
    """Which services are up, as Compose would start them."""

    def __init__(self) -> None:
        self._met: set[tuple[str, str]] = set()

    def may_start(self, name: str) -> None:
        """Fail unless all that a service waits for has come about."""
        waits = SERVICES[name].get("depends_on", {})
        wanted = {(other, each["condition"]) for other, each in waits.items()}
        assert wanted <= self._met, f"{name} waits for {wanted - self._met}"

    def is_up(self, name: str, condition: str = "service_healthy") -> None:
        """A service is healthy, or has done what it is there for."""
        self._met.add((name, condition))


@dataclass
class Services:
    """Services as programs of this machine. `given`: what stands in .env; `more`: what a test says
    besides."""

    folder: Path
    stack: ExitStack
    given: dict[str, str]
    more: dict[str, str]
    order: Order = field(default_factory=Order)

    def keep(self, **files: str) -> None:
        """Write the secrets, and make the folders of the volumes."""
        for name in ("secrets", "var/lib/gloria/audit", "var/lib/gloria/attachments"):
            (self.folder / name).mkdir(parents=True)
        for name, content in files.items():
            (self.folder / "secrets" / name.replace("_", "-")).write_text(content)

    def settings_of(self, name: str) -> dict[str, str]:
        """What a service is given, once it may start."""
        self.order.may_start(name)
        return self.more | environment(name, self.folder, **self.given)

    def run(self, name: str, *words: str) -> None:
        """Run a service to its end, or another command of its image; it has to end well."""
        done = subprocess.run(
            [*PROGRAMS[words[0]], *words[1:]] if words else command(name),
            cwd=ROOT, env=self.settings_of(name), capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, name: str) -> "subprocess.Popen[str]":
        """Start a service; what it says goes into a file of its name."""
        log = self.stack.enter_context((self.folder / f"{name}.log").open("w"))
        env = self.settings_of(name)
        options = {"cwd": ROOT, "env": env, "stdout": log, "stderr": subprocess.STDOUT}
        return self.stack.enter_context(started(command(name), **options))
