"""One message to one receiver, by HTTPS or as syslog over TLS, and in words what came of it."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache

from portal.chat.guard import Watch
from portal.config import WebhookSettings
from portal.domain.webhooks import HookReply, HookTarget

LARGEST_ANSWER = 64 * 1024
KEPT_ANSWER = 1_000
LONGEST_ERROR = 300
SETTING = "WEBHOOK_ALLOWED_HOSTS"


# The status of an answer, its beginning, and how long the receiver asks to be left alone.
Answer = tuple[int, bytes, str | None]


def post(
    target: HookTarget,
    body: bytes,
    headers: Mapping[str, str],
    settings: WebhookSettings,
    certificate: str = "",
) -> HookReply:
    """Send a message, and read the beginning of the answer. No redirect is followed; a connection
    is checked as it is made, by the address that the name has then. `certificate`: of the authority
    that vouches for the receiver, in PEM; "": those that this machine knows."""
    return _watched(
        lambda: _talk(target, body, headers, settings.timeout_seconds, trusted(certificate)),
        settings,
    )


def write(
    target: HookTarget, body: bytes, settings: WebhookSettings, certificate: str = ""
) -> HookReply:
    """Send framed messages of syslog over TLS. They count as taken, as an answer 200 does, once the
    receiver says that it closes the connection, too (RFC 5425, 4.4): it has read all of it then.
    The rest as `post`."""
    return _watched(
        lambda: _hand_over(target, body, settings.timeout_seconds, heard_out(certificate)), settings
    )


def _watched(talk: Callable[[], Answer], settings: WebhookSettings) -> HookReply:
    begun = time.monotonic()
    with Watch(settings.allowed_hosts, settings.timeout_seconds, SETTING) as watch:
        try:
            status, text, retry_after = talk()
        except (OSError, http.client.HTTPException, ValueError) as error:
            took = _since(begun)
            if watch.refused:
                return HookReply(error=watch.refused, is_away=True, took_ms=took)
            if watch.is_late:
                late = f"It gave no whole answer within {settings.timeout_seconds} s."
                return HookReply(error=late, is_away=True, took_ms=took)
            return HookReply(error=_why(error), is_away=True, took_ms=took)
    wrong = "" if 200 <= status < 300 else f"It answered {status}."
    if 300 <= status < 400:
        wrong = f"It answered {status}; redirects are not followed."
    return HookReply(
        status=status,
        answer=_kept(text),
        error=wrong,
        retry_after=_seconds(retry_after),
        took_ms=_since(begun),
    )


def _talk(
    target: HookTarget,
    body: bytes,
    headers: Mapping[str, str],
    timeout: float,
    context: ssl.SSLContext,
) -> Answer:
    connection: http.client.HTTPConnection
    if target.is_tls:
        connection = http.client.HTTPSConnection(
            target.host, target.port, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(target.host, target.port, timeout=timeout)
    try:
        connection.request("POST", target.path, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        text = response.read(LARGEST_ANSWER)
        return response.status, text, response.getheader("Retry-After")
    finally:
        connection.close()


def _hand_over(target: HookTarget, body: bytes, timeout: float, context: ssl.SSLContext) -> Answer:
    with (
        socket.create_connection((target.host, target.port), timeout) as plain,
        context.wrap_socket(plain, server_hostname=target.host) as line,
    ):
        line.sendall(body)
        line.unwrap().close()
    return 200, b"", None


@lru_cache(maxsize=16)
def trusted(certificate: str) -> ssl.SSLContext:
    """Whom to believe that it is the receiver: everybody's authorities, or only one's own, whose
    certificate it is, in PEM (`services.streams` takes no other text)."""
    return ssl.create_default_context(cadata=certificate or None)


@lru_cache(maxsize=16)
def heard_out(certificate: str) -> ssl.SSLContext:
    """The same where the end has to be said: a line that just ends is an error. Python 3.11.2
    overlooks that unless it is told, later ones do not."""
    context = ssl.create_default_context(cadata=certificate or None)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def _why(error: Exception) -> str:
    """What a person can use of an error. It never holds what was sent."""
    said = " ".join(str(error).split())
    said = "".join(letter for letter in said if letter.isprintable())
    return f"{type(error).__name__}: {said}"[:LONGEST_ERROR]


def _kept(text: bytes) -> str:
    """The beginning of an answer as text that can be stored."""
    found = text[:KEPT_ANSWER].decode("utf-8", "replace")
    return "".join(each if each.isprintable() or each in "\n\t" else " " for each in found)


def _seconds(header: str | None) -> int | None:
    """How many seconds Retry-After asks for, by a number or by a date."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        return max(0, round(parsedate_to_datetime(text).timestamp() - time.time()))
    except (ValueError, OverflowError):
        return None
