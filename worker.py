"""A worker: workflows, activities and the relay in one process; any number may run.

`python worker.py` takes its settings from the environment (see portal.config), waits for the
database and for Temporal, polls until SIGTERM or SIGINT, finishes what it has begun, and ends
with code 0. Code 2: a setting is missing or unsafe. Code 1: it could not go on. SIGHUP: it reads
settings and certificates anew and begins again as the same process, if it could work with them.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from portal import logs, presentation
from portal.activities.canary import CanaryActivity, CanaryRequest
from portal.activities.deliver import DeliverActivity
from portal.activities.record import RecordActivity, refuse_late
from portal.activities.route import RouteActivity
from portal.activities.send import FigureActivity, SendActivity
from portal.activities.staff import StaffActivity
from portal.background.back_tests import BackTestWatch
from portal.background.canary import CanaryWatch
from portal.background.check import CheckActivity
from portal.background.cleaning import CleaningActivity
from portal.background.dispatch import Dispatcher, HookDispatcher
from portal.background.endings import cancel, first_end, unless
from portal.background.facts import FactsWatch
from portal.background.heartbeat import Heartbeat
from portal.background.people_reviews import PeopleWatch
from portal.background.publications import PublicationWatch
from portal.background.relay import Relay
from portal.background.sealing import SealActivity
from portal.background.streams import StreamWatch
from portal.config import ROOT, ConfigurationError, Settings
from portal.doctor import reloading
from portal.doctor.database import reason
from portal.extensions import Door
from portal.models.schema import gap, revisions_run
from portal.notifications import channels
from portal.notifications.chat import ChatSending
from portal.notifications.monthly import MonthlySending
from portal.notifications.outbox import Outbox
from portal.notifications.password_mail import PasswordMail
from portal.notifications.sending import Sending
from portal.temporal import client as clients
from portal.temporal import schedules, search_attributes
from portal.temporal.client import NotYet, wait_for
from portal.webhooks.outbox import SENDERS as HOOK_SENDERS
from portal.webhooks.outbox import HookOutbox
from portal.webhooks.sending import HookSending
from portal.webhooks.streams import StreamSending
from portal.workflows import names
from portal.workflows.approval import ApprovalWorkflow
from portal.workflows.check import CheckWorkflow
from portal.workflows.cleaning import CleaningWorkflow
from portal.workflows.delivering import WebhookWorkflow
from portal.workflows.digest import DigestWorkflow
from portal.workflows.monthly import MonthlyWorkflow
from portal.workflows.sealing import SealWorkflow, VerifyWorkflow
from portal.workflows.sending import SendingWorkflow
from portal.workflows.simple import SimpleApprovalWorkflow

CONNECT_SECONDS = 5
STATEMENT_MS = 10_000
RELAY_CONNECTIONS = 4
SENDERS = 4
HOOK_CONNECTIONS = 6
CACHED_WORKFLOWS = 1000

log = logs.named("portal.worker")


def main() -> int:
    """Run a worker until a signal comes, or with the word `sealer` only what seals the record;
    returns the process's exit code."""
    try:
        settings = Settings.from_environment()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_level)
    # The ids go onto the log lines as fields of their own, not into the sentences.
    workflow.logger.workflow_info_on_message = False
    process = Process(settings, only_seals=sys.argv[1:] == ["sealer"])
    code = asyncio.run(process.run())
    if process.begins_again:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the new handler is there
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - as it began
    return code


class Process:
    """The worker process: everything it holds, from the first wait to the last commit."""

    def __init__(self, settings: Settings, *, only_seals: bool = False) -> None:
        self.settings = settings
        self.only_seals = only_seals
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        # One connection for each activity that may run, so that none waits for another's.
        self.engine = engine(settings, settings.worker_max_activities, "gloria-worker")
        self.side_engine = engine(settings, RELAY_CONNECTIONS, "gloria-relay")
        self.sending_engine = engine(settings, 2 * SENDERS + 1, "gloria-messages")
        # Those who deliver ask it for moments only, between two talks with a receiver.
        self.hook_engine = engine(settings, HOOK_CONNECTIONS, "gloria-webhooks")
        self.begins_again = False
        self._reloading: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Wait for the servers, serve, stop gracefully."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        # A terminal that is closed says the same and means the end.
        on_terminal = sys.stdin is not None and sys.stdin.isatty()
        loop.add_signal_handler(
            signal.SIGHUP, stop.set if on_terminal else partial(self._reload, stop)
        )
        try:
            client = await unless(stop, self._servers())
            serve = self.seal if self.only_seals else self._serve
            return 0 if client is None else await serve(client, stop)
        finally:
            self.dispose()
            self.say("Worker begins again." if self.begins_again else "Worker stopped.")

    def _reload(self, stop: asyncio.Event) -> None:
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._begin_again(stop))

    async def _begin_again(self, stop: asyncio.Event) -> None:
        """Stop to begin again with what the settings say by now; else name what is wrong."""
        wrong = await asyncio.to_thread(reloading.refusal, temporal=True)
        if wrong is None:
            self.begins_again = not stop.is_set()
            stop.set()
            return
        log.error("worker.reload_refused", alarm=True, error=wrong)
        self.say(f"Goes on with the settings it has: {wrong}")

    def say(self, sentence: str) -> None:
        """A line for people; in production one like every other."""
        if self.settings.is_production:
            log.info("worker.says", said=sentence)
        else:
            print(sentence, flush=True)

    def dispose(self) -> None:
        """Close every connection to the database."""
        for each in (self.engine, self.side_engine, self.sending_engine, self.hook_engine):
            each.dispose()

    async def _servers(self) -> Client:
        """Wait for PostgreSQL, then for Temporal; the connected client."""
        settings = self.settings
        await wait_for("PostgreSQL", partial(require_tables, self.side_engine), self.say)
        runtime = clients.telemetry(settings.worker_metrics_port, self.say)
        place = f"Temporal at {settings.temporal_address}"
        client = await wait_for(place, partial(clients.connect_now, settings, runtime), self.say)
        await wait_for(place, partial(search_attributes.require, client), self.say)
        return client

    async def _serve(self, client: Client, stop: asyncio.Event) -> int:
        settings = self.settings
        heartbeat = Heartbeat(
            self.side_engine,
            self.name,
            settings.temporal_task_queue,
            settings.worker_heartbeat_seconds,
        )
        with (
            ThreadPoolExecutor(settings.worker_max_activities, "activity") as executor,
            ThreadPoolExecutor(SENDERS, "sender") as senders,
            ThreadPoolExecutor(SENDERS, "chat") as chatters,
            ThreadPoolExecutor(HOOK_SENDERS, "webhook") as tellers,
            ThreadPoolExecutor(1, "check") as checkers,
            ThreadPoolExecutor(1, "sealer") as sealers,
        ):
            workers = [
                self.worker(client, executor),
                *self.senders(client, senders, chatters),
                self.hook_sender(client, tellers),
                self.checker(client, checkers),
                *([self.sealer(client, sealers)] if settings.audit_sealer == "worker" else []),
            ]
            serving = [asyncio.create_task(worker.run()) for worker in workers]
            self.say(
                f"Connected to Temporal at {settings.temporal_address},"
                f" namespace {settings.temporal_namespace};"
                f" polling task queue {settings.temporal_task_queue}."
            )
            chores = [asyncio.create_task(run) for run in self._chores(client, heartbeat)]
            code = await first_end(stop, *serving, *chores)
            self.say("Stopping: finishing what was begun.")
            await cancel(chores)
            await asyncio.gather(*(worker.shutdown() for worker in workers))
            await asyncio.gather(*serving, return_exceptions=True)
            await asyncio.to_thread(heartbeat.leave)
        return code

    def _chores(
        self, client: Client, heartbeat: Heartbeat
    ) -> tuple[Coroutine[Any, Any, None], ...]:
        """What runs beside requests until the worker stops."""
        settings = self.settings
        outbox = Outbox(self.sending_engine, channels.of(settings))
        dispatcher = Dispatcher(client, settings, outbox.next_batch, outbox.put_back, outbox.hold)
        words = presentation.letters(ROOT / "templates")
        canary = CanaryWatch(
            self.side_engine,
            client,
            settings.temporal_task_queue,
            lambda: CanaryActivity(self.side_engine, CanaryRequest()),
        )
        return (
            *([canary.run()] if settings.canary else []),
            schedules.keep(client, settings.temporal_task_queue),
            Relay(self.side_engine, client, settings, refuse_late).run(),
            dispatcher.run(),
            HookDispatcher(client, settings, HookOutbox(self.hook_engine)).run(),
            PeopleWatch(self.side_engine, settings.people_watch_seconds).run(),
            BackTestWatch(self.side_engine).run(),
            FactsWatch(self.side_engine).run(),
            PublicationWatch(self.side_engine).run(),
            PasswordMail(self.side_engine, settings, words).run(),
            StreamWatch(StreamSending(self.hook_engine, settings)).run(),
            heartbeat.beat(),
            heartbeat.keep_partitions(),
        )

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

    def senders(
        self, client: Client, mail: ThreadPoolExecutor, chat: ThreadPoolExecutor
    ) -> list[Worker]:
        """What polls the queues of messages; whoever is slow holds only its own threads."""
        words = presentation.letters(ROOT / "templates")
        queue, engine = self.settings.temporal_task_queue, self.sending_engine
        by_mail = Sending(engine, self.settings, words)
        by_chat = ChatSending(engine, self.settings, words)
        return [
            self.sender(client, names.sending_queue(queue), by_mail, mail),
            self.sender(client, names.chat_queue(queue), by_chat, chat),
        ]

    def sender(
        self, client: Client, queue: str, how: Sending | ChatSending, pool: ThreadPoolExecutor
    ) -> Worker:
        """What polls one queue of messages."""
        sending = SendActivity(self.sending_engine, how)
        figures = MonthlySending(self.sending_engine, self.settings, how.words)
        return Worker(
            client,
            task_queue=queue,
            workflows=[SendingWorkflow, DigestWorkflow, MonthlyWorkflow],
            activities=[
                sending.gather,
                sending.send,
                sending.give_up,
                FigureActivity(figures).send_figures,
            ],
            activity_executor=pool,
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_concurrent_activities=SENDERS,
            max_cached_workflows=CACHED_WORKFLOWS,
            identity=self.name,
            graceful_shutdown_timeout=timedelta(seconds=self.settings.worker_shutdown_seconds),
        )

    def hook_sender(self, client: Client, pool: ThreadPoolExecutor) -> Worker:
        """What polls the queue of webhooks; it has a thread for all that may be under way."""
        delivering = DeliverActivity(HookSending(self.hook_engine, self.settings))
        return Worker(
            client,
            task_queue=names.webhook_queue(self.settings.temporal_task_queue),
            workflows=[WebhookWorkflow],
            activities=[delivering.deliver],
            activity_executor=pool,
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_concurrent_activities=HOOK_SENDERS,
            max_concurrent_workflow_task_polls=2,
            max_concurrent_activity_task_polls=2,
            max_cached_workflows=CACHED_WORKFLOWS,
            identity=self.name,
            graceful_shutdown_timeout=timedelta(seconds=self.settings.worker_shutdown_seconds),
        )

    def checker(self, client: Client, pool: ThreadPoolExecutor) -> Worker:
        """What polls the queue of the check: one at a time, and seldom."""
        return Worker(
            client,
            task_queue=names.check_queue(self.settings.temporal_task_queue),
            workflows=[CheckWorkflow, CleaningWorkflow],
            activities=[
                CheckActivity(self.settings, self.side_engine).check,
                CleaningActivity(self.settings, self.side_engine).clean_up,
            ],
            activity_executor=pool,
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_concurrent_activities=1,
            max_concurrent_workflow_task_polls=2,
            max_concurrent_activity_task_polls=1,
            identity=self.name,
            graceful_shutdown_timeout=timedelta(seconds=self.settings.worker_shutdown_seconds),
        )

    async def seal(self, client: Client, stop: asyncio.Event) -> int:
        """Only seal and verify, as a process of its own with its own role and key."""
        with ThreadPoolExecutor(1, "sealer") as pool:
            worker = self.sealer(client, pool)
            serving = asyncio.create_task(worker.run())
            self.say(f"Sealing the record of {self.settings.public_url}.")
            code = await first_end(stop, serving)
            await worker.shutdown()
            await asyncio.gather(serving, return_exceptions=True)
        return code

    def sealer(self, client: Client, pool: ThreadPoolExecutor) -> Worker:
        """What polls the queue of the log: one thing at a time."""
        sealing = SealActivity(self.settings)
        return Worker(
            client,
            task_queue=names.sealing_queue(self.settings.temporal_task_queue),
            workflows=[SealWorkflow, VerifyWorkflow],
            activities=[sealing.seal, sealing.verify],
            activity_executor=pool,
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_concurrent_activities=1,
            max_concurrent_workflow_task_polls=2,
            max_concurrent_activity_task_polls=1,
            identity=self.name,
            graceful_shutdown_timeout=timedelta(seconds=self.settings.worker_shutdown_seconds),
        )

    def activities(self) -> list[Any]:
        """The activities, with the connections they need."""
        return [
            RecordActivity(self.engine).record,
            RouteActivity(self.engine).route,
            StaffActivity(self.engine).staff,
            StaffActivity(self.engine).entitlement,
        ]


def engine(settings: Settings, size: int, name: str) -> Engine:
    """A pool of connections that lets nothing wait for ever."""
    door = Door(settings.database_url, settings.newest_database_url)
    connect = partial(
        psycopg.connect,
        connect_timeout=CONNECT_SECONDS,
        application_name=name,
        options=f"-c statement_timeout={STATEMENT_MS} -c timezone=UTC",
    )
    return create_engine(
        settings.sqlalchemy_url,
        creator=partial(door.open, connect),
        pool_size=size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_recycle=1800,
        hide_parameters=True,
    )


async def require_tables(engine: Engine) -> None:
    """Return if the database answers and has our tables; raises NotYet with the reason."""
    try:
        await asyncio.to_thread(_look_at_tables, engine)
    except OperationalError as error:
        raise NotYet(reason(error.orig)) from error
    except DBAPIError as error:
        raise NotYet("its tables are missing: run flask db upgrade") from error


def _look_at_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM portal.commands LIMIT 0"))
        wrong = gap(revisions_run(connection))
    if wrong is not None:
        raise NotYet(wrong.rstrip("."))


if __name__ == "__main__":
    sys.exit(main())
