"""Comparing the record with Temporal: every open request has a running workflow, or gets one.

But for those that were given back to an old engine, and for all while the portal is closed.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Engine, exists, select
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from portal.config import Settings
from portal.domain.request.state import OPEN
from portal.models import Closure, Request
from portal.models.closures import given_back
from portal.models.states import kept_state
from portal.temporal import client as clients
from portal.temporal.start import IN_FLIGHT, StateToStart, start_from_state
from portal.workflows import names

PAGE = 500
LIMIT = timedelta(seconds=10)
AWAY = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)


@dataclass
class Report:
    """Open requests looked at; numbers of those without a workflow, and of those started."""

    open: int = 0
    missing: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Open:
    id: str
    number: str
    workflow: str


def reconcile(settings: Settings, engine: Engine, *, dry_run: bool = False) -> Report:
    """Start the workflow of every open request that has none; a dry run only reports.

    Raises RPCError or RuntimeError where Temporal cannot be asked.
    """

    async def work() -> Report:
        client = await clients.connect(settings, patient=True)
        return await _Reconciliation(client, settings, engine, dry_run).run()

    return asyncio.run(work())


class _Reconciliation:
    """One pass over the open requests, a few at a time."""

    def __init__(self, client: Client, settings: Settings, engine: Engine, dry_run: bool) -> None:
        self._client = client
        self._queue = settings.temporal_task_queue
        self._engine = engine
        self._dry_run = dry_run
        self._report = Report()

    async def run(self) -> Report:
        waiting = _open_requests(self._engine)

        async def work() -> None:
            for each in waiting:
                await self._look_at(each)

        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(work())
        return self._report

    async def _look_at(self, request: _Open) -> None:
        self._report.open += 1
        if await self._runs(request):
            return
        self._report.missing.append(request.number)
        if self._dry_run:
            return
        try:
            with self._engine.begin() as connection:
                state = kept_state(connection, request.id)
        except Exception as error:  # noqa: BLE001 - one damaged record must not stop the others
            self._report.failed[request.number] = f"{type(error).__name__}: {error}"
            return
        if state.is_open:
            wanted = StateToStart(state=state, workflow=request.workflow)
            try:
                await start_from_state(self._client, self._queue, wanted, again=True)
            except RPCError as error:
                if error.status in AWAY:
                    raise
                self._report.failed[request.number] = f"Temporal refuses it: {error}"
                return
            self._report.started.append(request.number)

    async def _runs(self, request: _Open) -> bool:
        _, workflow_id = names.address(request.workflow, request.id)
        question = DescribeWorkflowExecutionRequest(
            namespace=self._client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
        )
        try:
            answer = await self._client.workflow_service.describe_workflow_execution(
                question, retry=True, timeout=LIMIT
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        running = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
        return answer.workflow_execution_info.status == running


def _open_requests(engine: Engine) -> Iterator[_Open]:
    """Every open request, page by page, so that no transaction stays open."""
    last = "00000000-0000-0000-0000-000000000000"
    while True:
        statement = (
            select(Request.id, Request.number, Request.workflow)
            .where(
                Request.status.in_([status.value for status in OPEN]),
                Request.id > last,
                ~exists().where(given_back.c.request_id == Request.id),
                ~exists().where(Closure.in_force.is_(True), Closure.drained_at.is_not(None)),
            )
            .order_by(Request.id)
            .limit(PAGE)
        )
        with engine.connect() as connection:
            rows = connection.execute(statement).all()
        for row in rows:
            yield _Open(row.id, row.number, row.workflow)
        if len(rows) < PAGE:
            return
        last = rows[-1].id
