"""Temporal: namespace, retention, search attributes; and whether workers poll each queue."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from portal.config import Settings
from portal.doctor.finding import Finding, fault, warning, well
from portal.temporal import client as clients
from portal.temporal import search_attributes
from portal.temporal.client import NotYet
from portal.workflows import names

WORKFLOW = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
ACTIVITY = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
SHORTEST_RETENTION = timedelta(days=7)
LIMIT_SECONDS = 20.0
# A poll lasts a minute at most, so whoever polls has begun one since.
POLLED_SECONDS = 90
WORKER = "start a worker: systemctl start gloria-worker (or: docker compose up -d worker)"


def examine(settings: Settings) -> list[Finding]:
    """Everything about Temporal and those that poll there."""
    return asyncio.run(_all(settings))


async def _all(settings: Settings) -> list[Finding]:
    found: list[Finding] = []
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            async for each in _examined(settings):
                found.append(each)  # noqa: PERF401 - what was found before it failed is kept
    except (RPCError, RuntimeError, TimeoutError) as error:
        said = f"Temporal at {settings.temporal_address} stopped answering: {error!r}"
        found.append(fault("temporal.away", said, "look at its log: docker compose logs server"))
    return found


async def _examined(settings: Settings) -> AsyncIterator[Finding]:
    place = f"Temporal at {settings.temporal_address}"
    try:
        client = await clients.connect_now(settings)
    except NotYet as reason:
        if "no namespace" in str(reason):
            todo = f"temporal operator namespace create -n {settings.temporal_namespace}"
            yield fault("temporal.namespace", f"{place}: {reason}", f"{todo} --retention 30d")
        else:
            todo = "look at TEMPORAL_ADDRESS, the TEMPORAL_TLS settings, and whether it runs"
            yield fault("temporal.away", f"{place}: {reason}", todo)
        return
    yield well("temporal", f"{place} serves the namespace {client.namespace}")
    yield await _retention(client)
    yield await _attributes(client)
    for each in await _polled(client, settings.temporal_task_queue):
        yield each


async def _retention(client: Client) -> Finding:
    request = DescribeNamespaceRequest(namespace=client.namespace)
    answer = await client.workflow_service.describe_namespace(request)
    kept = answer.config.workflow_execution_retention_ttl.ToTimedelta()
    days = "a day" if kept.days == 1 else f"{kept.days} days"
    said = f"histories of closed requests are kept for {days}"
    if kept >= SHORTEST_RETENTION:
        return well("temporal", said)
    todo = f"temporal operator namespace update -n {client.namespace} --retention 30d"
    return warning("temporal.retention", said, todo)


async def _attributes(client: Client) -> Finding:
    missing = await search_attributes.missing(client)
    if not missing:
        return well("temporal", "the search attributes are registered")
    said = f"search attributes are missing, so nothing starts: {', '.join(missing)}"
    return fault("temporal.attributes", said, "flask portal register-search-attributes")


async def _polled(client: Client, queue: str) -> list[Finding]:
    """Who polls which queue for what; approvals run their activities without one."""
    seen = {(queue, WORKFLOW): await _pollers(client, queue, WORKFLOW)}
    for name in (names.sending_queue(queue), names.chat_queue(queue), names.webhook_queue(queue)):
        for kind in (WORKFLOW, ACTIVITY):
            seen[name, kind] = await _pollers(client, name, kind)
    checks = names.check_queue(queue)
    seen[checks, ACTIVITY] = await _pollers(client, checks, ACTIVITY)
    sealing = names.sealing_queue(queue)
    has_sealer = await _pollers(client, sealing, ACTIVITY)
    return [_working(seen, queue), *([] if has_sealer else [_no_sealer(sealing)])]


def _no_sealer(queue: str) -> Finding:
    """A process of its own, or part of a worker: AUDIT_SEALER says which."""
    said = f"nobody polls {queue}: what is recorded is not sealed"
    return warning(
        "workers.sealer", said, "systemctl start gloria-sealer: its log says why it ended"
    )


def _working(seen: Mapping[tuple[str, TaskQueueType.ValueType], int], queue: str) -> Finding:
    """What the numbers of pollers by queue and kind come to."""
    idle = ", ".join(dict.fromkeys(name for (name, _), number in seen.items() if not number))
    if not idle:
        said = f"{max(seen.values())} workers poll {queue}, and those of messages and webhooks"
        return well("workers", said)
    if any(seen.values()):
        said = f"a worker polls some queues, and nobody polls {idle}"
        return fault("workers.some", said, "restart the worker: its log says what failed")
    return fault("workers.none", f"nobody polls {idle}: nothing goes on", WORKER)


async def _pollers(client: Client, queue: str, kind: TaskQueueType.ValueType) -> int:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
    )
    answer = await client.workflow_service.describe_task_queue(request)
    fresh = time.time() - POLLED_SECONDS
    return sum(each.last_access_time.ToSeconds() >= fresh for each in answer.pollers)
