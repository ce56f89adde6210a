"""The two jobs of docker-compose.temporal.yml, run for real where that is possible."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from scripts.local.binaries import temporal
from scripts.local.temporal import SEARCH_ATTRIBUTES, TemporalServer
from tests.house.tree import ROOT

FOLDER = ROOT / "deploy" / "temporal"
STRAW = '#!/bin/sh\necho "$SQL_PASSWORD $*" >> "$CALLS"\n'


def run(script: str, **env: str) -> str:
    """Run a job; its output, whether it succeeded or not raises CalledProcessError."""
    command = ["/bin/sh", str(FOLDER / script)]
    return subprocess.run(
        command, env={**os.environ, **env}, check=True, capture_output=True, text=True, timeout=120
    ).stdout


def ask(server: TemporalServer, *words: str) -> str:
    """What the server knows, by Temporal's own program."""
    command = [str(temporal()), "operator", *words, "--address", server.address]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("script", ["schema.sh", "namespace.sh"])
def test_the_shell_can_read_it(script: str) -> None:
    subprocess.run(["/bin/sh", "-n", str(FOLDER / script)], check=True)


def test_the_schema_job_makes_both_databases_in_order(tmp_path: Path) -> None:
    tool = tmp_path / "temporal-sql-tool"
    tool.write_text(STRAW)
    tool.chmod(0o755)
    calls = tmp_path / "calls"
    names = {"SQL_PLUGIN": "postgres12", "SQL_HOST": "db", "SQL_PORT": "5432", "SQL_USER": "t"}
    path = f"{tmp_path}:{os.environ['PATH']}"
    run("schema.sh", PATH=path, CALLS=str(calls), SQL_PASSWORD="word", **names)
    asked = re.findall(r"^word .*--database (\S+) (\S+)", calls.read_text(), re.MULTILINE)
    steps = ["create", "setup-schema", "update-schema"]
    databases = ["temporal", "temporal_visibility"]
    assert asked == [(database, step) for database in databases for step in steps]
    assert "--schema-dir /etc/temporal/schema/postgresql/v12/visibility/versioned" in (
        calls.read_text()
    )


@pytest.mark.temporal
@pytest.mark.parametrize("namespace", ["default", "approvals"])
def test_the_namespace_job_is_safe_to_repeat(
    temporal_server: TemporalServer, namespace: str
) -> None:
    env = {"TEMPORAL_ADDRESS": temporal_server.address, "TEMPORAL_NAMESPACE": namespace}
    path = f"{temporal().parent}:{os.environ['PATH']}"
    run("namespace.sh", PATH=path, TEMPORAL_RETENTION="9d", **env)
    assert "added" not in run("namespace.sh", PATH=path, TEMPORAL_RETENTION="10d", **env)
    about = ask(temporal_server, "namespace", "describe", "--namespace", namespace)
    assert "240h0m0s" in about
    listed = ask(temporal_server, "search-attribute", "list", "--namespace", namespace)
    found = dict(re.findall(r"^\s*(\w+)\s+(\w+)\s*$", listed, re.MULTILINE))
    assert found.items() >= SEARCH_ATTRIBUTES.items()
