"""A desk in a real office: its own database, and the real Temporal server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from portal.app import create_app
from portal.config import Settings
from portal.extensions import db
from portal.temporal import gateway
from portal.temporal.gateway import Gateway
from tests.asynchronous import loop, pytest_pyfunc_call
from tests.temporal.office import Desk, Office
from tests.temporal.serving import Store, worker_inside

__all__ = ["loop", "pytest_pyfunc_call"]


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Connections to the test's own database."""
    engine = create_engine(settings.sqlalchemy_url)
    yield engine
    engine.dispose()


@pytest.fixture
def office(engine: Engine) -> Office:
    """People and a policy without an undo window, in the database."""
    office = Office()
    with engine.begin() as connection:
        office.insert(connection)
    return office


@pytest.fixture
def desk(temporal_settings: Settings, engine: Engine, office: Office) -> Iterator[Desk]:
    """A desk whose clicks wait up to five seconds for their outcome."""
    settings = replace(temporal_settings, outcome_wait_ms=5000, relay_interval_ms=20)
    app = create_app(settings)
    yield Desk(settings, engine, office, app)
    gateway.current().close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def worker(desk: Desk) -> Iterator[None]:
    """A worker that serves the desk."""
    with worker_inside(desk.settings):
        yield


@pytest.fixture
def door(desk: Desk) -> Iterator[Gateway]:
    """A gateway of the test's own."""
    door = Gateway(desk.settings)
    yield door
    door.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The server, running."""
    store = Store(tmp_path)
    yield store
    store.stop()


@pytest.fixture
def far(settings: Settings, engine: Engine, office: Office, store: Store) -> Iterator[Desk]:
    """A desk of that server."""
    settings = replace(
        settings, temporal_address=store.address, temporal_task_queue="put-back",
        outcome_wait_ms=5000, relay_interval_ms=20,
    )  # fmt: skip
    app = create_app(settings)
    yield Desk(settings, engine, office, app)
    gateway.current().close()
    with app.app_context():
        db.engine.dispose()
