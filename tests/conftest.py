"""Servers for the tests, started when a test first asks, once for each process of pytest-xdist.

``settings``            a migrated database of the test's own; Temporal answers nothing
``temporal_settings``   the same, with a real Temporal server and a task queue of the test's own
``database_url``        only the database
``temporal_server``     only Temporal: the real development server, in memory
``chromium``            the path of the browser
``app``, ``client``, ``people``   the web application, a visitor, its staff: see tests/web.py
"""

import os
import shutil
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

from portal.config import LimitSettings, Settings
from portal.proof import roles
from scripts.local.migrations import migrate
from scripts.local.ports import any_free
from scripts.local.postgres import PostgresServer, running_postgres
from scripts.local.temporal import TemporalServer, running_temporal
from tests.databases import Databases, make_database

pytest_plugins = ["tests.web"]

# How fast a machine draws examples is no fault of what is tested: it may be busy.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")

TEMPLATE = "migrated"
# What a test takes about, in seconds, by its marks and fixtures: the first that it has counts.
COSTS = {
    "slow": 40.0, "installation": 8.0, "temporal": 3.0, "temporal_server": 3.0, "chromium": 3.0,
    "app": 0.6, "databases": 0.3,
}  # fmt: skip
NOBODY_LISTENS = "127.0.0.1:1"
MEMORY, ROOM = Path("/dev/shm"), 6 * 1024**3


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, the files that take longest come first: otherwise
    the last one keeps one process busy for minutes while the others have nothing left to do."""
    if not hasattr(config, "workerinput"):
        return
    files: defaultdict[Path, float] = defaultdict(float)
    for each in items:
        files[each.path] += cost(each)
    items.sort(key=lambda each: -files[each.path])


def cost(item: pytest.Item) -> float:
    """About how many seconds a test takes."""
    has = {*getattr(item, "fixturenames", ()), *(mark.name for mark in item.iter_markers())}
    return next((seconds for name, seconds in COSTS.items() if name in has), 0.1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server without durability; ``admin_url()`` is the superuser's address."""
    home = Path(tempfile.mkdtemp(prefix="gloria-test-", dir=in_memory()))
    home.chmod(0o755)  # ours: PostgreSQL's user passes through when we are root
    try:
        with running_postgres(home, any_free(), durable=False) as server:
            with psycopg.connect(server.admin_url(), autocommit=True) as admin:
                admin.execute(f"GRANT pg_signal_backend TO {roles.OWNER}".encode())
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


def in_memory() -> Path | None:
    """A folder that lies in memory, where there is one with room, from which programs may run: the
    tests make hundreds of databases, each of a thousand files. None means the usual place."""
    with suppress(OSError):
        about = os.statvfs(MEMORY)
        has_room = about.f_bavail * about.f_frsize >= ROOM
        if has_room and not about.f_flag & getattr(os, "ST_NOEXEC", 0):
            return MEMORY
    return None


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresServer) -> str:
    """The name of a database that has every migration; the tests' databases are its copies."""
    make_database(postgres_server, TEMPLATE)
    migrate(postgres_server.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def empty_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of an empty database, for the tests of the migrations themselves."""
    name = f"empty_{uuid.uuid4().hex}"
    make_database(postgres_server, name)
    yield postgres_server.url(name)
    with psycopg.connect(postgres_server.admin_url(), autocommit=True) as connection:
        statement = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        connection.execute(statement.format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def databases(postgres_server: PostgresServer, migrated_template: str) -> Iterator[Databases]:
    """Where the tests' databases come from."""
    with psycopg.connect(postgres_server.admin_url(), autocommit=True) as admin:
        yield Databases(postgres_server, migrated_template, admin)


@pytest.fixture
def database_url(databases: Databases, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, migrated, empty database."""
    with databases.lent(new=request.node.get_closest_marker("plans") is not None) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings with a database of the test's own, in which the portal may do no more than it may in
    production, and a Temporal address where nobody listens."""
    return replace(
        settings_for(database_url.replace(roles.MIGRATE, roles.APP, 1)),
        database_migration_url=database_url,
        attachments_dir=tmp_path / "attachments",
        audit_log_dir=tmp_path / "audit" / "log",
        audit_key_file=tmp_path / "audit" / "key",
    )


@pytest.fixture(scope="session")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporalServer]:
    """The real development server in memory, search attributes registered."""
    with running_temporal(tmp_path_factory.mktemp("temporal") / "temporal.log") as server:
        yield server


@pytest.fixture
def temporal_settings(settings: Settings, temporal_server: TemporalServer) -> Settings:
    """Settings with the real Temporal server and a task queue of the test's own."""
    queue = f"test-{uuid.uuid4()}"
    return replace(settings, temporal_address=temporal_server.address, temporal_task_queue=queue)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium, which ./scripts/test installs where there is none."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    return found or pytest.fail("There is no Chromium here: install the package chromium.")


def settings_for(database_url: str) -> Settings:
    """Settings for tests, with a Temporal address where nobody listens."""
    return Settings(
        database_url=database_url,
        secret_key="only for tests: 0123456789abcdef",
        public_url="http://localhost",
        environment="test",
        temporal_address=NOBODY_LISTENS,
        outcome_wait_ms=0,
        database_pool_size=5,
        limits=LimitSettings(
            messages=0, requests=0, uploads=0, changes=0, searches=0, api_reads=0, api_writes=0
        ),
    )
