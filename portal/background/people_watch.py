"""The part of a worker that sees to people: absences that begin and end, changes, and who left."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from portal.background import absences, people_reviews
from portal.background.people_reviews import Progress

# How often it is looked for what nobody told the portal about.
UNTOLD_SECONDS = 60.0
AFTER_FAILURE_SECONDS = 10.0

log = structlog.get_logger("portal.people")


@dataclass
class PeopleWatch:
    """Any number may run side by side; each turn is short, and safe to repeat or to miss."""

    engine: Engine
    interval: float
    _progress: Progress = field(default_factory=Progress)
    _untold_at: float = 0.0

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                busy = await asyncio.to_thread(self.turn)
            except SQLAlchemyError as error:
                log.warning("people.turn_failed", error=type(error).__name__)
                await asyncio.sleep(AFTER_FAILURE_SECONDS)
                continue
            if not busy:
                await asyncio.sleep(self.interval)

    def turn(self) -> bool:
        """Do what is due now, a page of each; True if there may be more at once."""
        moved = self._in_transaction(absences.follow)
        busy = self._in_transaction(self._go_on)
        if time.monotonic() >= self._untold_at:
            moved += self._in_transaction(people_reviews.find_unfit)
            self._untold_at = time.monotonic() + UNTOLD_SECONDS
        if moved:
            log.info("people.commands_given", number=moved)
        return bool(busy or moved)

    def _go_on(self, connection: Connection) -> int:
        return int(people_reviews.follow(connection, self._progress))

    def _in_transaction(self, work: Callable[[Connection], int]) -> int:
        with self.engine.begin() as connection:
            return work(connection)
