"""How a process of several parts ends: by a signal, or with the first part that ends by itself."""

import asyncio
from typing import Any

import structlog

log = structlog.get_logger("portal.worker")


async def unless(stop: asyncio.Event, work: Any) -> Any:
    """The result of `work`, or None if a signal came first."""
    task = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await cancel([stopping])
        return task.result()
    await cancel([task])
    return None


async def first_end(stop: asyncio.Event, *tasks: asyncio.Task[None]) -> int:
    """Wait for a signal (0), or for a part that ends by itself (1), which is logged."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    if stopping in done:
        return 0
    await cancel([stopping])
    for task in done:
        log.error("worker.part_ended", alarm=True, exc_info=task.exception())
    return 1


async def cancel(tasks: list[Any]) -> None:
    """Cancel tasks and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
