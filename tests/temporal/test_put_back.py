"""A Temporal whose store was put back under a worker that lives on, and workflows that fail."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import select
from temporalio import workflow
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from portal.background.differences import Kind, WorkflowFinding
from portal.background.reconcile import reconcile
from portal.domain.request.commands import Command
from portal.models import Check
from portal.temporal import client as clients
from portal.workflows.messages import StartApproval
from tests.temporal.history import History
from tests.temporal.office import Desk, until
from tests.temporal.serving import Store, worker_process

pytestmark = pytest.mark.temporal


def test_everything_that_was_acknowledged_is_applied_and_nothing_runs_on(
    far: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.background.reconcile.AGAIN_SECONDS", 1.0)
    moved, closed, late = (far.another(f"PR-200{n}") for n in range(3))
    with worker_process(far.settings):
        applied(moved, moved.submit())
        applied(closed, closed.submit())
        store.keep()
        applied(moved, moved.decide(far.office.ana))
        applied(closed, closed.decide(far.office.ana, approve=False))
        applied(late, late.submit())
        store.put_back()
        until(lambda: compared(far))
        applied(moved, moved.decide(far.office.ben, opening=2))
        applied(late, late.comment())
    assert moved.status() == "APPROVED"
    assert History(closed).is_closed()


def test_an_empty_temporal_gets_everything_back(
    far: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.background.reconcile.AGAIN_SECONDS", 1.0)
    desks = [far.another(f"PR-300{n}") for n in range(3)]
    with worker_process(far.settings):
        for desk in desks:
            applied(desk, desk.submit())
        store.lose()
        until(lambda: compared(far))
        with far.engine.connect() as connection:
            report = connection.scalar(select(Check.report))
        assert (report["open"], report["running"], report["left"]) == (3, 3, 0)
        for desk in desks:
            applied(desk, desk.decide(far.office.ana))
            applied(desk, desk.decide(far.office.ben, opening=2))
    assert {desk.status() for desk in desks} == {"APPROVED"}


def applied(desk: Desk, command: Command) -> None:
    """Give a command, and wait for its outcome, however long it takes."""
    desk.issue(command)
    until(lambda: desk.row(command).applied_at)
    assert desk.row(command).outcome == "applied"


def compared(desk: Desk) -> bool:
    """Whether nothing differs any more; the server may not have come up yet."""
    try:
        return not reconcile(desk.settings, desk.engine).findings
    except (RPCError, RuntimeError):
        return False


@workflow.defn(name="ApprovalWorkflow")
class Broken:
    """A workflow whose next version cannot go on."""

    @workflow.run
    async def run(self, _start: StartApproval) -> str:
        """Fails its task, again and again."""
        raise RuntimeError("nobody has tried this version")


async def broken(desk: Desk, is_named: Callable[[], bool]) -> None:
    """Serve the desk with that version until it is named."""
    client = await clients.connect_now(desk.settings)
    worker = Worker(
        client, task_queue=desk.settings.temporal_task_queue, workflows=[Broken],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )  # fmt: skip
    async with worker:
        await asyncio.to_thread(until, is_named)


def test_a_workflow_that_fails_is_named_with_the_reason(
    far: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.background.reconcile.AGAIN_SECONDS", 0.2)
    with worker_process(far.settings):
        applied(far, far.submit())
    comment = far.comment()
    far.store(comment)
    History(far).signal(far.delivery(comment))

    def named() -> list[WorkflowFinding]:
        found = reconcile(far.settings, far.engine, dry_run=True).findings
        return [each for each in found if each.kind is Kind.FAILING]

    asyncio.run(broken(far, lambda: bool(named())))
    (found,) = named()
    assert found.number == far.number
    assert "nobody has tried this version" in found.sentence
