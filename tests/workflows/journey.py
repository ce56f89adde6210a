"""A request's way through a workflow: a client, a worker with fakes, and a clock to move."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from portal.domain.policy.policy import WorkflowKind
from portal.temporal.search_attributes import register
from portal.workflows import names
from portal.workflows.approval import ApprovalWorkflow
from portal.workflows.messages import CommandMessage, StartApproval
from portal.workflows.simple import SimpleApprovalWorkflow
from tests.workflows.fakes import FakeRecorder, FakeRouter, FakeStaff, Plan
from tests.workflows.given import Requests, new_id

PATIENCE = 120.0
Sleep = Callable[[timedelta], Any]


async def time_skipping_server() -> WorkflowEnvironment:
    """A test server that knows our search attributes; a busy machine needs its time to start it."""
    program = Path(sys.executable).with_name("temporal-test-server")
    server = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(program), test_server_startup_timeout=timedelta(seconds=60)
    )
    await register(server.client)
    return server


@dataclass
class Journey:
    """One request on a server. `sleep` lets the server's time pass."""

    client: Client
    sleep_for: Sleep
    request: Requests = field(default_factory=Requests)
    recorder: FakeRecorder = field(default_factory=FakeRecorder)
    router: FakeRouter = field(default_factory=FakeRouter)
    staff: FakeStaff = field(default_factory=FakeStaff)
    queue: str = field(default_factory=new_id)
    kind: WorkflowKind = WorkflowKind.APPROVAL
    continue_after: int = 0

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """A worker with the fakes serves the request meanwhile."""
        with ThreadPoolExecutor(4) as executor:
            worker = Worker(
                self.client,
                task_queue=self.queue,
                workflows=[ApprovalWorkflow, SimpleApprovalWorkflow],
                activities=[
                    self.recorder.record,
                    self.router.route,
                    self.staff.staff,
                    self.staff.entitlement,
                ],
                activity_executor=executor,
            )
            async with worker:
                yield

    @property
    def handle(self) -> WorkflowHandle[Any, str]:
        """The request's workflow."""
        workflow_id = names.workflow_id(self.kind, self.request.id)
        return self.client.get_workflow_handle(workflow_id, result_type=str)

    async def start(self, *stages: Plan, **values: Any) -> None:
        """Submit the request, with these stages ahead, and wait for the first record."""
        self.router.stages = stages
        await self.begin(command=self.request.submit(), **values)
        await self.until(lambda: bool(self.recorder.batches))

    async def begin(self, **values: Any) -> None:
        """Start the workflow with this message."""
        start = StartApproval(self.request.id, continue_after=self.continue_after, **values)
        await self.client.start_workflow(
            names.workflow_type(self.kind),
            start,
            id=names.workflow_id(self.kind, self.request.id),
            task_queue=self.queue,
        )

    async def send(self, *messages: CommandMessage) -> None:
        """Signal commands in order, without waiting for them."""
        for message in messages:
            await self.handle.signal(names.COMMAND_SIGNAL, message)

    async def give(self, message: CommandMessage) -> None:
        """Signal one command and wait until it was answered."""
        await self.send(message)
        await self.until(lambda: message.command_id in self.answered())

    def answered(self) -> set[str]:
        """Ids of the commands that the record knows."""
        return {str(each.data["command_id"]) for each in self.recorder.events}

    async def sleep(self, **values: float) -> None:
        """Let time pass, and the workflow with it."""
        await self.sleep_for(timedelta(**values))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait (in real time) for what the workflow does now."""
        limit = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < limit, f"waited in vain; recorded: {self.recorder.kinds}"
            await asyncio.sleep(0.005)

    async def run_id(self) -> str:
        """The id of the run that goes on now."""
        return (await self.handle.describe()).run_id

    async def until_run_is_not(self, earlier: str) -> None:
        """Wait for the next run: the server puts it off while signals still come in."""
        limit = time.monotonic() + PATIENCE
        while await self.run_id() == earlier:
            assert time.monotonic() < limit, "it never continued as new"
            await asyncio.sleep(0.02)

    async def seen(self, kind: str, times: int = 1) -> None:
        """Wait until the record has this event."""
        await self.until(lambda: self.recorder.kinds.count(kind) >= times)

    async def outcome(self) -> str:
        """The workflow's result."""
        return await asyncio.wait_for(self.handle.result(), PATIENCE)
