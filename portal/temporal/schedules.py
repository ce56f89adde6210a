"""The schedule of the digests: made and kept up to date by every worker, the same each time."""

import asyncio
from datetime import timedelta

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from portal.workflows import names
from portal.workflows.digest import DigestWorkflow

# Every zone's full hours lie on quarters of ours. A moment later, so that what is due then is due
# also by the clock of the database.
EVERY = timedelta(minutes=15)
AFTER = timedelta(seconds=10)
CATCH_UP = timedelta(days=1)
LOOK_SECONDS = 3600.0
AGAIN_SECONDS = 15.0

log = structlog.get_logger("portal.worker")


async def keep(client: Client, task_queue: str) -> None:
    """Make the schedule, and make it again where somebody took it away; goes on until cancelled."""
    while True:
        try:
            await ensure(client, task_queue)
            rest = LOOK_SECONDS
        except RPCError as error:
            # Temporal's test server has no schedules.
            rest = LOOK_SECONDS if error.status is RPCStatusCode.UNIMPLEMENTED else AGAIN_SECONDS
            log.warning("schedule.not_made", error=error.status.name)
        await asyncio.sleep(rest)


async def ensure(client: Client, task_queue: str) -> None:
    """Make the schedule, or bring it up to date; whether it is paused stays. Raises RPCError."""
    schedule = _schedule(task_queue)

    def newer(present: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule.state = present.description.schedule.state
        return ScheduleUpdate(schedule=schedule)

    key = names.digest_schedule(task_queue)
    try:
        await client.create_schedule(key, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(key).update(newer)


def _schedule(task_queue: str) -> Schedule:
    """Each run sends all that is due: after an outage one is enough, and none is left out."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            DigestWorkflow.run,
            id=names.digest_schedule(task_queue),
            task_queue=names.sending_queue(task_queue),
            static_summary="Digests that are due",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY, offset=AFTER)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=CATCH_UP),
    )
