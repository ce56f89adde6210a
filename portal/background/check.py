"""The check activity: compares the record with what runs, and counts figures of past weeks."""

from sqlalchemy import Engine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from portal.background.counting import count_weeks
from portal.background.reconcile import reconcile
from portal.config import Settings
from portal.workflows.ports import Checker


class CheckActivity(Checker):
    """The checker over the record in PostgreSQL."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine

    @activity.defn(name="check_workflows")
    def check(self) -> None:
        """Compare (see the port)."""
        try:
            reconcile(self._settings, self._engine, alive=_go_on)
        finally:
            count_weeks(self._engine, _go_on)


def _go_on() -> None:
    """Say that the check is under way. A worker that stops leaves it to another."""
    if activity.is_worker_shutdown():
        raise ApplicationError("The worker is stopping.", type="Stopping")
    activity.heartbeat()
