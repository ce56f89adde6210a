"""The canary: every hour a request goes the whole way; what came of it stands on `/admin/health`.

Its workflow is that of every request, begun and signalled on the server, on a queue that only this
process polls: submitted, routed, recorded, decided, past its undo window, closed.
"""

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from portal.background.checks import DONE, TROUBLE
from portal.domain.request.state import Approval, Status
from portal.workflows.approval import ApprovalWorkflow
from portal.workflows.messages import CommandMessage, StartApproval

CANARY = "canary"
EVERY = timedelta(hours=1)
LOOK_SECONDS = 15.0
LIMIT_SECONDS = 60.0
THREADS = 2

# Raw: an upsert that only one worker wins.
CLAIM = text("""
INSERT INTO portal.checks (name, begun_at) VALUES (:name, now())
ON CONFLICT (name) DO UPDATE SET begun_at = now() WHERE checks.begun_at < now() - :every
RETURNING begun_at
""")

log = structlog.get_logger("portal.worker")


class Canary(Protocol):
    """One request that leaves nothing behind, with the activities of its workflow."""

    @property
    def key(self) -> str:
        """Its id."""

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """What its workflow asks of the world."""

    def submit(self) -> CommandMessage:
        """The command that begins it."""

    def approve(self, state: Approval) -> CommandMessage:
        """The command that decides it."""

    def asked(self, seconds: float) -> Approval:
        """Its state once somebody is asked. Raises TimeoutError."""


@dataclass(frozen=True)
class CanaryWatch:
    """Sends one when an hour is over, of all workers one; `make` makes it, and it may take so many
    `seconds`."""

    engine: Engine
    client: Client
    queue: str
    make: Callable[[], Canary]
    seconds: float = LIMIT_SECONDS

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                if await asyncio.to_thread(self.claim):
                    await self.send()
            except SQLAlchemyError as error:
                log.warning("canary.not_noted", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    def claim(self) -> bool:
        """Whether one is due, and this process is to send it."""
        with self.engine.begin() as connection:
            values = {"name": CANARY, "every": EVERY}
            return connection.execute(CLAIM, values).one_or_none() is not None

    async def send(self) -> None:
        """Send one now, and note what came of it."""
        begun = time.monotonic()
        try:
            outcome = await asyncio.wait_for(self._sent(self.make()), self.seconds)
            trouble = "" if outcome == Status.APPROVED else f"It ended as {outcome}."
        except (TimeoutError, WorkflowFailureError):
            trouble = f"It was not approved within {self.seconds:.0f} s."
        except (RPCError, SQLAlchemyError, ValueError, RuntimeError) as error:
            trouble = f"{type(error).__name__}: {str(error)[:300]}"
        took = round((time.monotonic() - begun) * 1000)
        await asyncio.to_thread(self._note, took, trouble)

    async def _sent(self, canary: Canary) -> str:
        queue = f"{self.queue}-canary-{canary.key}"
        with ThreadPoolExecutor(THREADS, "canary") as pool:
            worker = Worker(
                self.client, task_queue=queue, workflows=[ApprovalWorkflow],
                activities=canary.activities, activity_executor=pool,
                workflow_runner=UnsandboxedWorkflowRunner(), no_remote_activities=True,
            )  # fmt: skip
            async with worker:
                handle = await self.client.start_workflow(
                    ApprovalWorkflow.run,
                    StartApproval(canary.key, command=canary.submit(), is_lean=True),
                    id=f"canary-{canary.key}",
                    task_queue=queue,
                    execution_timeout=timedelta(seconds=self.seconds),
                )
                state = await asyncio.to_thread(canary.asked, self.seconds / 2)
                await handle.signal(ApprovalWorkflow.command, canary.approve(state))
                return await handle.result()

    def _note(self, took_ms: int, trouble: str) -> None:
        with self.engine.begin() as connection:
            if trouble:
                connection.execute(TROUBLE, {"name": CANARY, "trouble": trouble})
                log.error("canary.failed", alarm=True, error=trouble)
            else:
                report = json.dumps({"ms": took_ms})
                connection.execute(DONE, {"name": CANARY, "report": report})
                log.info("canary.done", ms=took_ms)
