"""An old database beside the portal's tables, made once and copied for each test."""

import os
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from scripts.legacy.generate import generate
from scripts.local.migrations import migrate
from scripts.local.postgres import PostgresServer
from scripts.local.temporal import TemporalServer
from tests import warm
from tests.databases import make_database

INSTANCES, SEED = 300, 11


@dataclass(frozen=True)
class OldDatabase:
    """A database with an old engine, and what the programs have to know to work on it."""

    url: str
    environment: dict[str, str]

    def program(self, name: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts to its end."""
        return warm.run([f"scripts/{name}.py", *options], self.environment)

    def flask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `flask ...` to its end."""
        return warm.run(["-m", "flask", "--app", "portal.app", *words], self.environment)

    def move(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the mover to its end."""
        return self.program("migrate_workflows_to_temporal", "--quiet", *options)

    def begin_move(self, *options: str) -> warm.Program:
        """Run the mover beside the test."""
        words = ["scripts/migrate_workflows_to_temporal.py", "--quiet", *options]
        return warm.start(words, self.environment, Path(os.devnull))

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """The answer to a question."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(question).fetchall()  # type: ignore[arg-type]

    def change(self, statement: str) -> None:
        """Change."""
        with psycopg.connect(self.url) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def checksums(self, *schemas: str) -> list[tuple[Any, ...]]:
        """What every table of these schemas holds, in one number each."""
        found = []
        tables = "SELECT table_schema, table_name FROM information_schema.tables"
        with psycopg.connect(self.url) as connection:
            for schema, table in sorted(connection.execute(tables).fetchall()):
                if schema in schemas:
                    question = sql.SQL(
                        "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {} t"
                    ).format(sql.Identifier(schema, table))
                    row = connection.execute(question).fetchone()
                    found.append((schema, table, row))
        return found


def environment_of(url: str, temporal_address: str, name: str) -> dict[str, str]:
    """The settings of a program that works on a database."""
    return {
        **os.environ, "DATABASE_URL": url, "TEMPORAL_ADDRESS": temporal_address,
        "SECRET_KEY": "only for tests: 0123456789abcdef", "ENVIRONMENT": "test",
        "PUBLIC_URL": "http://localhost", "TEMPORAL_TASK_QUEUE": f"test-{name}",
        "LEGACY_DIR": str(Path(tempfile.gettempdir()) / name),
    }  # fmt: skip


def totals(text: str) -> dict[str, int]:
    """The totals that the mover printed."""
    lines = [line.partition(":") for line in text.splitlines()]
    return {name: int(value.replace(",", "")) for name, found, value in lines if value.strip()
            and found and value.strip().replace(",", "").isdigit()}  # fmt: skip


def _run(server: PostgresServer, statement: str, *names: str) -> None:
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def old_template(postgres_server: PostgresServer) -> str:
    """The name of a database with an old engine, migrated to the newest version."""
    name = "old_engine"
    make_database(postgres_server, name)
    generate(postgres_server.url(name), INSTANCES, SEED)
    migrate(postgres_server.url(name))
    return name


@pytest.fixture
def old(
    postgres_server: PostgresServer, old_template: str, temporal_server: TemporalServer
) -> Iterator[OldDatabase]:
    """A copy of it, and the real Temporal server."""
    name = f"old_{uuid.uuid4().hex}"
    make_database(postgres_server, name, old_template)
    url = postgres_server.url(name)
    yield OldDatabase(url, environment_of(url, temporal_server.address, name))
    _run(postgres_server, "DROP DATABASE {} WITH (FORCE)", name)
