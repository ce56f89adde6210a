"""One installation for all journeys of a process, and people who come and go."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scripts.local.postgres import PostgresServer
from scripts.local.temporal import TemporalServer
from tests.browsers import PATIENCE_MS, launched
from tests.databases import make_database
from tests.journeys.installation import Installation, running
from tests.journeys.people import Person

expect.set_options(timeout=PATIENCE_MS)


def fresh_database(server: PostgresServer, template: str) -> str:
    """A database of one's own, made from the migrated one."""
    name = f"journey_{uuid.uuid4().hex}"
    make_database(server, name, template)
    return server.app_url(name)


@pytest.fixture(scope="session")
def installation(
    postgres_server: PostgresServer,
    migrated_template: str,
    temporal_server: TemporalServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """The portal with the demonstration; undo windows are nothing."""
    url = fresh_database(postgres_server, migrated_template)
    folder = tmp_path_factory.mktemp("installation")
    with running(url, temporal_server.address, folder, f"journeys-{uuid.uuid4()}") as each:
        yield each


@pytest.fixture(scope="module")
def chromium(chromium: str) -> Iterator[Browser]:
    """The browser."""
    with launched(chromium) as browser:
        yield browser


@pytest.fixture
def somebody(chromium: Browser, installation: Installation) -> Iterator[Callable[..., Person]]:
    """Call it with a key of the demonstration: that person, signed in, in a browser."""
    there: list[Person] = []

    def arrive(key: str, *, script: bool = True, locale: str = "en-GB") -> Person:
        there.append(Person.arrive(chromium, installation, key, script=script, locale=locale))
        return there[-1]

    yield arrive
    for person in there:
        person.leave()


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where pictures go."""
    return tmp_path
