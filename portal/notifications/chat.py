"""Sending a batch of messages of one chat channel. Safe to repeat: what was sent stays sent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from jinja2 import Environment
from sqlalchemy import Connection, Engine, func, text, update
from sqlalchemy.exc import SQLAlchemyError

from portal.chat import post, sealing
from portal.chat.post import ChatNotTaken, Post
from portal.config import Settings
from portal.domain.marked import sentence
from portal.domain.notices.chat import (
    Address,
    AddressRefused,
    ChatMessage,
    Recipient,
    examine,
    harmless,
)
from portal.domain.notices.kinds import why_not
from portal.domain.notices.troubles import (
    CHANNEL_OFF,
    CHANNEL_REMOVED,
    GONE,
    NOBODY,
    UNREADABLE,
    UNWRITABLE,
)
from portal.models import Message
from portal.notifications.letterhead import read_languages
from portal.notifications.outbox import LEASE, OutgoingBatch
from portal.notifications.reading import Facts, read
from portal.notifications.sending import CLAIM
from portal.translation import _, showing_own, writing_to

# Raw: a join by an id within a text.
CHANNEL = text("""
SELECT c.id::text, c.sealed, c.is_on, u.email, u.employee_no
FROM portal.messages m JOIN portal.users u ON u.id = m.user_id
LEFT JOIN portal.chat_channels c ON m.channel = 'chat:' || c.id::text
WHERE m.id = CAST(:id AS uuid)
""")

log = structlog.get_logger("portal.messages")


@dataclass(frozen=True)
class Ready:
    """A message that is written and addressed."""

    post: Post
    words: ChatMessage


@dataclass(frozen=True)
class ChatSending:
    """What sending needs: the database, the settings, and the words of the templates."""

    engine: Engine
    settings: Settings
    words: Environment

    def send(self, batch: OutgoingBatch, alive: Callable[[], None]) -> int:
        """Send what still waits; returns how many the service did not take.

        `alive` is called before each message. Each result is committed at once.
        """
        troubles, away = 0, ""
        for message_id in batch.message_ids:
            alive()
            ready = self._ready(batch.id, message_id)
            if ready is None:
                continue
            try:
                if away:
                    raise ChatNotTaken(away)
                post.send(ready.post, ready.words, self.settings.chat)
            except ChatNotTaken as error:
                troubles += 1
                away = str(error) if error.is_away else away
                self._note(message_id, last_error=str(error))
                log.warning("message.not_taken", message=message_id, channel="chat")
            else:
                self._note(message_id, status="SENT", sent_at=func.now(), last_error=None)
                log.info("message.sent", message=message_id)
        return troubles

    def _ready(self, batch_id: str, message_id: str) -> Ready | None:
        """A message that is this batch's and still true; None for any other."""
        try:
            with self.engine.begin() as connection:
                return self._prepare(connection, batch_id, message_id)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be written must not stop others
            # Only its kind: what is said of an address may hold it.
            name = type(error).__name__
            log.error("message.unwritable", message=message_id, error=name, alarm=True)
            self._note(
                message_id, status="FAILED", last_error=str(sentence(UNWRITABLE, words=name))
            )
            return None

    def _prepare(self, connection: Connection, batch_id: str, message_id: str) -> Ready | None:
        values = {"id": message_id, "batch": batch_id, "lease": LEASE}
        if connection.execute(CLAIM, values).first() is None:
            return None
        facts = read(connection, message_id)
        way = connection.execute(CHANNEL, {"id": message_id}).one()
        reason = GONE if facts is None else why_not(facts.kind, facts.standing)
        reason = reason or (
            CHANNEL_REMOVED if way.id is None else None if way.is_on else CHANNEL_OFF
        )
        found = None
        if reason is None:
            try:
                address = self._address(way.id, way.sealed)
            except (AddressRefused, sealing.SecretUnreadable) as error:
                refused = isinstance(error, AddressRefused)
                said = f"The channel's address {error}" if refused else UNREADABLE
                self._end(connection, message_id, "FAILED", said)
                return None
            found = Post.to(Recipient(email=way.email, employee_no=way.employee_no), address)
        if facts is None or found is None:
            self._end(connection, message_id, "DROPPED", reason or NOBODY)
            return None
        languages = read_languages(connection, self.settings)
        return Ready(found, self._words(facts, languages))

    def _address(self, channel_id: str, sealed: bytes) -> Address:
        opened = sealing.unseal(sealed, channel_id, *self.settings.secret_keys)
        return examine(opened, self.settings.chat.schemes)

    def _words(self, facts: Facts, languages: tuple[str, ...]) -> ChatMessage:
        """The same facts as in the mail, and one link that decides nothing."""
        row = facts.row
        context = {"facts": facts, "row": row, "now": datetime.now(UTC), "harmless": harmless}
        with writing_to(row.locale, languages), showing_own(facts.words):
            drawn = self.words.get_template("chat/notice.txt").render(context)
            return ChatMessage(
                title=f"{_(facts.kind.heading)}: {harmless(row.title, 120)} ({row.number})",
                text=drawn.strip(),
                ending=_(
                    "Review: %(url)s", url=f"{self.settings.public_url}/requests/{row.number}"
                ),
            )

    def _end(self, connection: Connection, message_id: str, status: str, reason: str) -> None:
        end = update(Message).where(Message.id == message_id)
        connection.execute(end.values(status=status, last_error=reason))
        log.info("message.ended", message=message_id, status=status)

    def _note(self, message_id: str, **values: object) -> None:
        change = update(Message).where(Message.id == message_id, Message.status == "WAITING")
        with self.engine.begin() as connection:
            connection.execute(change.values(**values))
