"""A worker: workflows, activities and the relay in one process; any number may run.

`python worker.py` takes its settings from the environment (see portal.config), waits for the
database and for Temporal, polls until SIGTERM or SIGINT, finishes what it has begun, and ends
with code 0. Code 2: a setting is missing or unsafe. Code 1: it could not go on.
"""

import asyncio
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from portal import logs
from portal.activities.rebuild import rebuild
from portal.activities.record import RecordActivity, refuse_late
from portal.activities.route import RouteActivity
from portal.activities.staff import StaffActivity
from portal.config import ConfigurationError, Settings
from portal.temporal import client as clients
from portal.temporal import search_attributes
from portal.temporal.people_watch import PeopleWatch
from portal.temporal.relay import Relay, Repairs
from portal.temporal.upkeep import Upkeep
from portal.temporal.waiting import NotYet, wait_for
from portal.workflows.approval import ApprovalWorkflow
from portal.workflows.simple import SimpleApprovalWorkflow

CONNECT_SECONDS = 5
STATEMENT_MS = 10_000
RELAY_CONNECTIONS = 4
CACHED_WORKFLOWS = 1000

log = structlog.get_logger("portal.worker")


def main() -> int:
    """Run a worker until a signal comes; returns the process's exit code."""
    try:
        settings = Settings.from_environment()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_level)
    # The ids go onto the log lines as fields of their own, not into the sentences.
    workflow.logger.workflow_info_on_message = False
    return asyncio.run(Process(settings).run())


class Process:
    """The worker process: everything it holds, from the first wait to the last commit."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        # One connection for each activity that may run, so that none waits for another's.
        self.engine = engine(settings, settings.worker_max_activities, "gloria-worker")
        self.side_engine = engine(settings, RELAY_CONNECTIONS, "gloria-relay")

    async def run(self) -> int:
        """Wait for the servers, serve, stop gracefully."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        try:
            client = await _unless(stop, self._servers())
            return 0 if client is None else await self._serve(client, stop)
        finally:
            self.engine.dispose()
            self.side_engine.dispose()
            print("Worker stopped.", flush=True)

    async def _servers(self) -> Client:
        """Wait for PostgreSQL, then for Temporal; the connected client."""
        settings = self.settings
        await wait_for("PostgreSQL", partial(require_tables, self.side_engine), say)
        runtime = clients.telemetry(settings.worker_metrics_port)
        place = f"Temporal at {settings.temporal_address}"
        client = await wait_for(place, partial(clients.connect_now, settings, runtime), say)
        await wait_for(place, partial(search_attributes.require, client), say)
        return client

    async def _serve(self, client: Client, stop: asyncio.Event) -> int:
        settings = self.settings
        upkeep = Upkeep(
            self.side_engine,
            self.name,
            settings.temporal_task_queue,
            settings.worker_heartbeat_seconds,
        )
        relay = Relay(self.side_engine, client, settings, Repairs(refuse_late, rebuild))
        watch = PeopleWatch(self.side_engine, settings.people_watch_seconds)
        with ThreadPoolExecutor(settings.worker_max_activities, "activity") as executor:
            worker = self.worker(client, executor)
            serving = asyncio.create_task(worker.run())
            say(
                f"Connected to Temporal at {settings.temporal_address},"
                f" namespace {settings.temporal_namespace};"
                f" polling task queue {settings.temporal_task_queue}."
            )
            chores = [
                asyncio.create_task(chore)
                for chore in (relay.run(), watch.run(), upkeep.beat(), upkeep.keep_partitions())
            ]
            code = await _first_end(stop, serving, *chores)
            say("Stopping: finishing what was begun.")
            await _cancel(chores)
            await worker.shutdown()
            await asyncio.gather(serving, return_exceptions=True)
            await asyncio.to_thread(upkeep.leave)
        return code

    def worker(self, client: Client, executor: ThreadPoolExecutor) -> Worker:
        """What polls: both workflows, and their activities, which all run beside them."""
        settings = self.settings
        return Worker(
            client,
            task_queue=settings.temporal_task_queue,
            workflows=[ApprovalWorkflow, SimpleApprovalWorkflow],
            activities=self.activities(),
            activity_executor=executor,
            # The sandbox costs a fifth of the worker's time and would guard these two classes
            # only: all they use is the pure domain, which tests hold to be deterministic.
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_concurrent_local_activities=settings.worker_max_activities,
            no_remote_activities=True,
            max_cached_workflows=CACHED_WORKFLOWS,
            identity=self.name,
            graceful_shutdown_timeout=timedelta(seconds=settings.worker_shutdown_seconds),
        )

    def activities(self) -> list[Any]:
        """The activities, with the connections they need."""
        return [
            RecordActivity(self.engine).record,
            RouteActivity(self.engine).route,
            StaffActivity(self.engine).staff,
        ]


def engine(settings: Settings, size: int, name: str) -> Engine:
    """A pool of connections that lets nothing wait for ever."""
    return create_engine(
        settings.sqlalchemy_url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": name,
            "options": f"-c statement_timeout={STATEMENT_MS} -c timezone=UTC",
        },
    )


async def require_tables(engine: Engine) -> None:
    """Return if the database answers and has our tables; raises NotYet with the reason."""
    try:
        await asyncio.to_thread(_look_at_tables, engine)
    except OperationalError as error:
        raise NotYet("it does not answer, or not to us") from error
    except DBAPIError as error:
        raise NotYet("its tables are missing: run flask db upgrade") from error


def _look_at_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM portal.commands LIMIT 0"))


def say(sentence: str) -> None:
    """A line for people on standard output, beside the JSON lines on standard error."""
    print(sentence, flush=True)


async def _unless(stop: asyncio.Event, work: Any) -> Any:
    """The result of `work`, or None if a signal came first."""
    task = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await _cancel([stopping])
        return task.result()
    await _cancel([task])
    return None


async def _first_end(stop: asyncio.Event, *tasks: asyncio.Task[None]) -> int:
    """Wait for a signal (0), or for a part that ends by itself (1), which is logged."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    if stopping in done:
        return 0
    await _cancel([stopping])
    for task in done:
        log.error("worker.part_ended", alarm=True, exc_info=task.exception())
    return 1


async def _cancel(tasks: list[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    sys.exit(main())
