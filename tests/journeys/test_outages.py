"""What people can do while parts are away, and what happens when they come back."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scripts.local.ports import any_free
from scripts.local.postgres import PostgresServer
from scripts.local.temporal import TemporalServer, launch_temporal, wait_until_serving
from tests.journeys.conftest import fresh_database
from tests.journeys.installation import Installation, running
from tests.journeys.people import Person
from tests.journeys.test_deciding import EXPENSE


class Outage:
    """An installation whose Temporal keeps its store on disk and can be stopped."""

    def __init__(self, folder: Path) -> None:
        """Start Temporal on a port that stays the same."""
        self.folder, self.port = folder, any_free()
        self.server = self._launch()

    def _launch(self) -> TemporalServer:
        server = launch_temporal(
            self.port, self.folder / "temporal.log", store=self.folder / "temporal.db"
        )
        wait_until_serving(server)
        return server

    def stop(self) -> None:
        """Temporal goes away."""
        self.server.stop()

    def start(self) -> None:
        """Temporal comes back with what it had."""
        self.server = self._launch()


@pytest.fixture(scope="module")
def temporal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    outage = Outage(tmp_path_factory.mktemp("temporal"))
    yield outage
    outage.stop()


@pytest.fixture(scope="module")
def installation(
    postgres_server: PostgresServer,
    migrated_template: str,
    temporal: Outage,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    url = fresh_database(postgres_server, migrated_template)
    folder = tmp_path_factory.mktemp("outages")
    address = temporal.server.address
    with running(url, address, folder, f"outages-{uuid.uuid4()}") as each:
        yield each


def test_worker_stopped_while_deciding(chromium: Browser, installation: Installation) -> None:
    tom = Person.arrive(chromium, installation, "tom.becker")
    number = tom.submit("expenses", EXPENSE)
    marta = Person.arrive(chromium, installation, "marta.lindqvist").open_from_inbox(number)
    installation.stop("worker")
    marta.decide("approve", "While nobody works.")
    expect(marta.page.locator("main")).to_contain_text("ecorded")
    installation.start_worker()
    tom.sees(number, "While nobody works.")


def test_temporal_stopped_while_submitting_and_deciding(
    chromium: Browser, installation: Installation, temporal: Outage
) -> None:
    tom = Person.arrive(chromium, installation, "tom.becker")
    earlier = tom.submit("expenses", EXPENSE | {"title": "Before the outage"})
    marta = Person.arrive(chromium, installation, "marta.lindqvist").open_from_inbox(earlier)
    temporal.stop()
    marta.decide("approve", "During the outage.")
    expect(marta.page.locator("main")).to_contain_text("ecorded")
    number = tom.submit("expenses", EXPENSE | {"title": "During the outage"})
    tom.go("/requests")
    assert number in tom.text()
    assert "Starting" in tom.text()
    temporal.start()
    tom.sees(earlier, "During the outage.")
    marta.open_from_inbox(number).decide("approve")
    tom.sees(number, "Finance")
