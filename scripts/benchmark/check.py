"""What the comparison of the record with Temporal costs, with many open requests that are well.

Up to `REAL` of them run on the server. Of more the server's list is played back: pages of 1,000 as
it writes them, with other ids. So what the portal does is measured whole, and the server's part is
that of the real ones.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine
from temporalio.api.workflowservice.v1 import (
    ListWorkflowExecutionsRequest,
    ListWorkflowExecutionsResponse,
)
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from portal.background.reconcile import reconcile
from portal.config import Settings
from portal.temporal import client as clients
from portal.temporal import running
from portal.workflows import names
from scripts.benchmark import pages
from scripts.benchmark.stack import environment, processor_seconds
from scripts.local.postgres import PostgresServer
from scripts.local.temporal import TemporalServer

IN_FLIGHT = 16
SEQ = 4
REAL = 2_000
MANY = 100_000


def measure(
    url: str, postgres: PostgresServer, temporal: TemporalServer, size: int, folder: Path
) -> dict[str, object]:
    """One comparison of so many open requests, each with its workflow; nothing polls them."""
    played = PlayedBack()
    pages.prepared(url, size, folder)
    settings = _settings(url, temporal)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE portal.requests SET status = 'PENDING', closed_at = NULL, next_at = NULL,"
            " last_seq = 4"
        )
        rows = connection.execute("SELECT workflow, id::text FROM portal.requests").fetchall()
        ids = [names.address(*row)[1] for row in rows]
    asyncio.run(_start(settings, ids[:REAL] if len(ids) > REAL else ids))
    if len(ids) > REAL:
        asyncio.run(played.record(settings, ids))
    parts = {
        "portal": os.getpid(),
        "temporal": temporal.service.process.pid,
        "postgres": postgres.service.process.pid,
    }
    before = {name: processor_seconds(pid) for name, pid in parts.items()}
    begun = time.monotonic()
    engine = create_engine(settings.sqlalchemy_url)
    with played.served():
        report = reconcile(settings, engine)
    engine.dispose()
    took = time.monotonic() - begun
    used = {name: processor_seconds(pid) - before[name] for name, pid in parts.items()}
    return {
        "open requests": report.open,
        "compared": report.running,
        "found": len(report.findings),
        "pages played back": played.asked,
        "seconds": round(took, 1),
        **{f"{name} CPU s": round(seconds, 2) for name, seconds in used.items()},
        f"portal CPU s for {MANY:,}": round(used["portal"] * MANY / max(report.open, 1), 1),
    }


def _settings(url: str, temporal: TemporalServer) -> Settings:
    settings = Settings.from_environment(environment(url, temporal.address, 8000))
    return replace(settings, temporal_task_queue="bench-check")


class PlayedBack:
    """The server's list of what runs for the requests, kept as bytes; none: the server answers."""

    def __init__(self) -> None:
        self._pages: list[bytes] = []
        self.asked = 0

    async def record(self, settings: Settings, ids: list[str]) -> None:
        """Make the pages after the one that the server gives now."""
        client = await Client.connect(settings.temporal_address)
        query = running.on_queues(settings.temporal_task_queue)
        answer = await client.workflow_service.list_workflow_executions(
            ListWorkflowExecutionsRequest(
                namespace=client.namespace, page_size=running.PAGE, query=query
            )
        )
        for first in range(0, len(ids), running.PAGE):
            part = ids[first : first + running.PAGE]
            page = ListWorkflowExecutionsResponse(executions=answer.executions[: len(part)])
            for info, each in zip(page.executions, part, strict=True):
                info.execution.workflow_id = each
            is_last = first + running.PAGE >= len(ids)
            page.next_page_token = b"" if is_last else str(first // running.PAGE + 1).encode()
            self._pages.append(page.SerializeToString())

    @contextmanager
    def served(self) -> Iterator[None]:
        """Inside, whoever connects is given these pages."""
        connect = clients.connect

        async def connected(settings: Settings, *, patient: bool = False) -> Client:
            client = await connect(settings, patient=patient)
            service = client.workflow_service
            ask = service.list_workflow_executions
            query = running.on_queues(settings.temporal_task_queue)

            async def answer(
                request: ListWorkflowExecutionsRequest, **how: Any
            ) -> ListWorkflowExecutionsResponse:
                if request.query != query:
                    return await ask(request, **how)
                self.asked += 1
                page = self._pages[int(request.next_page_token or b"0")]
                return ListWorkflowExecutionsResponse.FromString(page)

            service.list_workflow_executions = answer  # type: ignore[assignment, method-assign]
            return client

        if self._pages:
            clients.connect = connected
        try:
            yield
        finally:
            clients.connect = connect


async def _start(settings: Settings, ids: list[str]) -> None:
    """Start workflows with these ids that say their place, and wait until all are listed."""
    client = await Client.connect(settings.temporal_address)
    queue, waiting = settings.temporal_task_queue, iter(ids)
    now = datetime.now(UTC)
    attributes = TypedSearchAttributes(
        [SearchAttributePair(names.PLACE, str(SEQ)), SearchAttributePair(names.OPENED_AT, now)]
    )

    async def work() -> None:
        for each in waiting:
            await client.start_workflow(
                "ApprovalWorkflow",
                id=each,
                task_queue=queue,
                search_attributes=attributes,
            )

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    await _listed(client, queue, len(ids))


async def _listed(client: Client, queue: str, number: int) -> None:
    """The server's list is complete a while after the last start, and tells nobody."""
    for _ in range(600):
        if (await client.count_workflows(running.on_queues(queue))).count >= number:
            return
        await asyncio.sleep(0.2)
    raise TimeoutError("the server's list stays behind")
