"""The sending activities: thin over `portal.notifications.sending`."""

from sqlalchemy import Engine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from portal.notifications.chat import ChatSending
from portal.notifications.digest_sending import DigestSending
from portal.notifications.digests import gather
from portal.notifications.monthly import MonthlySending
from portal.notifications.outbox import OutgoingBatch
from portal.notifications.sending import Sending, give_up
from portal.workflows.messages import Digests, MessageBatch
from portal.workflows.ports import FigureSender, Sender


class SendActivity(Sender):
    """The sender over the outbox in PostgreSQL, by mail or by chat."""

    def __init__(self, engine: Engine, sending: Sending | ChatSending) -> None:
        self._engine = engine
        self._sending = sending

    @activity.defn(name="send_messages")
    def send(self, batch: MessageBatch) -> None:
        """Send a batch (see the port)."""
        sender: Sending | ChatSending | DigestSending = self._sending
        if batch.is_digest and isinstance(self._sending, Sending):
            sender = DigestSending(self._sending)
        troubles = sender.send(OutgoingBatch(batch.batch_id, batch.message_ids), _go_on)
        if troubles:
            # Only the number: Temporal keeps plain text, and the reasons stand in the outbox.
            raise ApplicationError(f"Messages not taken yet: {troubles}.", type="NotTaken")

    @activity.defn(name="gather_digests")
    def gather(self) -> Digests:
        """Digests that are due (see the port)."""
        found = gather(self._engine, again=activity.info().attempt > 1)
        return Digests([MessageBatch(each.id, each.message_ids, is_digest=True) for each in found])

    @activity.defn(name="give_up_messages")
    def give_up(self, batch: MessageBatch) -> None:
        """Give up what is left of a batch (see the port)."""
        give_up(self._engine, OutgoingBatch(batch.batch_id, batch.message_ids))


class FigureActivity(FigureSender):
    """The sender of each month's figures."""

    def __init__(self, sending: MonthlySending) -> None:
        self._sending = sending

    @activity.defn(name="send_figures")
    def send_figures(self) -> None:
        """Send what is due (see the port)."""
        self._sending.send(_go_on)


def _go_on() -> None:
    """Say that the batch is under way. A worker that stops leaves the rest to another."""
    if activity.is_worker_shutdown():
        raise ApplicationError("The worker is stopping.", type="Stopping")
    activity.heartbeat()
