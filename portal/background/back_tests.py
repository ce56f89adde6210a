"""The watch in the worker that does back-tests which take longer than a page may."""

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from portal.directory import back_test
from portal.domain.errors import DomainError

PAUSE_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 15.0

log = structlog.get_logger("portal.worker")

# One that shows no life any more is begun anew: its worker is gone.
# Raw: takes a row that no other worker has.
CLAIM = text("""
UPDATE portal.type_back_tests SET seen_at = now(), done = 0 WHERE id = (
    SELECT id FROM portal.type_back_tests
    WHERE finished_at IS NULL AND (seen_at IS NULL OR seen_at < now() - interval '60 seconds')
    ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id
""")


@dataclass(frozen=True)
class BackTestWatch:
    """Does what is asked for, one after the other."""

    engine: Engine

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                done = await asyncio.to_thread(self.next)
                pause = 0.0 if done else PAUSE_SECONDS
            except SQLAlchemyError as error:
                log.warning("back_test.failed", error=type(error).__name__)
                pause = AFTER_FAILURE_SECONDS
            await asyncio.sleep(pause)

    def next(self) -> bool:
        """Do the one that waits longest; whether there was one."""
        with self.engine.begin() as connection:
            test_id = connection.scalar(CLAIM)
        if test_id is None:
            return False
        try:
            with self.engine.connect() as connection:
                reading = connection.execution_options(isolation_level="AUTOCOMMIT")
                found = back_test.run(reading, str(test_id), lambda n: self._tell(str(test_id), n))
        except (DomainError, LookupError, ValueError, TypeError) as error:
            log.warning("back_test.refused", error=type(error).__name__)
            with self.engine.begin() as connection:
                back_test.finish(connection, str(test_id), None, str(error)[:500])
        else:
            with self.engine.begin() as connection:
                back_test.finish(connection, str(test_id), found)
        return True

    def _tell(self, test_id: str, done: int) -> None:
        with self.engine.begin() as connection:
            back_test.tell(connection, test_id, done)
