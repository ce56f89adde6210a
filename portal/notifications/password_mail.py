"""Mailing the links by which people set their password. They are no notifications: nobody can turn
them off, and they are about nobody's request.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from jinja2 import Environment
from sqlalchemy import Engine, Row, text, update
from sqlalchemy.exc import SQLAlchemyError

from portal.config import Settings
from portal.domain.notices.mail_texts import MAIL_TOPICS, MailWords
from portal.domain.notices.troubles import NO_ADDRESS, OTHER_KEY
from portal.models.links import MAIL_WAITS, PasswordLink, token_made
from portal.notifications.letter import Letter, as_mail, is_usable
from portal.notifications.letterhead import Letterhead, read_letterhead
from portal.notifications.smtp import MailNotTaken, SmtpConnection
from portal.translation import _, writing_to

INTERVAL_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 10.0
# A worker that ends in the middle leaves its mail to another after so long; the pause doubles.
LEASE = timedelta(minutes=1)
MOST_DOUBLED = 6

# Raw: locks and changes what it reads, in one trip.
TAKE = text(f"""
UPDATE portal.password_links l SET attempts = attempts + 1,
    mail_due_at = now() + :lease * (2 ^ least(attempts, {MOST_DOUBLED}))
FROM portal.users u WHERE u.id = l.user_id AND u.is_active AND l.id = (
    SELECT id FROM portal.password_links
    WHERE {MAIL_WAITS} AND mail_due_at <= now() AND expires_at > now()
    ORDER BY mail_due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING l.id::text, l.kind, l.token_hash, l.expires_at, u.name, u.email, u.locale, u.time_zone
""")  # noqa: S608 - our own text

log = structlog.get_logger("portal.messages")


@dataclass(frozen=True)
class PasswordMail:
    """What mails them; any number may run side by side."""

    engine: Engine
    settings: Settings
    words: Environment

    async def run(self) -> None:
        """Look again and again until cancelled. Without a mail server nothing is sent."""
        while True:
            try:
                busy = bool(self.settings.mail.host) and await asyncio.to_thread(self.turn)
            except SQLAlchemyError as error:
                log.warning("password_mail.database_away", error=type(error).__name__)
                await asyncio.sleep(AFTER_FAILURE_SECONDS)
                continue
            if not busy:
                await asyncio.sleep(INTERVAL_SECONDS)

    def turn(self) -> bool:
        """Mail one link that is due; False if there was none."""
        with self.engine.begin() as connection:
            row = connection.execute(TAKE, {"lease": LEASE}).one_or_none()
        if row is None:
            return False
        try:
            if not is_usable(row.email):
                raise MailNotTaken(NO_ADDRESS)
            with self.engine.begin() as connection:
                letter = self._letter(row, read_letterhead(connection, self.settings))
            with SmtpConnection(self.settings.mail) as door:
                door.send(as_mail(letter, self.settings), row.email)
        except MailNotTaken as error:
            self._note(row.id, last_error=str(error))
            log.warning("password_mail.not_taken", link=row.id, error=str(error))
        else:
            self._note(row.id, mailed_at=text("now()"), last_error=None)
            log.info("password_mail.sent", link=row.id)
        return True

    def _letter(self, row: Row[Any], head: Letterhead) -> Letter:
        token = token_made(row.id, row.token_hash, self.settings.secret_keys)
        if token is None:
            raise MailNotTaken(OTHER_KEY)
        context: dict[str, Any] = {
            "row": row,
            "link": f"{self.settings.public_url}/p/{token}",
            "public_url": self.settings.public_url,
        }
        with writing_to(row.locale, head.languages):
            head = head.spoken()
            made = _words(row, head)
            context |= {"subject": made.subject, "body": made.body, "head": head}
            return Letter(
                message_id=f"password-{row.id}",
                thread=row.id,
                about="password",
                name=row.name,
                address=row.email,
                subject=made.subject,
                text=self.words.get_template("email/password.txt").render(context),
                html=self.words.get_template("email/password.html").render(context),
                head=head,
            )

    def _note(self, link_id: str, **values: object) -> None:
        with self.engine.begin() as connection:
            change = update(PasswordLink).where(PasswordLink.id == link_id)
            connection.execute(change.values(**values))


def _words(row: Row[Any], head: Letterhead) -> MailWords:
    if row.kind == "test":
        subject = _("Test email")
        return MailWords(subject, _("Email from this portal reaches you. Say so by the link."))
    topic = MAIL_TOPICS["invitation" if row.kind == "invitation" else "reset"]
    usual = MailWords(_(topic.subject), _(topic.body, name=row.name))
    values = {"name": row.name, "organisation": head.name, "email": row.email}
    return head.worded(topic.code, usual, values)
