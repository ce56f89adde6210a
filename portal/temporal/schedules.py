"""The schedules of digests, monthly figures, check, clean-up, seal and verification, made by every
worker and the check.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial

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
from portal.workflows.check import CheckWorkflow
from portal.workflows.cleaning import CleaningWorkflow
from portal.workflows.digest import DigestWorkflow
from portal.workflows.monthly import MonthlyWorkflow
from portal.workflows.sealing import SealWorkflow, VerifyWorkflow

# Every zone's full hours lie on quarters of ours. A moment later, so that what is due then is due
# also by the clock of the database.
EVERY = timedelta(minutes=15)
AFTER = timedelta(seconds=10)
CATCH_UP = timedelta(days=1)
HOURLY = timedelta(hours=1)
CHECK_EVERY = timedelta(minutes=5)
SEAL_EVERY = timedelta(minutes=1)
# A pass that nobody takes, as before a log was begun, makes room for the next.
SEAL_LIMIT = timedelta(hours=1)
NIGHTLY, AT_NIGHT = timedelta(days=1), timedelta(hours=2)
CLEANED_AT = timedelta(hours=1)
# A server that lost its store lost the schedules, too.
LOOK_SECONDS = 60.0
AGAIN_SECONDS = 15.0
LIMIT = timedelta(seconds=10)

log = structlog.get_logger("portal.worker")


async def keep(client: Client, task_queue: str) -> None:
    """Make the schedules, have the check run, and make again what is lost, until cancelled."""
    is_first = True
    while True:
        try:
            if is_first:
                await ensure(client, task_queue)
                await check_now(client, task_queue)
            else:
                await ensure_there(client, task_queue)
            is_first, rest = False, LOOK_SECONDS
        except RPCError as error:
            # Temporal's test server has no schedules.
            rest = LOOK_SECONDS if error.status is RPCStatusCode.UNIMPLEMENTED else AGAIN_SECONDS
            log.warning("schedule.not_made", error=error.status.name)
        await asyncio.sleep(rest)


async def ensure(client: Client, task_queue: str) -> None:
    """Make the schedules, or bring them up to date; a paused one stays so. Raises RPCError."""
    for key, schedule in _schedules(task_queue).items():
        try:
            await client.create_schedule(key, schedule)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(key).update(partial(_newer, schedule))


async def ensure_there(client: Client, task_queue: str) -> None:
    """Make the schedules that are gone; a check that is made again runs at once. Raises RPCError.

    Temporal's test server has none, and that is well.
    """
    for key, schedule in _schedules(task_queue).items():
        try:
            await client.get_schedule_handle(key).describe(rpc_timeout=LIMIT)
        except RPCError as error:
            if error.status is RPCStatusCode.UNIMPLEMENTED:
                return
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            log.warning("schedule.made_again", schedule=key, alarm=True)
            with suppress(ScheduleAlreadyRunningError):  # another was quicker
                is_check = key == names.check_schedule(task_queue)
                await client.create_schedule(key, schedule, trigger_immediately=is_check)


async def check_now(client: Client, task_queue: str) -> None:
    """Have the check run, unless it runs. Raises RPCError."""
    handle = client.get_schedule_handle(names.check_schedule(task_queue))
    await handle.trigger(overlap=ScheduleOverlapPolicy.SKIP)


def _newer(schedule: Schedule, present: ScheduleUpdateInput) -> ScheduleUpdate:
    schedule.state = present.description.schedule.state
    return ScheduleUpdate(schedule=schedule)


def _schedules(task_queue: str) -> dict[str, Schedule]:
    """By id. Of the digests, each run sends all that is due: after an outage one is enough, and
    none is left out. Of the check, one that was missed is not made up for."""
    digests = Schedule(
        action=ScheduleActionStartWorkflow(
            DigestWorkflow.run,
            id=names.digest_schedule(task_queue),
            task_queue=names.sending_queue(task_queue),
            static_summary="Digests that are due",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY, offset=AFTER)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=CATCH_UP),
    )
    check = Schedule(
        action=ScheduleActionStartWorkflow(
            CheckWorkflow.run,
            id=names.check_schedule(task_queue),
            task_queue=names.check_queue(task_queue),
            static_summary="Compare the record with what runs here",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=CHECK_EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CHECK_EVERY),
    )
    return {
        names.digest_schedule(task_queue): digests,
        names.check_schedule(task_queue): check,
        names.monthly_schedule(task_queue): _monthly(task_queue),
        names.cleaning_schedule(task_queue): _cleaning(task_queue),
        **_of_the_log(task_queue),
    }


def _monthly(task_queue: str) -> Schedule:
    """The figures of a month, to each person at the time that they chose: so every hour. One look
    that was missed is made up for by the next."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            MonthlyWorkflow.run,
            id=names.monthly_schedule(task_queue),
            task_queue=names.sending_queue(task_queue),
            static_summary="Figures of the month",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=HOURLY, offset=AFTER)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=HOURLY),
    )


def _cleaning(task_queue: str) -> Schedule:
    """What is kept no longer, every night; one that was missed is made up for by the next."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            CleaningWorkflow.run,
            id=names.cleaning_schedule(task_queue),
            task_queue=names.check_queue(task_queue),
            static_summary="Delete what is kept no longer",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=NIGHTLY, offset=CLEANED_AT)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )


def _of_the_log(task_queue: str) -> dict[str, Schedule]:
    """Sealing every minute, verifying every night. Of neither two run at once, and what was missed
    is made up for by the next."""
    sealing = Schedule(
        action=ScheduleActionStartWorkflow(
            SealWorkflow.run,
            id=names.seal_schedule(task_queue),
            task_queue=names.sealing_queue(task_queue),
            execution_timeout=SEAL_LIMIT,
            static_summary="Seal what was recorded",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=SEAL_EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=SEAL_EVERY),
    )
    verification = Schedule(
        action=ScheduleActionStartWorkflow(
            VerifyWorkflow.run,
            id=names.verify_schedule(task_queue),
            task_queue=names.sealing_queue(task_queue),
            static_summary="Verify the record",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=NIGHTLY, offset=AT_NIGHT)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )
    return {
        names.seal_schedule(task_queue): sealing,
        names.verify_schedule(task_queue): verification,
    }
