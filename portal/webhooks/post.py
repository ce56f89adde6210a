"""One message to one receiver, and in words what came of it."""

import http.client
import ssl
import time
from collections.abc import Mapping
from functools import cache

from portal.chat.guard import Watch
from portal.config import WebhookSettings
from portal.domain.webhooks import HookReply, HookTarget

LARGEST_ANSWER = 64 * 1024
KEPT_ANSWER = 1_000
LONGEST_ERROR = 300
SETTING = "WEBHOOK_ALLOWED_HOSTS"


def post(
    target: HookTarget, body: bytes, headers: Mapping[str, str], settings: WebhookSettings
) -> HookReply:
    """Send a message, and read the beginning of the answer. No redirect is followed; a connection
    is checked as it is made, by the address that the name has then."""
    begun = time.monotonic()
    with Watch(settings.allowed_hosts, settings.timeout_seconds, SETTING) as watch:
        try:
            status, text, retry_after = _talk(target, body, headers, settings.timeout_seconds)
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
    target: HookTarget, body: bytes, headers: Mapping[str, str], timeout: float
) -> tuple[int, bytes, str | None]:
    connection: http.client.HTTPConnection
    if target.is_tls:
        connection = http.client.HTTPSConnection(
            target.host, target.port, timeout=timeout, context=_trusted()
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


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


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
    """Retry-After where it is a number of seconds; a date is not obeyed."""
    text = (header or "").strip()
    return int(text[:9]) if text.isascii() and text.isdigit() else None
