"""The talk with the mail server, bounded as a whole: one byte a second ends, too."""

import contextlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from portal.config import MailSettings
from portal.domain.marked import sentence
from portal.domain.notices.troubles import NO_ANSWER, NO_ANSWER_WITHIN, SERVER_SAID, UNREACHABLE

LONGEST_REASON = 300


class MailNotTaken(Exception):
    """The server did not take a mail, or gave no answer in time; the sentence says why.

    `is_away`: it cannot be talked to at all, so that trying the next mail at once is in vain.
    """

    def __init__(self, reason: str, *, is_away: bool = False) -> None:
        super().__init__(reason)
        self.is_away = is_away


class SmtpConnection:
    """One connection to the mail server, opened when the first mail is sent."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._close(politely=True)

    def send(self, mail: EmailMessage, recipient: str) -> None:
        """Send a mail to that one address, whatever its headers say. Raises MailNotTaken."""
        server = self._server or self.open()
        # Servers refuse lines that end otherwise (RFC 5321 2.3.8), and smtplib mends strings only.
        content = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
        try:
            with self._in_time(server):
                server.sendmail(self._settings.sender_address, [recipient], content)
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            raise MailNotTaken(_reason(error)) from error

    def open(self) -> smtplib.SMTP:
        """Connect, encrypt and sign in, as for the first mail. Raises MailNotTaken."""
        server = _Server(self._settings)
        try:
            with self._in_time(server):
                server.begin()
        except (OSError, smtplib.SMTPException) as error:
            server.close()
            raise MailNotTaken(_reason(error), is_away=True) from error
        self._server = server
        return server

    @contextlib.contextmanager
    def _in_time(self, server: smtplib.SMTP) -> Iterator[None]:
        """End the talk when its time is over. The socket's own limit holds for each byte only."""
        late = threading.Event()

        def end() -> None:
            late.set()
            _cut(server)

        timer = threading.Timer(self._settings.timeout_seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, smtplib.SMTPException) as error:
            # A socket has the limit of the whole talk, and either may be first.
            if late.is_set() or "timed out" in str(error):
                seconds = self._settings.timeout_seconds
                raise TimeoutError(f"no answer within {seconds} s") from error
            raise
        finally:
            timer.cancel()

    def _close(self, *, politely: bool = False) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        if politely:
            with contextlib.suppress(OSError, smtplib.SMTPException), self._in_time(server):
                server.quit()
        server.close()


class _Server(smtplib.SMTP):
    """An SMTP connection that can be cut at any moment, also while it is being opened."""

    def __init__(self, settings: MailSettings) -> None:
        super().__init__(timeout=settings.timeout_seconds)
        # What smtplib checks a certificate against; it sets it only where it connects by itself.
        self._host = settings.host
        self.ca = settings.ca
        self._settings = settings

    def begin(self) -> None:
        """Connect, encrypt, sign in."""
        settings = self._settings
        self.connect(settings.host, settings.port)
        if settings.tls == "starttls":
            self.starttls(context=_Handshake(self))  # type: ignore[call-overload]
        if settings.user:
            self.login(settings.user, settings.password)
        self.ehlo_or_helo_if_needed()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self.sock = sock
        if self._settings.tls == "tls":
            return _Handshake(self).wrap_socket(sock, server_hostname=host)
        return sock


class _Handshake:
    """The part of an SSL context that smtplib uses. The encrypted socket stands at the server
    before the handshake, which waits for the other side, so that it can be cut, too."""

    def __init__(self, server: "_Server") -> None:
        self._server = server

    def wrap_socket(self, sock: socket.socket, server_hostname: str) -> ssl.SSLSocket:
        """Encrypt a connection; the certificate has to be the host's."""
        context = ssl.create_default_context()
        if self._server.ca is not None:
            context.load_verify_locations(self._server.ca)
        wrapped = context.wrap_socket(
            sock, server_hostname=server_hostname, do_handshake_on_connect=False
        )
        self._server.sock = wrapped
        wrapped.do_handshake()
        return wrapped


def _cut(server: smtplib.SMTP) -> None:
    if server.sock is not None:
        with contextlib.suppress(OSError):
            # Not by the method of an encrypted socket: that forgets what the other thread uses.
            socket.socket.shutdown(server.sock, socket.SHUT_RDWR)


def _reason(error: OSError | smtplib.SMTPException) -> str:
    """One line about what went wrong, in the server's words where it said something."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _said(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    if isinstance(error, TimeoutError):
        seconds = _seconds(str(error))
        return str(sentence(NO_ANSWER_WITHIN, seconds=seconds)) if seconds else NO_ANSWER
    words = " ".join(str(error).split()) or type(error).__name__
    return str(sentence(UNREACHABLE, words=words))[:LONGEST_REASON]


def _seconds(words: str) -> str:
    found = re.fullmatch(r"no answer within (.+) s", words)
    return found[1] if found else ""


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return str(sentence(SERVER_SAID, code=code, words=line))[:LONGEST_REASON]
