"""The mails that a development installation caught instead of sending, newest first."""

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

SHOWN = 100
NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtMail:
    """One mail. `headers` are its own, in their order; `to` is whom the envelope named."""

    name: str
    to: str
    subject: str
    at: datetime | None
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def caught(folder: Path) -> tuple[CaughtMail, ...]:
    """The newest `SHOWN` mails."""
    files = sorted(folder.glob("*.eml"), reverse=True)[:SHOWN]
    found = (find(folder, file.stem) for file in files)
    return tuple(mail for mail in found if mail is not None)


def find(folder: Path, name: str) -> CaughtMail | None:
    """The mail of that name; None where there is none."""
    if not NAME.fullmatch(name):
        return None
    try:
        content = (folder / f"{name}.eml").read_bytes()
    except OSError:
        return None
    mail = message_from_bytes(content, policy=default)
    headers = tuple((key, str(value)) for key, value in mail.items())
    return CaughtMail(
        name=name,
        to=str(mail.get("X-Envelope-To", "")),
        subject=str(mail.get("Subject", "")),
        at=_moment(str(mail.get("Date", ""))),
        headers=headers,
        text=_part(mail, "plain"),
        html=_with_pictures(_part(mail, "html"), mail),
    )


def _with_pictures(html: str, mail: EmailMessage) -> str:
    """The page with the pictures that the mail brings, as a mail program shows them."""
    for part in mail.walk():
        name = str(part.get("Content-ID", "")).strip("<>")
        if name and part.get_content_maintype() == "image":
            picture = b64encode(part.get_content()).decode()
            html = html.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{picture}")
    return html


def _moment(words: str) -> datetime | None:
    try:
        return parsedate_to_datetime(words)
    except ValueError:
        return None


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""
