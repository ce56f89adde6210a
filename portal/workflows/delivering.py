"""The workflow that delivers a batch of webhooks to one endpoint, on a task queue of its own: a
receiver that hangs delays no approval, no mail and no other receiver.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from portal.workflows import options
from portal.workflows.messages import HookBatch
from portal.workflows.ports import HookSender


@workflow.defn(name="WebhookWorkflow")
class WebhookWorkflow:
    """Has each message of a batch tried once. When the next try of what was not taken is due
    stands in the outbox, which makes another batch of it then."""

    @workflow.run
    async def run(self, batch: HookBatch) -> None:
        """Until each was tried, or left to the next batch."""
        try:
            await workflow.execute_activity_method(
                HookSender.deliver,
                batch,
                start_to_close_timeout=options.HOOKS_START_TO_CLOSE,
                schedule_to_close_timeout=options.HOOKS_FOR,
                heartbeat_timeout=options.SEND_HEARTBEAT,
                retry_policy=options.HOOKS_RETRY,
                summary=f"Deliver {len(batch.delivery_ids)}",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # The outbox takes it up again when the batch's lease is over.
            workflow.logger.warning("webhooks.not_delivered", extra={"batch": batch.batch_id})
