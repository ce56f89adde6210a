"""What a worker does beside its work: it says that it lives, and makes room in the record."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Engine, delete, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from portal.models import WorkerHeartbeat

FORGET_AFTER = timedelta(days=1)
DAY_SECONDS = 24 * 3600.0
AFTER_FAILURE_SECONDS = 60.0

log = structlog.get_logger("portal.worker")


@dataclass(frozen=True)
class Heartbeat:
    """The chores of one worker, named `worker`, which polls `queue`."""

    engine: Engine
    worker: str
    queue: str
    beat_seconds: float

    async def beat(self) -> None:
        """Keep the worker's row fresh until cancelled; `/readyz` reads it."""
        while True:
            await self._try("heartbeat", self._beat_once)
            await asyncio.sleep(self.beat_seconds)

    async def keep_partitions(self) -> None:
        """Once a day, see that the record has room for the months to come, until cancelled."""
        while True:
            done = await self._try("partitions", self._make_partitions)
            await asyncio.sleep(DAY_SECONDS if done else AFTER_FAILURE_SECONDS)

    def leave(self) -> None:
        """Take the row away: the worker polls no more. A failure is no reason to stay."""
        try:
            with self.engine.begin() as connection:
                mine = WorkerHeartbeat.worker == self.worker
                connection.execute(delete(WorkerHeartbeat).where(mine))
        except SQLAlchemyError as error:
            log.warning("worker.leave_failed", error=type(error).__name__)

    async def _try(self, what: str, work: Callable[[], None]) -> bool:
        try:
            await asyncio.to_thread(work)
        except SQLAlchemyError as error:
            log.warning("worker.chore_failed", chore=what, error=type(error).__name__)
            return False
        return True

    def _beat_once(self) -> None:
        row = insert(WorkerHeartbeat).values(
            worker=self.worker, task_queue=self.queue, seen_at=func.now()
        )
        row = row.on_conflict_do_update(
            index_elements=[WorkerHeartbeat.worker], set_={"seen_at": func.now()}
        )
        forgotten = WorkerHeartbeat.seen_at < func.now() - FORGET_AFTER
        with self.engine.begin() as connection:
            connection.execute(row)
            connection.execute(delete(WorkerHeartbeat).where(forgotten))

    def _make_partitions(self) -> None:
        # Raw: a function of the database.
        # Far ahead: events of a month without a partition land in the default one, and stay there.
        words = "SELECT portal.ensure_audit_partitions(current_date, current_date + 365)"
        with self.engine.begin() as connection:
            connection.execute(text(words))
