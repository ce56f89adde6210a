"""The outbox worked by hand: what dispatcher and activities do, one step at a time."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text

from portal.config import Settings
from portal.notifications.outbox import Outbox, OutgoingBatch
from portal.notifications.sending import Sending


@dataclass
class Post:
    """An outbox and its sender."""

    outbox: Outbox
    sending: Sending

    def next_batch(self) -> OutgoingBatch:
        """What is due."""
        batch = self.outbox.next_batch()
        assert batch is not None
        return batch

    def send(self, batch: OutgoingBatch | None = None) -> int:
        """Send a batch, by default what is due; how many were not taken."""
        return self.sending.send(batch or self.next_batch(), lambda: None)

    def through(self, settings: Settings) -> "Post":
        """The same, to another mail server."""
        return Post(self.outbox, replace(self.sending, settings=settings))

    def do(self, statement: str, **values: Any) -> None:
        """Change the database by hand."""
        with self.outbox.engine.begin() as connection:
            connection.execute(text(statement), values)

    def rows(self) -> list[Any]:
        """The messages, oldest first."""
        with self.outbox.engine.connect() as connection:
            statement = text("SELECT m.*, n.kind, u.email FROM portal.messages m"
                " JOIN portal.notifications n ON n.id = m.notification_id"
                " JOIN portal.users u ON u.id = m.user_id ORDER BY m.created_at, m.id")  # fmt: skip
            return list(connection.execute(statement))
