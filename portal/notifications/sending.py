"""Sending a batch of messages, one after the other. Safe to repeat: what was sent stays sent."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from jinja2 import Environment
from sqlalchemy import Connection, Engine, func, text, update
from sqlalchemy.exc import SQLAlchemyError

from portal.config import Settings
from portal.domain.notices.kinds import why_not
from portal.domain.notices.troubles import GONE, NEVER_TRIED, NO_ADDRESS, unwritable
from portal.models import Message
from portal.notifications.letter import Letter, as_mail, compose_letter, is_usable
from portal.notifications.letterhead import read_letterhead
from portal.notifications.links import make_links
from portal.notifications.outbox import LEASE, OutgoingBatch
from portal.notifications.reading import Facts, read
from portal.notifications.smtp import MailNotTaken, SmtpConnection

# Raw: locks and changes what it reads, in one trip.
CLAIM = text("""
UPDATE portal.messages SET attempts = attempts + 1, due_at = now() + :lease
WHERE id = CAST(:id AS uuid) AND batch_id = CAST(:batch AS uuid) AND status = 'WAITING'
RETURNING id
""")

log = structlog.get_logger("portal.messages")


@dataclass(frozen=True)
class Sending:
    """What sending needs: the database, the settings, and the words of the templates."""

    engine: Engine
    settings: Settings
    words: Environment

    def send(self, batch: OutgoingBatch, alive: Callable[[], None]) -> int:
        """Send what still waits; returns how many the server did not take.

        `alive` is called before each message. Each result is committed at once.
        """
        result = _Result()
        with SmtpConnection(self.settings.mail) as door:
            for message_id in batch.message_ids:
                alive()
                self._send_one(door, batch.id, message_id, result)
        return result.troubles

    def _send_one(
        self, door: SmtpConnection, batch_id: str, message_id: str, result: "_Result"
    ) -> None:
        try:
            with self.engine.begin() as connection:
                letter = self._prepare(connection, batch_id, message_id)
        except SQLAlchemyError:
            raise
        except Exception as error:  # one message that cannot be written must not stop the others
            log.exception("message.unwritable", message=message_id, alarm=True)
            self._note(message_id, status="FAILED", last_error=unwritable(error))
            return
        if letter is None:
            return
        try:
            if result.away:
                raise MailNotTaken(result.away)
            door.send(as_mail(letter, self.settings), letter.address)
        except MailNotTaken as error:
            result.note(error)
            self._note(message_id, last_error=str(error))
            log.warning("message.not_taken", message=message_id, error=type(error).__name__)
        else:
            self._note(message_id, status="SENT", sent_at=func.now(), last_error=None)
            log.info("message.sent", message=message_id)

    def _prepare(self, connection: Connection, batch_id: str, message_id: str) -> Letter | None:
        """The letter of a message that is this batch's and still true; None for any other."""
        values = {"id": message_id, "batch": batch_id, "lease": LEASE}
        if connection.execute(CLAIM, values).first() is None:
            return None
        facts = read(connection, message_id)
        reason = why_not_sent(facts)
        if facts is None or reason is not None:
            drop = update(Message).where(Message.id == message_id)
            connection.execute(drop.values(status="DROPPED", last_error=reason))
            log.info("message.dropped", message=message_id, reason=reason)
            return None
        links = make_links(connection, facts, self.settings)
        head = read_letterhead(connection, self.settings)
        return compose_letter(facts, links, self.words, self.settings, head)

    def _note(self, message_id: str, **values: object) -> None:
        change = update(Message).where(Message.id == message_id, Message.status == "WAITING")
        with self.engine.begin() as connection:
            connection.execute(change.values(**values))


@dataclass
class _Result:
    troubles: int = 0
    away: str = field(default="")

    def note(self, error: MailNotTaken) -> None:
        """One more was not taken; a server that is away is not asked for the rest of the batch."""
        self.troubles += 1
        if error.is_away:
            self.away = str(error)


def why_not_sent(facts: Facts | None) -> str | None:
    """Why a message is not worth sending, or cannot be sent; None for one that is and can."""
    if facts is None:
        return GONE
    reason = why_not(facts.kind, facts.standing)
    return reason or (None if is_usable(facts.row.email) else NO_ADDRESS)


def give_up(engine: Engine, batch: OutgoingBatch) -> int:
    """Mark what the batch could not send as failed; administrators see it. Returns how many."""
    change = (
        update(Message)
        .where(
            Message.id.in_(batch.message_ids),
            Message.batch_id == batch.id,
            Message.status == "WAITING",
        )
        .values(
            status="FAILED",
            last_error=func.coalesce(Message.last_error, NEVER_TRIED),
        )
    )
    with engine.begin() as connection:
        return connection.execute(change).rowcount
