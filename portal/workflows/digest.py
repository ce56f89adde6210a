"""The workflow that a schedule starts every quarter of an hour: it sends whose digest is due."""

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from portal.workflows import names, options
from portal.workflows.messages import MessageBatch
from portal.workflows.ports import Sender
from portal.workflows.sending import SendingWorkflow

ROUNDS = 20


@workflow.defn(name="DigestWorkflow")
class DigestWorkflow:
    """Gathers due digests and leaves each to a sending of its own, so that a mail server that is
    away for a day holds up none of the later ones."""

    @workflow.run
    async def run(self) -> None:
        """Until none is due."""
        for _ in range(ROUNDS):
            digests = await workflow.execute_activity_method(
                Sender.gather,
                start_to_close_timeout=options.START_TO_CLOSE,
                retry_policy=options.RECORD_RETRY,
                summary="Find whose digest is due",
            )
            if not digests.batches:
                return
            for batch in digests.batches:
                await _start(batch)
        workflow.continue_as_new()


async def _start(batch: MessageBatch) -> None:
    try:
        await workflow.start_child_workflow(
            SendingWorkflow.run,
            batch,
            id=names.sending_id(batch.batch_id),
            parent_close_policy=ParentClosePolicy.ABANDON,
            static_summary=f"A digest of {len(batch.message_ids)}",
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("digest.under_way")
