"""The workflow that sends a batch of messages, on a task queue of its own: a mail server that hangs
delays no approval.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from portal.workflows import options
from portal.workflows.messages import MessageBatch
from portal.workflows.ports import Sender


@workflow.defn(name="SendingWorkflow")
class SendingWorkflow:
    """Sends a batch, tries again with growing pauses, and gives up after a day."""

    @workflow.run
    async def run(self, batch: MessageBatch) -> None:
        """Until all are sent, dropped, or marked as failed."""
        try:
            await workflow.execute_activity_method(
                Sender.send,
                batch,
                start_to_close_timeout=options.SEND_START_TO_CLOSE,
                schedule_to_close_timeout=options.SEND_FOR,
                heartbeat_timeout=options.SEND_HEARTBEAT,
                retry_policy=options.SEND_RETRY,
                summary=f"Send {len(batch.message_ids)}",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            await workflow.execute_activity_method(
                Sender.give_up,
                batch,
                start_to_close_timeout=options.START_TO_CLOSE,
                retry_policy=options.RECORD_RETRY,
                summary="Tell the administrators",
            )
