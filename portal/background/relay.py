"""The relay: brings commands to Temporal that are still waiting, until each has its outcome.

The web delivers its own commands; what it could not deliver, or what was delivered and has no
outcome after a while, is the relay's. Any number of relays work side by side: each command is
taken under a lease, in order for each request, and delivering twice has the effect of once.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from portal.background import outbox
from portal.background.outbox import WaitingCommand
from portal.background.restart import restart
from portal.config import Settings
from portal.domain.request.state import Status
from portal.models import Request
from portal.temporal.gateway import Delivery, DeliveryResult, deliver

LIMIT_SECONDS = 2.0
TRIES = 5
LONGEST_REST_SECONDS = 5.0
GIVEN_BACK = "the request was given back to the old system before this was applied"

log = structlog.get_logger("portal.relay")

# Appends CommandRefused for a command (its row) whose request is closed. It is given, since only
# the record's own code may write there.
RefuseLate = Callable[[Connection, Any], None]


class Relay:
    """One relay. `run` goes on until it is cancelled; `turn` does what is due now, once."""

    def __init__(
        self, engine: Engine, client: Client, settings: Settings, refuse_late: RefuseLate
    ) -> None:
        self._engine = engine
        self._client = client
        self._settings = settings
        self._refuse_late = refuse_late
        self._places = asyncio.Semaphore(settings.relay_max_in_flight)
        self._failures = 0

    async def run(self) -> None:
        """Deliver what waits, again and again; a server that is away is asked more rarely."""
        while True:
            try:
                taken = await self.turn()
            except SQLAlchemyError as error:
                taken = 0
                self._failures += 1
                log.warning("relay.database_away", error=type(error).__name__)
            if not taken or self._failures:
                await asyncio.sleep(self._rest())

    async def turn(self) -> int:
        """Take what is due and deliver it; returns how many were taken."""
        # While the server is away one command at a time asks whether it is back.
        most = 1 if self._failures else self._settings.relay_batch_size
        commands = await asyncio.to_thread(outbox.take, self._engine, self._settings, most)
        arrived = await asyncio.gather(*(self._deliver(each) for each in commands))
        if commands:
            self._failures = 0 if any(arrived) else self._failures + 1
        return len(commands)

    async def _deliver(self, command: WaitingCommand) -> bool:
        """Deliver one command; False if the server gave no answer."""
        async with self._places:
            queue = self._settings.temporal_task_queue
            answer = await deliver(self._client, queue, command, LIMIT_SECONDS)
            words = {"command": command.command_id, "request": command.number}
            if answer.delivery is Delivery.CLOSED:
                answer = await self._not_running(command)
            await asyncio.to_thread(self._note, command, answer)
            log.info("relay.delivery", became=answer.delivery.value, error=answer.error, **words)
            return answer.delivery is not Delivery.UNKNOWN

    async def _not_running(self, command: WaitingCommand) -> DeliveryResult:
        """Refuse what came too late, or bring back the workflow of a request that is open."""
        try:
            if await asyncio.to_thread(self._is_lost, command):
                queue = self._settings.temporal_task_queue
                request_id, workflow = command.request_id, command.workflow
                await restart(self._client, queue, self._engine, request_id, workflow)
                log.warning("relay.workflow_started_again", request=command.number, alarm=True)
        except (RPCError, SQLAlchemyError, TimeoutError) as error:
            return DeliveryResult(Delivery.UNKNOWN, f"{type(error).__name__}: {str(error)[:300]}")
        except Exception as error:  # noqa: BLE001 - one bad command must not stop the others
            return DeliveryResult(Delivery.REFUSED, f"{type(error).__name__}: {str(error)[:300]}")
        return DeliveryResult(Delivery.CLOSED)

    def _is_lost(self, command: WaitingCommand) -> bool:
        """Whether the record says that the request is open; if not, see to the command."""
        with self._engine.begin() as connection:
            status = connection.execute(
                select(Request.status).where(Request.id == command.request_id)
            ).scalar_one_or_none()
            if status is None:
                if not outbox.hurry_submit(connection, command.request_id):
                    raise LookupError("no such request was ever submitted")
                outbox.postpone(connection, command, "waits for the request to begin")
            elif Status(status).is_open and outbox.is_given_back(connection, command.request_id):
                outbox.park(connection, command, GIVEN_BACK)
            elif Status(status).is_open:
                return True
            else:
                self._refuse_late(connection, command.row)
        return False

    def _note(self, command: WaitingCommand, answer: DeliveryResult) -> None:
        with self._engine.begin() as connection:
            match answer.delivery:
                case Delivery.DELIVERED:
                    outbox.delivered(connection, command)
                case Delivery.CLOSED:
                    pass  # `_not_running` has seen to it
                case Delivery.REFUSED if command.attempts >= TRIES:
                    outbox.park(connection, command, answer.error)
                    words = {"command": command.command_id, "request": command.number}
                    log.error("relay.command_parked", alarm=True, error=answer.error, **words)
                case _:
                    outbox.postpone(connection, command, answer.error)

    def _rest(self) -> float:
        """Seconds until the next look: the interval, or longer the longer nothing answers."""
        interval = self._settings.relay_interval_ms / 1000
        return float(min(interval * 2 ** min(self._failures, 8), LONGEST_REST_SECONDS))
