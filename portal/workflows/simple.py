"""The workflow of a request that one person decides, within seven days unless told otherwise."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from portal.domain.policy.simple import one_approver
    from portal.workflows.loop import ApprovalLoop
    from portal.workflows.messages import CommandMessage, StartApproval


@workflow.defn
class SimpleApprovalWorkflow:
    """One request, one approver, no escalation; its outcome is its result."""

    @workflow.init
    def __init__(self, start: StartApproval) -> None:
        self._loop = ApprovalLoop(start, one_approver)

    @workflow.run
    async def run(self, start: StartApproval) -> str:
        """Run the request; `start` was taken in by `__init__`."""
        return await self._loop.run()

    @workflow.signal
    def command(self, message: CommandMessage) -> None:
        """A person's command."""
        self._loop.receive(message)
