"""The sending workflow: growing pauses, a day of them, then the administrators."""

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from portal.workflows.messages import Digests, MessageBatch
from portal.workflows.ports import Sender
from portal.workflows.sending import SendingWorkflow

pytestmark = pytest.mark.temporal
BATCH = MessageBatch("batch", ["one", "two"])


@dataclass
class FakeSender(Sender):
    """A sender whose first `failures` tries fail. `tries`: when each was scheduled."""

    failures: int = 0
    tries: list[datetime] = field(default_factory=list)
    given_up: list[MessageBatch] = field(default_factory=list)
    due: list[MessageBatch] = field(default_factory=list)

    @activity.defn(name="send_messages")
    def send(self, batch: MessageBatch) -> None:
        """Note the try."""
        self.tries.append(activity.info().current_attempt_scheduled_time)
        if len(self.tries) <= self.failures:
            raise ApplicationError("not yet")

    @activity.defn(name="gather_digests")
    def gather(self) -> Digests:
        """Each once."""
        due, self.due = self.due, []
        return Digests(due)

    @activity.defn(name="give_up_messages")
    def give_up(self, batch: MessageBatch) -> None:
        """Note it."""
        self.given_up.append(batch)


async def sent(server: WorkflowEnvironment, sender: FakeSender) -> WorkflowHandle:
    """The finished workflow."""
    queue = str(uuid.uuid4())
    with ThreadPoolExecutor(2) as executor:
        async with Worker(
            server.client, task_queue=queue, workflows=[SendingWorkflow],
            activities=[sender.send, sender.give_up], activity_executor=executor,
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):  # fmt: skip
            handle = await server.client.start_workflow(
                SendingWorkflow.run, BATCH, id=queue, task_queue=queue
            )
            await asyncio.wait_for(handle.result(), 60)
    return handle


async def test_a_batch_that_is_taken_is_sent_once(server: WorkflowEnvironment) -> None:
    sender = FakeSender()
    await sent(server, sender)
    assert len(sender.tries) == 1
    assert sender.given_up == []


async def test_pauses_grow_up_to_ten_minutes(server: WorkflowEnvironment) -> None:
    sender = FakeSender(failures=14)
    await sent(server, sender)
    pauses = [b - a for a, b in zip(sender.tries, sender.tries[1:], strict=False)]
    assert len(pauses) == 14
    assert pauses[0] < timedelta(seconds=60)
    assert timedelta(minutes=9) < pauses[-1] < timedelta(minutes=15)
    assert sender.given_up == []


async def test_after_a_day_the_administrators_get_it(server: WorkflowEnvironment) -> None:
    sender = FakeSender(failures=1_000_000)
    await sent(server, sender)
    assert sender.given_up == [BATCH]
    assert timedelta(hours=23) < sender.tries[-1] - sender.tries[0] <= timedelta(hours=24)
