"""The dispatchers: each starts a workflow for each batch of messages that is due.

The outbox in PostgreSQL remembers what has to be sent. While Temporal or every worker is away it
waits there. A batch whose dispatcher dies before its workflow has begun is due again in half a
minute, one whose workflow is lost with the server when its lease is over.
"""

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from portal.config import Settings
from portal.webhooks.outbox import HookOutbox
from portal.workflows import names
from portal.workflows.delivering import WebhookWorkflow
from portal.workflows.messages import HookBatch, MessageBatch
from portal.workflows.sending import SendingWorkflow

LIMIT_SECONDS = 5.0
LONGEST_REST_SECONDS = 10.0
TIDY_SECONDS = 600.0

log = structlog.get_logger("portal.messages")


NextBatch = Callable[[], tuple[str, list[str], str] | None]


class Dispatcher:
    """One dispatcher; any number work side by side. `run` goes on until it is cancelled.

    `next_batch` takes what is due and answers its id, its messages and their channel; `put_back`
    says of a batch that it did not get on its way, `hold` that it did. All ask the database.
    """

    def __init__(
        self,
        client: Client,
        settings: Settings,
        next_batch: NextBatch,
        put_back: Callable[[str], None],
        hold: Callable[[str], None],
    ) -> None:
        self._client = client
        self._queue = settings.temporal_task_queue
        self._interval = settings.messages_interval_ms / 1000
        self._next_batch = next_batch
        self._put_back = put_back
        self._hold = hold
        self._failures = 0

    async def run(self) -> None:
        """Look for what is due, again and again; more rarely while something is away."""
        while True:
            try:
                went = await self.turn()
            except SQLAlchemyError as error:
                went = False
                self._failures += 1
                log.warning("messages.database_away", error=type(error).__name__)
            if not went:
                rest = self._interval * 2 ** min(self._failures, 8)
                await asyncio.sleep(min(rest, max(LONGEST_REST_SECONDS, self._interval)))

    async def turn(self) -> bool:
        """Start one batch; False if there was none, or if the server gave no answer."""
        batch = await asyncio.to_thread(self._next_batch)
        if batch is None:
            self._failures = 0
            return False
        try:
            await self._start(*batch)
        except (RPCError, RuntimeError, TimeoutError) as error:
            self._failures += 1
            log.warning("messages.not_started", batch=batch[0], error=type(error).__name__)
            await asyncio.to_thread(self._put_back, batch[0])
            return False
        self._failures = 0
        await asyncio.to_thread(self._hold, batch[0])
        return True

    async def _start(self, batch_id: str, message_ids: list[str], channel: str) -> None:
        queue_of = names.sending_queue if channel == "mail" else names.chat_queue
        async with asyncio.timeout(LIMIT_SECONDS):
            await self._client.start_workflow(
                SendingWorkflow.run,
                MessageBatch(batch_id, message_ids),
                id=names.sending_id(batch_id),
                task_queue=queue_of(self._queue),
                static_summary=f"{len(message_ids)} messages",
            )


class HookDispatcher(Dispatcher):
    """The same for webhooks, whose batches are of one endpoint each. What is settled is cleared up
    now and then."""

    def __init__(
        self,
        client: Client,
        settings: Settings,
        outbox: HookOutbox,
    ) -> None:
        super().__init__(client, settings, outbox.next_batch, outbox.put_back, outbox.hold)
        self._tidy = outbox.tidy
        self._tidied = 0.0

    async def turn(self) -> bool:
        """Clear up if that is due, then start one batch."""
        now = asyncio.get_running_loop().time()
        if now - self._tidied > TIDY_SECONDS:
            self._tidied = now
            await asyncio.to_thread(self._tidy)
        return await super().turn()

    async def _start(self, batch_id: str, message_ids: list[str], channel: str) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            await self._client.start_workflow(
                WebhookWorkflow.run,
                HookBatch(batch_id, message_ids, channel),
                id=names.webhook_id(batch_id),
                task_queue=names.webhook_queue(self._queue),
                static_summary=f"{len(message_ids)} webhooks",
            )
