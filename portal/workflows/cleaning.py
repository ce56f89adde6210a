"""The workflow that a schedule starts every night: what is kept no longer is deleted."""

from temporalio import workflow

from portal.workflows import options
from portal.workflows.ports import Cleaner


@workflow.defn(name="CleaningWorkflow")
class CleaningWorkflow:
    """One clean-up. A worker that dies with it leaves it to another."""

    @workflow.run
    async def run(self) -> None:
        """Until it is made, or was tried a few times."""
        await workflow.execute_activity_method(
            Cleaner.clean_up,
            start_to_close_timeout=options.CHECK_START_TO_CLOSE,
            heartbeat_timeout=options.CHECK_HEARTBEAT,
            retry_policy=options.CHECK_RETRY,
            summary="Delete what is kept no longer",
        )
