"""The watch in the worker that sends the log to security information systems."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from portal.domain.proof.streams import MOST_STREAMS
from portal.webhooks.streams import StreamSending

PAUSE_SECONDS = 2.0
AFTER_FAILURE_SECONDS = 15.0

log = structlog.get_logger("portal.worker")


@dataclass(frozen=True)
class StreamWatch:
    """Sends what is new; each stream on its own, so that a slow receiver holds up no other."""

    sending: StreamSending

    async def run(self) -> None:
        """Send until cancelled."""
        pool = ThreadPoolExecutor(MOST_STREAMS, "stream")
        try:
            await asyncio.gather(*(self._lane(pool) for _ in range(MOST_STREAMS)))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    async def _lane(self, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            pause = PAUSE_SECONDS
            try:
                if await loop.run_in_executor(pool, self.sending.next):
                    pause = 0.0
            except SQLAlchemyError as error:
                log.warning("streams.failed", error=type(error).__name__)
                pause = AFTER_FAILURE_SECONDS
            except Exception:  # one entry must not end the worker; its stream shows why
                log.exception("streams.broke_off", alarm=True)
                pause = AFTER_FAILURE_SECONDS
            await asyncio.sleep(pause)
