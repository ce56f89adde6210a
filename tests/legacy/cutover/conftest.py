"""An old database beside the portal's tables, and the cutover's commands on it; no Temporal."""

import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from portal.config import Settings
from portal.legacy.cutover import backup
from scripts.local.postgres import PostgresServer
from tests.conftest import NOBODY_LISTENS
from tests.databases import make_database
from tests.legacy.conftest import OldDatabase

ACTIVE = "('INITIALIZED', 'IN_PROGRESS', 'WAITING', 'SUSPENDED')"
UNMOVED = f"SELECT id FROM gloria_ops.workflow_instances WHERE state::text IN {ACTIVE} ORDER BY id"
MOVE_ALL = """
INSERT INTO portal.legacy_moves (instance_id, request_id, old_state, kind, result, started_at)
SELECT id, request_id, state::text, 'active',
    CASE WHEN state::text IN ('WAITING', 'SUSPENDED') THEN 'on_hold'
        WHEN state::text IN ('INITIALIZED', 'IN_PROGRESS') THEN 'moved' ELSE 'history' END, now()
FROM gloria_ops.workflow_instances
"""


@dataclass(frozen=True)
class Site:
    """The portal's commands on a database, and what tests compare of it."""

    app: Flask
    database: OldDatabase
    admin_url: str
    folder: Path

    def run(self, *words: str, typed: str = "", status: int = 0) -> str:
        """Run `flask ...`; returns what it says, its errors too."""
        result = self.app.test_cli_runner().invoke(args=list(words), input=typed)
        assert result.exit_code == status, result.output
        return result.output

    def cut_over(self, *options: str, status: int = 0) -> str:
        """Run `flask portal cutover` without a dump, which costs seconds."""
        return self.run("portal", "cutover", "--no-backup", "test", *options, status=status)

    def schema_dump(self, *options: str) -> str:
        """What `pg_dump --schema-only` says, byte for byte."""
        program = backup._program("")  # the one that the command takes
        command = [str(program), "--schema-only", "--restrict-key=x", "--dbname", self.admin_url]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
        return done.stdout

    def as_superuser(self, statements: str) -> None:
        """Change with every right."""
        with psycopg.connect(self.admin_url) as connection:
            connection.execute(statements)  # type: ignore[arg-type]

    def accept_file(self, *lines: str) -> str:
        """A file for --accept."""
        file = self.folder / f"accept-{uuid.uuid4().hex}.txt"
        file.write_text("\n".join(lines), encoding="utf-8")
        return str(file)


def _database(server: PostgresServer, template: str) -> Iterator[str]:
    name = f"cutover_{uuid.uuid4().hex}"
    make_database(server, name, template)
    yield name
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        statement = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        connection.execute(statement.format(sql.Identifier(name)))


@pytest.fixture
def site(
    postgres_server: PostgresServer,
    old_template: str,
    make_app: Callable[[Settings], Flask],
    tmp_path: Path,
) -> Iterator[Site]:
    """An old database whose instances have not moved."""
    for name in _database(postgres_server, old_template):
        url = postgres_server.url(name)
        settings = Settings(
            database_url=url, secret_key="only for tests: 0123456789abcdef", environment="test",
            backups_dir=tmp_path / "backups", temporal_address=NOBODY_LISTENS,
        )  # fmt: skip
        app = make_app(settings)
        yield Site(app, OldDatabase(url, {}), postgres_server.admin_url(name), tmp_path)


@pytest.fixture
def moved(site: Site) -> Site:
    """The same, when all instances have moved."""
    site.database.change(MOVE_ALL)
    return site
