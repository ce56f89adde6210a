"""The workflows that schedules start: sealing every minute, verifying every night."""

from temporalio import workflow

from portal.workflows import options
from portal.workflows.ports import RecordSealer


@workflow.defn(name="SealWorkflow")
class SealWorkflow:
    """One pass of the sealer; the next comes in a minute anyway."""

    @workflow.run
    async def run(self) -> None:
        """Once; what fails is tried by the next."""
        await workflow.execute_activity_method(
            RecordSealer.seal,
            start_to_close_timeout=options.SEAL_START_TO_CLOSE,
            heartbeat_timeout=options.CHECK_HEARTBEAT,
            retry_policy=options.ONCE,
            summary="Seal what was recorded",
        )


@workflow.defn(name="VerifyWorkflow")
class VerifyWorkflow:
    """One verification of the record."""

    @workflow.run
    async def run(self) -> None:
        """Until it is made, or was tried a few times."""
        await workflow.execute_activity_method(
            RecordSealer.verify,
            start_to_close_timeout=options.CHECK_START_TO_CLOSE,
            heartbeat_timeout=options.CHECK_HEARTBEAT,
            retry_policy=options.CHECK_RETRY,
            summary="Verify the record",
        )
