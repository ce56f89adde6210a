"""A message as a mail: its words by templates, its headers safe whatever people typed."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jinja2 import Environment

from portal.config import Settings
from portal.domain.notices.mail_texts import MailWords
from portal.notifications.letterhead import LOGO, Letterhead
from portal.notifications.reading import Facts
from portal.translation import _, current, showing_own, writing_to

LONGEST_SUBJECT = 150
# Some readers show the space at which a long header was folded.
UNFOLDED = SMTP.clone(max_line_length=400)
LONGEST_NAME, LONGEST_TITLE = 80, 80
# Quoted local parts, comments and groups are addresses, too, but nobody's: whatever could make two
# recipients of one, or end a header, is no address here.
USABLE = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail that is ready to be written. `thread` is the same for all mails
    about a request, and for all digests of a person; `about` tells these kinds apart. `language`:
    by default the one that is being written."""

    message_id: str
    thread: str
    name: str
    address: str
    subject: str
    text: str
    html: str
    about: str = "request"
    head: Letterhead = field(default_factory=Letterhead)
    language: str = field(default_factory=lambda: current().tag)


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where a mail's buttons lead; `approve` and `reject` are empty where it asks for nothing."""

    review: str
    approve: str = ""
    reject: str = ""


def is_usable(address: str | None) -> bool:
    """Whether mail can be sent to that address, and to that one only."""
    return bool(address) and USABLE.fullmatch(address or "") is not None


def compose_letter(
    facts: Facts, links: Links, words: Environment, settings: Settings, head: Letterhead
) -> Letter:
    """Write the mail of a message. `words` draws the templates `email/notice.*`."""
    row = facts.row
    context = {
        "facts": facts,
        "row": row,
        "links": links,
        "now": datetime.now(UTC),
        "public_url": settings.public_url,
    }
    with writing_to(row.locale, head.languages), showing_own(facts.words):
        head = head.spoken()
        context["head"] = head
        usual = MailWords(subject_of(_(facts.kind.heading), row.title, row.number), facts.text)
        made = head.worded(facts.kind.topic.code, usual, _values(facts, words, head))
        context["body"] = made.body
        return Letter(
            message_id=row.message_id,
            thread=row.request_id,
            name=row.name,
            address=row.email,
            subject=numbered(made.subject, row.number),
            text=words.get_template("email/notice.txt").render(context),
            html=words.get_template("email/notice.html").render(context),
            head=head,
        )


def _values(facts: Facts, words: Environment, head: Letterhead) -> dict[str, str]:
    """What the variables of `portal.domain.notices.mail_texts` stand for in this mail."""
    row, draw = facts.row, words.filters
    has_amount = row.amount is not None and row.currency
    return {
        "name": row.name,
        "organisation": head.name,
        "heading": _(facts.kind.heading),
        "sentence": facts.text,
        "number": row.number,
        "title": one_line(row.title, LONGEST_TITLE),
        "type": facts.say(row.type_name),
        "stage": facts.say(row.stage_name),
        "requester": row.requester_name,
        "amount": draw["money_words"](row.amount, row.currency) if has_amount else "",
        "due": draw["due_words"](row.due_at, row.time_zone, datetime.now(UTC)),
    }


def subject_of(heading: str, title: str, number: str) -> str:
    """A subject that ends with the request's number, however long the title is: it is shortened."""
    room = LONGEST_SUBJECT - len(one_line(f"{heading}:  ({number})", LONGEST_SUBJECT)) - 1
    return f"{heading}: {one_line(title, room)} ({number})"


def numbered(subject: str, number: str) -> str:
    """A subject, also one in the organisation's own words, that says the request's number whatever
    it was filled with: where shortening would take the number away, it stands at the end."""
    line = one_line(subject, LONGEST_SUBJECT)
    if number in line:
        return line
    end = f" ({number})"
    return one_line(subject, LONGEST_SUBJECT - len(end)) + end


def as_mail(letter: Letter, settings: Settings) -> EmailMessage:
    """The mail with all its headers. Its Message-ID is the message's: a second copy is known."""
    mail, sender = EmailMessage(policy=SMTP), settings.mail
    local, _, domain = letter.address.rpartition("@")
    own_local, _, own_domain = sender.sender_address.rpartition("@")
    name = letter.head.sender or sender.sender_name
    mail["From"] = Address(one_line(name, LONGEST_NAME), own_local, own_domain)
    mail["To"] = Address(one_line(letter.name, LONGEST_NAME), local, domain)
    mail["Subject"] = one_line(letter.subject, LONGEST_SUBJECT)
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{letter.message_id}@{sender.sender_domain}>"
    thread = f"<{letter.about}-{letter.thread}@{sender.sender_domain}>"
    mail["In-Reply-To"] = thread
    mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    if letter.head.logo:
        _enclose(mail, letter.head.logo.png)
    mail["Content-Language"] = letter.language  # at last: making the parts moves it into the first
    mail.policy = UNFOLDED
    return mail


def _enclose(mail: EmailMessage, png: bytes) -> None:
    """Put the logo beside the HTML: mail programs fetch no pictures by themselves."""
    page = mail.get_body(("html",))
    assert page is not None
    page.add_related(
        png, "image", "png", cid=f"<{LOGO}>", disposition="inline", filename="logo.png"
    )


def one_line(words: str, most: int) -> str:
    """Text for a header: one line, nothing that cannot be seen, not too long."""
    seen = "".join(
        " " if char.isspace() or unicodedata.category(char) in ("Cc", "Zl", "Zp") else char
        for char in words
        if unicodedata.category(char) not in ("Cf", "Cs")
    )
    line = " ".join(seen.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
