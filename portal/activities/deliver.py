"""The delivering activity: thin over `portal.webhooks`."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from portal.webhooks.outbox import HookTaken
from portal.webhooks.sending import HookSending
from portal.workflows.messages import HookBatch
from portal.workflows.ports import HookSender


class DeliverActivity(HookSender):
    """Delivers webhooks from the outbox in PostgreSQL."""

    def __init__(self, sending: HookSending) -> None:
        self._sending = sending

    @activity.defn(name="deliver_webhooks")
    def deliver(self, batch: HookBatch) -> None:
        """Deliver a batch (see the port)."""
        taken = HookTaken(batch.batch_id, batch.delivery_ids, batch.endpoint_id)
        self._sending.send(taken, _alive)


def _alive() -> None:
    """A worker that stops leaves the rest to another."""
    if activity.is_worker_shutdown():
        raise ApplicationError("The worker is stopping.", type="Stopping")
    activity.heartbeat()
