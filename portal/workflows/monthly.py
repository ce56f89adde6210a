"""The workflow that a schedule starts every hour: it mails the figures of the month."""

from temporalio import workflow

from portal.workflows import options
from portal.workflows.ports import FigureSender


@workflow.defn(name="MonthlyWorkflow")
class MonthlyWorkflow:
    """One look. What it leaves, because something was away, the next one takes."""

    @workflow.run
    async def run(self) -> None:
        """Until it is made, or was tried a few times."""
        await workflow.execute_activity_method(
            FigureSender.send_figures,
            start_to_close_timeout=options.CHECK_START_TO_CLOSE,
            heartbeat_timeout=options.CHECK_HEARTBEAT,
            retry_policy=options.CHECK_RETRY,
            summary="Mail the figures of the month",
        )
