"""The bare floor: the plain client driving a minimal workflow, with nothing of ours in between.

Start, activity, signal, activity, end. Once with ordinary activities, once with local ones.
`python -m scripts.benchmark.floor ADDRESS QUEUE` is its worker.
"""

import asyncio
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

from scripts.benchmark.figures import Sample

LIMIT = timedelta(seconds=30)


@activity.defn
def nothing(text: str) -> str:
    """An activity that does nothing."""
    return text


@workflow.defn
class OrdinaryFloor:
    """Two ordinary activities around one signal."""

    def __init__(self) -> None:
        """Wait for the signal."""
        self.decided = False

    @workflow.signal
    def decide(self) -> None:
        """The signal."""
        self.decided = True

    @workflow.run
    async def run(self, text: str) -> str:
        """Activity, signal, activity."""
        await workflow.execute_activity(nothing, text, start_to_close_timeout=LIMIT)
        await workflow.wait_condition(lambda: self.decided)
        return await workflow.execute_activity(nothing, text, start_to_close_timeout=LIMIT)


@workflow.defn
class LocalFloor:
    """Two local activities around one signal."""

    def __init__(self) -> None:
        """Wait for the signal."""
        self.decided = False

    @workflow.signal
    def decide(self) -> None:
        """The signal."""
        self.decided = True

    @workflow.run
    async def run(self, text: str) -> str:
        """Activity, signal, activity."""
        await workflow.execute_local_activity(nothing, text, start_to_close_timeout=LIMIT)
        await workflow.wait_condition(lambda: self.decided)
        return await workflow.execute_local_activity(nothing, text, start_to_close_timeout=LIMIT)


FLOORS: dict[str, type] = {"floor": OrdinaryFloor, "local floor": LocalFloor}


async def drive(address: str, queue: str, kind: str, in_flight: int, seconds: float) -> Sample:
    """Run approvals on a floor for some seconds; latencies are signal to result."""
    client = await Client.connect(address)
    sample = Sample()
    deadline = time.perf_counter() + seconds
    one = _one(client, queue, FLOORS[kind], sample)

    async def lane() -> None:
        while time.perf_counter() < deadline:
            await one()

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(in_flight)))
    sample.seconds += time.perf_counter() - started
    return sample


def _one(client: Client, queue: str, floor: type, sample: Sample) -> Callable[[], Awaitable[None]]:
    async def one() -> None:
        handle = await client.start_workflow(
            floor.run,  # type: ignore[attr-defined]
            "x",
            id=f"floor-{uuid.uuid4()}",
            task_queue=queue,
        )
        signalled = time.perf_counter()
        await handle.signal(floor.decide)  # type: ignore[attr-defined]
        await handle.result()
        sample.add("outcome", time.perf_counter() - signalled)
        sample.done += 1

    return one


async def _work(address: str, queue: str) -> None:
    client = await Client.connect(address)
    with ThreadPoolExecutor(20) as pool:
        worker = Worker(
            client,
            task_queue=queue,
            workflows=list(FLOORS.values()),
            activities=[nothing],
            activity_executor=pool,
            max_concurrent_activities=20,
        )
        print("polling", flush=True)
        await worker.run()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], sys.argv[2]))
