"""The workflow of a request with stages, reminders, escalations and deadlines."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from portal.workflows.loop import ApprovalLoop
    from portal.workflows.messages import CommandMessage, StartApproval


@workflow.defn
class ApprovalWorkflow:
    """One request from its submit (or from a state) to its outcome, which is its result."""

    @workflow.init
    def __init__(self, start: StartApproval) -> None:
        self._loop = ApprovalLoop(start)

    @workflow.run
    async def run(self, start: StartApproval) -> str:
        """Run the request; `start` was taken in by `__init__`."""
        return await self._loop.run()

    @workflow.signal
    def command(self, message: CommandMessage) -> None:
        """A person's command."""
        self._loop.receive(message)
