"""Today's workflows replay the saved histories, one for each path, without a difference."""

import asyncio

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from portal.workflows.approval import ApprovalWorkflow
from portal.workflows.simple import SimpleApprovalWorkflow
from tests.replay.make import HISTORIES, PATHS

WORKFLOWS = [ApprovalWorkflow, SimpleApprovalWorkflow]


def saved(name: str, **changes: str) -> WorkflowHistory:
    """A saved history, perhaps with other words in it."""
    text = (HISTORIES / f"{name}.json").read_text(encoding="utf-8")
    for old, new in changes.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    return WorkflowHistory.from_json(f"saved-{name}", text)


def replay(history: WorkflowHistory) -> None:
    """Replay it; raises where today's code would have done something else."""
    asyncio.run(Replayer(workflows=WORKFLOWS).replay_workflow(history))


def test_every_path_is_saved() -> None:
    files = {file.stem for file in HISTORIES.glob("*.json")}
    assert files == {path.__name__ for path in PATHS}


@pytest.mark.parametrize("name", sorted(path.__name__ for path in PATHS))
def test_replays(name: str) -> None:
    replay(saved(name))


def test_a_history_that_went_another_way_is_noticed() -> None:
    """The guard guards: only the simple workflow would have set a deadline."""
    other = saved("timed_out", SimpleApprovalWorkflow="ApprovalWorkflow")
    with pytest.raises(workflow.NondeterminismError):
        replay(other)
