"""The workflow that a schedule starts every five minutes: the record and the server compared."""

from temporalio import workflow

from portal.workflows import options
from portal.workflows.ports import Checker


@workflow.defn(name="CheckWorkflow")
class CheckWorkflow:
    """One comparison. A worker that dies with it leaves it to another; the next comes anyway."""

    @workflow.run
    async def run(self) -> None:
        """Until it is made, or was tried a few times."""
        await workflow.execute_activity_method(
            Checker.check,
            start_to_close_timeout=options.CHECK_START_TO_CLOSE,
            heartbeat_timeout=options.CHECK_HEARTBEAT,
            retry_policy=options.CHECK_RETRY,
            summary="Compare the record with what runs here",
        )
