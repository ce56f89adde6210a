"""The watch in the worker that counts closed requests, for insights: many at a time, behind the
transactions that recorded their ends."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import Engine

from portal.directory.facts import catch_up

PAUSE_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 15.0


@dataclass(frozen=True)
class FactsWatch:
    """Writes the figures that are due; whatever a worker leaves is found by the next look."""

    engine: Engine

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            pause = await asyncio.to_thread(self.turn)
            await asyncio.sleep(pause)

    def turn(self) -> float:
        """Write what is due; seconds until the next look."""
        return PAUSE_SECONDS if catch_up(self.engine) else AFTER_FAILURE_SECONDS
