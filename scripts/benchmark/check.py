"""What the comparison of the record with Temporal costs, with many open requests that are well."""

import asyncio
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import create_engine
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from portal.background.reconcile import reconcile
from portal.config import Settings
from portal.temporal import running
from portal.workflows import names
from scripts.benchmark import pages
from scripts.benchmark.stack import environment, processor_seconds
from scripts.local.postgres import PostgresServer
from scripts.local.temporal import TemporalServer

IN_FLIGHT = 16
SEQ = 4
MANY = 100_000


def measure(
    url: str, postgres: PostgresServer, temporal: TemporalServer, size: int, folder: Path
) -> dict[str, object]:
    """One comparison of so many open requests, each with its workflow; nothing polls them."""
    pages.prepared(url, size, folder)
    settings = _settings(url, temporal)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE portal.requests SET status = 'PENDING', closed_at = NULL, next_at = NULL,"
            " last_seq = 4"
        )
        rows = connection.execute("SELECT workflow, id::text FROM portal.requests").fetchall()
        ids = [names.address(*row)[1] for row in rows]
    asyncio.run(_start(settings, ids))
    parts = {
        "portal": os.getpid(),
        "temporal": temporal.service.process.pid,
        "postgres": postgres.service.process.pid,
    }
    before = {name: processor_seconds(pid) for name, pid in parts.items()}
    begun = time.monotonic()
    engine = create_engine(settings.sqlalchemy_url)
    report = reconcile(settings, engine)
    engine.dispose()
    took = time.monotonic() - begun
    used = {name: processor_seconds(pid) - before[name] for name, pid in parts.items()}
    return {
        "open requests": report.open,
        "compared": report.running,
        "found": len(report.findings),
        "seconds": round(took, 1),
        **{f"{name} CPU s": round(seconds, 2) for name, seconds in used.items()},
        f"portal CPU s for {MANY:,}": round(used["portal"] * MANY / max(report.open, 1), 1),
    }


def _settings(url: str, temporal: TemporalServer) -> Settings:
    settings = Settings.from_environment(environment(url, temporal.address, 8000))
    return replace(settings, temporal_task_queue="bench-check")


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
