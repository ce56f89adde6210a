"""Mail servers for tests: real SMTP on a free port, well behaved or not.

with mail_server(settings) as server:      # catches: server.mails
with mail_server(settings, behave=refuse("451 Later")) as server:
with silent_server() as port: ...          # takes the connection and says nothing
"""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from portal.config import MailSettings, Settings
from scripts.local.ports import any_free

Behaviour = Callable[["Catcher", SMTP, Envelope], str | None]


@dataclass
class Catcher:
    """Keeps what arrives. `behave` is asked at the end of DATA: an answer, or None to take it."""

    behave: Behaviour | None = None
    envelopes: list[Envelope] = field(default_factory=list)
    port: int = field(default_factory=any_free)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail, or do what the test wants instead."""
        answer = self.behave(self, server, envelope) if self.behave else None
        if answer == "hang":
            await asyncio.sleep(3600)
        if answer is None or answer == "dead":
            self.envelopes.append(envelope)
        return answer or "250 Kept"

    @property
    def mails(self) -> list[EmailMessage]:
        """What was taken, oldest first."""
        contents = [each.original_content or b"" for each in self.envelopes]
        return [message_from_bytes(each, policy=default) for each in contents]

    @property
    def recipients(self) -> list[list[str]]:
        """Whom the envelopes named."""
        return [each.rcpt_tos for each in self.envelopes]

    def wait(self, count: int, patience: float = 60) -> list[EmailMessage]:
        """The mails, as soon as there are so many."""
        limit = time.monotonic() + patience
        while len(self.envelopes) < count and time.monotonic() < limit:
            time.sleep(0.05)
        assert len(self.envelopes) >= count
        return self.mails


def refuse(answer: str, times: int = 1_000_000) -> Behaviour:
    """Answer so to the first mails."""
    left = [times]

    def behave(_catcher: Catcher, _server: SMTP, _envelope: Envelope) -> str | None:
        left[0] -= 1
        return answer if left[0] >= 0 else None

    return behave


def die_after_data(times: int = 1) -> Behaviour:
    """Take the first mails and cut the line before saying so."""
    left = [times]

    def behave(_catcher: Catcher, server: SMTP, _envelope: Envelope) -> str | None:
        left[0] -= 1
        if left[0] < 0:
            return None
        server.transport.abort()
        return "dead"

    return behave


@contextmanager
def mail_server(behave: Behaviour | None = None, port: int | None = None) -> Iterator[Catcher]:
    """A running server."""
    catcher = Catcher(behave, port=port or any_free())
    controller = Controller(catcher, "127.0.0.1", catcher.port)
    controller.start()
    try:
        yield catcher
    finally:
        controller.stop()


@contextmanager
def slow_server(drip: bytes = b"", pause: float = 0.2) -> Iterator[int]:
    """A server that takes connections and says nothing, or its greeting byte by byte; its port."""
    port, end = any_free(), threading.Event()
    listener = socket.create_server(("127.0.0.1", port))
    listener.settimeout(0.1)

    def serve() -> None:
        lines = []
        while not end.is_set():
            with contextlib.suppress(TimeoutError):
                lines.append(listener.accept()[0])
                threading.Thread(target=speak, args=(lines[-1],), daemon=True).start()
        for line in lines:
            line.close()

    def speak(line: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for byte in drip:
                line.sendall(bytes([byte]))
                end.wait(pause)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield port
    finally:
        end.set()
        thread.join()
        listener.close()


def mailing(settings: Settings, port: int, **values: object) -> Settings:
    """The same settings, with a mail server on that port."""
    mail = MailSettings(
        host="127.0.0.1", port=port, tls="none", sender="Approvals <approvals@gloria.example>"
    )
    return replace(settings, mail=replace(mail, **values))  # type: ignore[arg-type]


def speak_german(do: Callable[..., None]) -> None:
    """Everybody reads German, which sender and footer of the organisation's mails are said in."""
    own = {"Office": {"de": "Sekretariat"}, "Ask Eve.": {"de": "Fragen Sie Eva."}}
    names = "id, sender_name, mail_footer, translations"
    row = "(1, 'Office', 'Ask Eve.', CAST(:own AS jsonb))"
    do(f"INSERT INTO portal.organisation ({names}) VALUES {row}", own=json.dumps(own))
    do("UPDATE portal.users SET locale = 'de'")


def is_german(mail: EmailMessage) -> bool:
    """Whether sender, language and footer of both parts are those of `speak_german`."""
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    words = [part.get_content() if part else "" for part in parts]
    return (
        mail["From"].startswith("Sekretariat <")
        and mail["Content-Language"] == "de"
        and 'lang="de"' in words[1]
        and all("Fragen Sie Eva." in each and "Ask Eve." not in each for each in words)
    )
