"""A Temporal whose store was put back to an older state, under a worker that lives on."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.service import RPCError

from portal.app import create_app
from portal.background.reconcile import reconcile
from portal.config import Settings
from portal.domain.request.commands import Command
from portal.extensions import db
from portal.temporal import gateway
from scripts.local.ports import any_free
from scripts.local.temporal import TemporalServer, launch_temporal, wait_until_serving
from tests.temporal.history import History
from tests.temporal.office import Desk, Office, until
from tests.temporal.serving import worker_process

pytestmark = pytest.mark.temporal


class Store:
    """A server of the test's own with a store that can be kept aside and put back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = any_free()
        self._server = self._started()

    def _started(self) -> TemporalServer:
        store = self._folder / "store" / "temporal.sqlite"
        server = launch_temporal(self._port, self._folder / "temporal.log", store=store)
        wait_until_serving(server)
        return server

    @property
    def address(self) -> str:
        """Where it serves, before and after."""
        return self._server.address

    def keep(self) -> None:
        """Stop, copy the store, and go on."""
        self.stop()
        shutil.copytree(self._folder / "store", self._folder / "kept")
        self._server = self._started()

    def put_back(self) -> None:
        """Stop, take the copy, and go on."""
        self.stop()
        shutil.rmtree(self._folder / "store")
        shutil.copytree(self._folder / "kept", self._folder / "store")
        self._server = self._started()

    def stop(self) -> None:
        """End the server."""
        self._server.stop()


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


def test_everything_that_was_acknowledged_is_applied_and_nothing_runs_on(
    far: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.background.reconcile.AGAIN_SECONDS", 1.0)
    moved, closed, late = (far.another(f"PR-200{n}") for n in range(3))
    with worker_process(far.settings):
        applied(moved, moved.submit())
        applied(closed, closed.submit())
        store.keep()
        applied(moved, moved.decide(far.office.ana))
        applied(closed, closed.decide(far.office.ana, approve=False))
        applied(late, late.submit())
        store.put_back()
        until(lambda: compared(far))
        applied(moved, moved.decide(far.office.ben, opening=2))
        applied(late, late.comment())
    assert moved.status() == "APPROVED"
    assert History(closed).is_closed()


def applied(desk: Desk, command: Command) -> None:
    """Give a command, and wait for its outcome, however long it takes."""
    desk.issue(command)
    until(lambda: desk.row(command).applied_at)
    assert desk.row(command).outcome == "applied"


def compared(desk: Desk) -> bool:
    """Whether nothing differs any more; the server may not have come up yet."""
    try:
        return not reconcile(desk.settings, desk.engine).findings
    except (RPCError, RuntimeError):
        return False
