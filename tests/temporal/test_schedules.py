"""The schedule of the digests on the real server: made once, and each run sends what is due."""

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.client import Client, ScheduleOverlapPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from portal.models.columns import new_id
from portal.temporal import schedules
from portal.workflows import names
from portal.workflows.digest import DigestWorkflow
from portal.workflows.messages import MessageBatch
from portal.workflows.monthly import MonthlyWorkflow
from portal.workflows.ports import FigureSender
from portal.workflows.sending import SendingWorkflow
from scripts.local.temporal import TemporalServer
from tests.workflows.test_sending import FakeSender

pytestmark = pytest.mark.temporal
PATIENCE = 120


async def test_the_schedule_sends_what_is_due(temporal_server: TemporalServer) -> None:
    client = await Client.connect(temporal_server.address)
    queue, batch = str(uuid.uuid4()), MessageBatch(str(uuid.uuid4()), ["one"], is_digest=True)
    sender = FakeSender(failures=1, due=[batch])
    schedule = client.get_schedule_handle(names.digest_schedule(queue))
    with ThreadPoolExecutor(2) as executor:
        async with Worker(
            client, task_queue=names.sending_queue(queue),
            workflows=[DigestWorkflow, SendingWorkflow],
            activities=[sender.gather, sender.send, sender.give_up], activity_executor=executor,
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):  # fmt: skip
            await schedules.ensure(client, queue)
            await schedule.pause()
            await schedules.ensure(client, queue)
            await schedule.trigger()
            for _ in range(PATIENCE * 10):
                if sender.tries:
                    break
                await asyncio.sleep(0.1)
            child = client.get_workflow_handle(names.sending_id(batch.batch_id))
            await asyncio.wait_for(child.result(), PATIENCE)
    found = (await schedule.describe()).schedule
    await schedule.delete()
    assert len(sender.tries) == 2
    assert found.state.paused
    assert found.spec.intervals[0].every == timedelta(minutes=15)
    assert found.policy.overlap is ScheduleOverlapPolicy.BUFFER_ONE
    assert found.policy.catchup_window == timedelta(days=1)


class FakeFigures(FigureSender):
    """Counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    @activity.defn(name="send_figures")
    def send_figures(self) -> None:
        self.calls += 1


async def test_the_schedule_mails_the_figures_of_the_month(temporal_server: TemporalServer) -> None:
    client, queue, sender = await Client.connect(temporal_server.address), new_id(), FakeFigures()
    schedule = client.get_schedule_handle(names.monthly_schedule(queue))
    with ThreadPoolExecutor(1) as executor:
        async with Worker(
            client, task_queue=names.sending_queue(queue), workflows=[MonthlyWorkflow],
            activities=[sender.send_figures], activity_executor=executor,
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):  # fmt: skip
            await schedules.ensure(client, queue)
            await schedule.trigger()
            for _ in range(PATIENCE * 10):
                if sender.calls:
                    break
                await asyncio.sleep(0.1)
    found = (await schedule.describe()).schedule
    await schedule.delete()
    assert sender.calls
    assert found.spec.intervals[0].every == timedelta(hours=1)
    assert found.policy.overlap is ScheduleOverlapPolicy.SKIP
