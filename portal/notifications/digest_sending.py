"""Sending one digest: one mail with all that is still true. Safe to repeat, as for single mails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, func, text, update
from sqlalchemy.exc import SQLAlchemyError

from portal.domain.notices.troubles import REPEATED, unwritable
from portal.models import Message
from portal.notifications.letter import Letter, Links, as_mail
from portal.notifications.letterhead import Letterhead, read_letterhead
from portal.notifications.links import make_links
from portal.notifications.outbox import LEASE, OutgoingBatch
from portal.notifications.reading import Facts, read
from portal.notifications.sending import Sending, why_not_sent
from portal.notifications.smtp import MailNotTaken, SmtpConnection
from portal.translation import _, lazy, ngettext, writing_to

SHOWN = 30
GROUPS = {
    "decide": lazy("Needs your approval"),
    "yours": lazy("Your requests"),
    "others": lazy("Other updates"),
}

# Raw: locks and changes what it reads, in one trip.
CLAIM = text("""
UPDATE portal.messages SET attempts = attempts + 1, due_at = now() + :lease
WHERE id = ANY(CAST(:ids AS uuid[])) AND batch_id = CAST(:batch AS uuid) AND status = 'WAITING'
RETURNING id::text, created_at
""")

log = structlog.get_logger("portal.messages")


class DigestItem(NamedTuple):
    """A message within a digest."""

    facts: Facts
    links: Links


@dataclass
class Digest:
    """What one mail says. `items`: by group; `unshown`: how many more, which only count."""

    head: Letterhead
    facts: list[Facts] = field(default_factory=list)
    items: dict[str, list[DigestItem]] = field(default_factory=dict)
    unshown: int = 0


@dataclass(frozen=True)
class DigestSending:
    """Sends digests by what sends single mails."""

    sending: Sending

    def send(self, batch: OutgoingBatch, alive: Callable[[], None]) -> int:
        """Send a digest; returns how many of its messages were not taken."""
        with self.sending.engine.begin() as connection:
            letter, ids = self._prepare(connection, batch, alive)
        if letter is None:
            return 0
        settings = self.sending.settings
        try:
            with SmtpConnection(settings.mail) as door:
                door.send(as_mail(letter, settings), letter.address)
        except MailNotTaken as error:
            self._note(ids, last_error=str(error))
            log.warning("digest.not_taken", batch=batch.id, error=type(error).__name__)
            return len(ids)
        self._note(ids, status="SENT", sent_at=func.now(), last_error=None)
        log.info("digest.sent", batch=batch.id, messages=len(ids))
        return 0

    def _prepare(
        self, connection: Connection, batch: OutgoingBatch, alive: Callable[[], None]
    ) -> tuple[Letter | None, list[str]]:
        values = {"ids": batch.message_ids, "batch": batch.id, "lease": LEASE}
        claimed = connection.execute(CLAIM, values).all()
        told: dict[str, Facts] = {}
        for row in sorted(claimed, key=lambda each: each.created_at):
            alive()
            try:
                facts = read(connection, row.id)
                reason = why_not_sent(facts)
            except SQLAlchemyError:
                raise
            except Exception as error:  # one that cannot be read must not stop the others
                log.exception("message.unwritable", message=row.id, alarm=True)
                _end(connection, row.id, "FAILED", unwritable(error))
                continue
            if facts is None or reason is not None:
                _end(connection, row.id, "DROPPED", reason)
            else:
                told[row.id] = facts
        for message_id in _repeated(told):
            _end(connection, message_id, "DROPPED", REPEATED)
            del told[message_id]
        digest = Digest(read_letterhead(connection, self.sending.settings))
        for message_id, facts in _in_order(told):
            self._add(connection, digest, message_id, facts)
        if not digest.facts:
            return None, []
        return self._letter(digest, batch), [each.row.message_id for each in digest.facts]

    def _add(self, connection: Connection, digest: Digest, message_id: str, facts: Facts) -> None:
        if len(digest.facts) >= SHOWN:
            digest.facts.append(facts)
            digest.unshown += 1
            return
        settings, words = self.sending.settings, self.sending.words
        links = make_links(connection, facts, settings, (None,))
        context = {
            "facts": facts,
            "row": facts.row,
            "links": links,
            "now": datetime.now(UTC),
            "head": digest.head.spoken(),
        }
        try:
            for kind in ("txt", "html"):
                words.get_template(f"email/digest_item.{kind}").render(context)
        except Exception as error:  # one that cannot be written must not stop the others
            log.exception("message.unwritable", message=message_id, alarm=True)
            _end(connection, message_id, "FAILED", unwritable(error))
            return
        digest.facts.append(facts)
        digest.items.setdefault(_group(facts), []).append(DigestItem(facts, links))

    def _letter(self, digest: Digest, batch: OutgoingBatch) -> Letter:
        row = digest.facts[0].row
        with writing_to(row.locale, digest.head.languages):
            head = digest.head.spoken()
            subject = _subject(digest.facts)
            context = {
                "groups": [(GROUPS[key], items) for key, items in digest.items.items()],
                "unshown": digest.unshown,
                "subject": subject,
                "row": row,
                "now": datetime.now(UTC),
                "public_url": self.sending.settings.public_url,
                "head": head,
            }
            return Letter(
                message_id=f"digest-{batch.id}",
                thread=row.user_id,
                about="digests",
                name=row.name,
                address=row.email,
                subject=subject,
                text=self.sending.words.get_template("email/digest.txt").render(context),
                html=self.sending.words.get_template("email/digest.html").render(context),
                head=head,
            )

    def _note(self, ids: Sequence[str], **values: object) -> None:
        change = update(Message).where(Message.id.in_(ids), Message.status == "WAITING")
        with self.sending.engine.begin() as connection:
            connection.execute(change.values(**values))


def _end(connection: Connection, message_id: str, status: str, reason: str | None) -> None:
    change = update(Message).where(Message.id == message_id)
    connection.execute(change.values(status=status, last_error=reason))
    log.info("message.ended", message=message_id, status=status, reason=reason)


def _repeated(told: dict[str, Facts]) -> list[str]:
    """Of several messages that ask for the decision of one task, all but the last."""
    last = {facts.row.task_id: key for key, facts in told.items() if facts.kind.asks}
    return [
        key for key, facts in told.items() if facts.kind.asks and last[facts.row.task_id] != key
    ]


def _in_order(told: dict[str, Facts]) -> list[tuple[str, Facts]]:
    """What has to be done first, then by group; within one as it happened."""
    places = list(GROUPS)
    return sorted(told.items(), key=lambda pair: places.index(_group(pair[1])))


def _group(facts: Facts) -> str:
    if facts.kind.asks:
        return "decide"
    return "yours" if facts.row.is_theirs else "others"


def _subject(all_facts: Sequence[Facts]) -> str:
    decide = sum(facts.kind.asks for facts in all_facts)
    rest = len(all_facts) - decide
    if not decide:
        return ngettext("Summary: %(n)s update", "Summary: %(n)s updates", rest)
    needs = ngettext(
        "%(n)s request needs your approval", "%(n)s requests need your approval", decide
    )
    if not rest:
        return _("Summary: %(requests)s", requests=needs)
    updates = ngettext("%(n)s update", "%(n)s updates", rest)
    return _("Summary: %(requests)s, %(updates)s", requests=needs, updates=updates)
