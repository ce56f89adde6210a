"""What a workflow asks of the world: abstract activities, implemented in `portal.activities`."""

from abc import ABC, abstractmethod

from temporalio import activity

from portal.workflows.messages import (
    Digests,
    EntitlementAnswer,
    EntitlementAsk,
    HookBatch,
    MessageBatch,
    RecordAnswer,
    RecordBatch,
    RouteAnswer,
    RouteAsk,
    StaffAnswer,
    StaffAsk,
)


class Recorder(ABC):
    """Writes events and projections."""

    @activity.defn(name="record")
    @abstractmethod
    def record(self, batch: RecordBatch) -> RecordAnswer | None:
        """Record a batch in one transaction.

        Safe to run twice: events already there are skipped if they are the same; if they are not,
        nothing is written and the answer holds what the record says. None means the same as an
        empty answer: the batch stands in the record.
        """


class Router(ABC):
    """Finds who must decide next."""

    @activity.defn(name="route")
    @abstractmethod
    def route(self, ask: RouteAsk) -> RouteAnswer:
        """Evaluate conditions and resolve people for the next stage of a request."""


class Staff(ABC):
    """Knows who works here."""

    @activity.defn(name="staff")
    @abstractmethod
    def staff(self, ask: StaffAsk) -> StaffAnswer:
        """Name somebody who may be given a task: active, and not one who may only read."""

    @activity.defn(name="entitlement")
    @abstractmethod
    def entitlement(self, ask: EntitlementAsk) -> EntitlementAnswer:
        """Say whether a decision was recorded before the right to it ended."""


class Sender(ABC):
    """Sends messages to people outside the portal."""

    @activity.defn(name="send_messages")
    @abstractmethod
    def send(self, batch: MessageBatch) -> None:
        """Send what waits of a batch. Raises where a message was not taken: to be tried again.

        Safe to run twice: what was sent, or is not true any more, is left alone.
        """

    @activity.defn(name="gather_digests")
    @abstractmethod
    def gather(self) -> Digests:
        """Some of the digests that are due, held for their sending; none if no more is due."""

    @activity.defn(name="give_up_messages")
    @abstractmethod
    def give_up(self, batch: MessageBatch) -> None:
        """Mark what was not sent as failed, for the administrators. Safe to run twice."""


class FigureSender(ABC):
    """Mails the figures of each month."""

    @activity.defn(name="send_figures")
    @abstractmethod
    def send_figures(self) -> None:
        """Send them to everybody for whom it is time. Safe to run twice."""


class HookSender(ABC):
    """Tells other programs."""

    @activity.defn(name="deliver_webhooks")
    @abstractmethod
    def deliver(self, batch: HookBatch) -> None:
        """Try what waits of a batch, once each. Safe to run twice: what was taken stays so."""


class Checker(ABC):
    """Compares the record with what runs on the server."""

    @activity.defn(name="check_workflows")
    @abstractmethod
    def check(self) -> None:
        """Compare, and put right what the record says how to. Safe to run twice."""


class Cleaner(ABC):
    """Deletes what is kept no longer."""

    @activity.defn(name="clean_up")
    @abstractmethod
    def clean_up(self) -> None:
        """Delete what is over, and erase texts and files whose retention ended. Safe to run
        twice."""


class RecordSealer(ABC):
    """Seals the record in the log that proves it, and verifies both."""

    @activity.defn(name="seal_record")
    @abstractmethod
    def seal(self) -> None:
        """Seal what waits, and keep the checkpoint outside where that is due. Safe to run twice."""

    @activity.defn(name="verify_record")
    @abstractmethod
    def verify(self) -> None:
        """Verify what changed, and a part of the rest; what is wrong is an alarm."""
