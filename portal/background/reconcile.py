"""Comparing the record with Temporal: every open request has its workflow, and no other has one.

The server's list of what runs is laid beside the open requests. It may lag behind, so each
difference is a candidate: the row is read again and the server asked about that workflow, both once
more after a while. What was so both times is put right from the kept state, or named where only a
person can say what is right. Requests that were given back to an old engine are left alone, and all
of them while the portal is closed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Engine, text
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from portal.background import checks, differences
from portal.background.differences import REPAIRED, Kind, Report, WorkflowFinding, difference
from portal.background.restart import restart
from portal.config import Settings
from portal.temporal import client as clients
from portal.temporal import running, schedules, search_attributes
from portal.temporal.running import Pace, Running
from portal.workflows import names

IN_FLIGHT = 8
AGAIN_SECONDS = 30.0
SLICE_SECONDS = 1.0
# An activity that was tried so often is named, of the workflows that send for so long.
TRIES, TRYING_FOR, TRYING_SHOWN = 5, timedelta(minutes=5), 20
AWAY = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
# Raw: the table is the old engine's room, which has no name here.
IS_CLOSED = text(
    "SELECT EXISTS (SELECT FROM portal.closures WHERE in_force AND drained_at IS NOT NULL)"
)

__all__ = ["Report", "reconcile"]

Given = TypeVar("Given")
Got = TypeVar("Got")

log = structlog.get_logger("portal.reconcile")


def _nothing() -> None:
    """Nobody waits for a sign of life."""


def reconcile(
    settings: Settings,
    engine: Engine,
    *,
    dry_run: bool = False,
    every: bool = False,
    again: float | None = None,
    alive: Callable[[], None] = _nothing,
) -> Report:
    """Compare, and put right what was found; a dry run looks in the same way and only reports.

    `every`: ask about each open request, whatever the server's list says. `again`: seconds between
    the two looks. `alive` is called now and then, and may raise to stop.
    What came of it is kept in `portal.checks`, but for a dry run. Raises RPCError or RuntimeError
    where Temporal cannot be asked.
    """
    wait = AGAIN_SECONDS if again is None else again

    async def work() -> Report:
        client = await clients.connect(settings, patient=True)
        comparison = _Reconciliation(client, settings, engine, wait, alive)
        return await comparison.run(dry_run=dry_run, every=every)

    if dry_run:
        return asyncio.run(work())
    with checks.kept(engine, checks.WORKFLOWS) as keep:
        report = asyncio.run(work())
        keep(report.as_data())
    return report


class _Reconciliation:
    """One comparison."""

    def __init__(
        self, client: Client, settings: Settings, engine: Engine, wait: float,
        alive: Callable[[], None],
    ) -> None:  # fmt: skip
        self._client = client
        self._queue = settings.temporal_task_queue
        self._engine = engine
        self._wait = wait
        self._alive = alive
        self._lists = Pace(running.LISTS_A_SECOND)
        self._looks = Pace(running.LOOKS_A_SECOND)
        self._report = Report()

    async def run(self, *, dry_run: bool, every: bool) -> Report:
        """Compare everything, look twice at what differs, and put it right."""
        if await asyncio.to_thread(self._is_closed):
            self._report.is_closed = True
            return self._report
        if not dry_run:
            await search_attributes.register(self._client)
            await schedules.ensure_there(self._client, self._queue)
        found = await self._confirmed(await self._candidates(every=every))
        if found:
            await self._rest()
            before = set(found)
            second = await self._confirmed([each.workflow_id for each in found])
            found = [each for each in second if each in before]
        found = await self._each(found, self._explained)
        if not dry_run:
            found = await self._each(found, self._put_right)
        left = {each.workflow_id for each in found}
        trying = [*await self._failing_steps(), *await self._trying()]
        self._report.findings = [*found, *(x for x in trying if x.workflow_id not in left)]
        return self._report

    def _is_closed(self) -> bool:
        with self._engine.connect() as connection:
            return bool(connection.scalar(IS_CLOSED))

    async def _candidates(self, *, every: bool) -> list[str]:
        """Ids of workflows that may differ from the record."""
        there: dict[str, tuple[int | None, bool]] = {}
        async for page in running.pages(self._client, running.on_queues(self._queue), self._lists):
            self._alive()
            for run in page:
                there[run.workflow_id] = (run.place, bool(run.problems))
                self._report.untold += run.place is None
        self._report.running = len(there)
        candidates = await asyncio.to_thread(self._compared, there, every)
        return list(dict.fromkeys(candidates))

    def _compared(self, there: dict[str, tuple[int | None, bool]], every: bool) -> list[str]:
        """What differs, is late or does not answer; what runs for open requests leaves `there`."""
        candidates = differences.unanswered(self._engine)
        for row in differences.open_requests(self._engine):
            self._report.open += not row.is_given_back
            place, has_problems = there.pop(row.workflow_id, (-1, False))
            if every or place not in (None, row.seq) or has_problems or row.is_late:
                candidates.append(row.workflow_id)
        return [*candidates, *there]

    async def _confirmed(self, workflow_ids: Sequence[str]) -> list[WorkflowFinding]:
        """What is so by the record and the server as they are now."""
        found: list[WorkflowFinding] = []
        for first in range(0, len(workflow_ids), differences.PAGE):
            part = workflow_ids[first : first + differences.PAGE]
            self._alive()
            # The server first: what it does meanwhile is in the record then, not the other way.
            runs = await self._each(part, self._look)
            rows, beginning = await asyncio.to_thread(differences.rows_of, self._engine, part)
            for key, run in zip(part, runs, strict=True):
                kind = difference(rows.get(key), run, self._queue)
                if kind is not None and key not in beginning:
                    found.append(WorkflowFinding(kind, key, rows.get(key), run))
        return found

    async def _look(self, workflow_id: str) -> Running | None:
        await self._looks.turn()
        return await running.look(self._client, workflow_id)

    async def _rest(self) -> None:
        """Wait between the two looks, and show meanwhile that we live."""
        left = self._wait
        while left > 0:
            self._alive()
            await asyncio.sleep(min(left, SLICE_SECONDS))
            left -= SLICE_SECONDS

    async def _explained(self, found: WorkflowFinding) -> WorkflowFinding:
        """With why its task fails; where that cannot be told, with the error's name."""
        if found.kind is not Kind.FAILING or found.run is None:
            return found
        await self._looks.turn()
        try:
            why = await running.why_failing(self._client, found.run)
        except RPCError as error:
            if error.status in AWAY:
                raise
            why = error.status.name
        except Exception as error:  # noqa: BLE001 - one that cannot be read must not stop the others
            why = type(error).__name__
        return replace(found, detail=why or ", ".join(found.run.problems))

    async def _put_right(self, found: WorkflowFinding) -> WorkflowFinding:
        """End what contradicts the record, and start from it; whatever fails stops nobody else."""
        self._alive()
        words = {"kind": found.kind.value, "workflow": found.workflow_id, "request": found.number}
        if found.kind not in REPAIRED or found.row is None:
            log.warning("reconcile.named", alarm=True, **words)
            return found
        try:
            outcome = await self._repaired(found)
        except RPCError as error:
            if error.status in AWAY:
                raise
            outcome = f"Temporal refuses it: {error}"
        except Exception as error:  # noqa: BLE001 - one damaged record must not stop the others
            outcome = f"{type(error).__name__}: {error}"
        log.warning("reconcile.put_right", alarm=True, outcome=outcome, **words)
        return found.became(outcome)

    async def _repaired(self, found: WorkflowFinding) -> str:
        row = found.row
        assert row is not None
        if found.run is not None:
            reason = f"{row.number}: {found.sentence} (reconcile)"
            await running.end(self._client, found.run, reason)
        started = await restart(self._client, self._queue, self._engine, row.id, row.workflow)
        return "started" if started else "ended"

    async def _failing_steps(self) -> list[WorkflowFinding]:
        """Of the workflows of requests: what they tell themselves."""
        return await asyncio.to_thread(differences.failing_steps, self._engine, differences.KEPT)

    async def _trying(self) -> list[WorkflowFinding]:
        """Of the workflows that send messages: activities that were tried often, the oldest."""
        since = (datetime.now(UTC) - TRYING_FOR).isoformat()
        queues = (names.sending_queue(self._queue), names.chat_queue(self._queue))
        query = f'{running.on_queues(*queues)} AND StartTime < "{since}"'
        found: list[WorkflowFinding] = []
        async for page in running.pages(self._client, query, self._lists):
            for run in page[-TRYING_SHOWN:]:
                await self._looks.turn()
                tried = await running.tried_often(self._client, run.workflow_id, TRIES)
                found += [
                    WorkflowFinding(Kind.TRYING, run.workflow_id, detail=str(each))
                    for each in tried
                ]
            break
        return found

    async def _each(
        self, given: Iterable[Given], work: Callable[[Given], Awaitable[Got]]
    ) -> list[Got]:
        """What the work makes of each, in their order, a few at a time."""
        waiting = list(enumerate(given))
        got: dict[int, Got] = {}
        left = iter(waiting)

        async def go_on() -> None:
            for number, each in left:
                got[number] = await work(each)

        tasks = [asyncio.create_task(go_on()) for _ in range(min(IN_FLIGHT, len(waiting)))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return [got[number] for number, _ in waiting]
