"""Webhooks: which events are told to other programs, how a message is signed, and when it is tried
again (Standard Webhooks 1.0.0). Pure."""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from portal.domain.marked import Sentence, msgid, sentence
from portal.domain.networks import is_inside

SECRET_START = "whsec_"  # noqa: S105 - how every secret begins
SECRET_BYTES = 32
# After a rotation messages are signed with both secrets for so long.
OVERLAP = timedelta(days=1)
# Pauses between the tries of one message; behind the last one it has failed.
PAUSES = (
    timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30),
    timedelta(hours=2), timedelta(hours=6), timedelta(hours=15),
)  # fmt: skip
# A receiver that cannot be reached at all is left alone for a while, all of its messages with it.
LONGEST_REST = timedelta(minutes=5)
# Each pause is longer by up to this part, so that what failed together does not come back together.
SPREAD = 0.2
# What was not delivered after so long has failed, tried or not: an hour after the last try at its
# latest.
GIVE_UP_AFTER = sum(PAUSES, timedelta()) * (1 + SPREAD) + timedelta(hours=1)
MOST_OBEYED = timedelta(hours=6)
# Settled messages and their tries are kept for so long; what a paused endpoint gathers, too.
KEPT = timedelta(days=30)
LONGEST_URL, LONGEST_NAME = 500, 60
MOST_ENDPOINTS, MOST_MODULES, MODULE_LENGTH = 16, 20, 60

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.ASCII)
_PRINTABLE = re.compile(r"[!-~]+", re.ASCII)


class HookType(StrEnum):
    """What an endpoint can be told; the value is its name in messages."""

    REQUEST_STARTED = "request.started"
    REQUEST_CHANGED = "request.changed"
    REQUEST_APPROVED = "request.approved"
    REQUEST_REJECTED = "request.rejected"
    REQUEST_RETURNED = "request.returned"
    REQUEST_WITHDRAWN = "request.withdrawn"
    REQUEST_CANCELLED = "request.cancelled"
    REQUEST_EXPIRED = "request.expired"
    TASK_OPENED = "task.opened"
    TASK_DECIDED = "task.decided"


PING = "ping"
SENTENCES: dict[HookType, str] = {
    HookType.REQUEST_STARTED: msgid("A request was submitted and its workflow runs."),
    HookType.REQUEST_CHANGED: msgid(
        "A request was edited, submitted again, put on hold, resumed or moved to another policy."
    ),
    HookType.REQUEST_APPROVED: msgid("A request was approved."),
    HookType.REQUEST_REJECTED: msgid("A request was rejected."),
    HookType.REQUEST_RETURNED: msgid("A request was returned to its requester."),
    HookType.REQUEST_WITHDRAWN: msgid("A request was withdrawn."),
    HookType.REQUEST_CANCELLED: msgid("A request was cancelled."),
    HookType.REQUEST_EXPIRED: msgid("A request expired undecided."),
    HookType.TASK_OPENED: msgid("Somebody is asked to decide, or has to decide anew."),
    HookType.TASK_DECIDED: msgid("Somebody decided a task."),
}


class EndpointState(StrEnum):
    """UNVERIFIED: no test event was answered at its address yet. GONE: the receiver said 410. In
    all but ON messages gather, and none but test events is sent; REMOVED takes none."""

    UNVERIFIED = "unverified"
    ON = "on"
    PAUSED = "paused"
    GONE = "gone"
    REMOVED = "removed"


class DeliveryState(StrEnum):
    """WAITING for its first or next try; DROPPED with its endpoint."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


class HookUrlRefused(ValueError):
    """An address that is sent nothing; the sentence says why."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.sentence = why


@dataclass(frozen=True, kw_only=True)
class HookTarget:
    """Where a message goes. `path` with the query."""

    is_tls: bool
    host: str
    port: int
    path: str


@dataclass(frozen=True, kw_only=True)
class HookReply:
    """What came of one try. `status` None: no answer; `answer`: its beginning, in text; `error`:
    why it counts as not delivered; `is_away`: the receiver cannot be talked to at all;
    `retry_after`: what it asks for, in seconds; `took_ms`: how long the try took."""

    status: int | None = None
    answer: str = ""
    error: str = ""
    is_away: bool = False
    retry_after: int | None = None
    took_ms: int = 0

    @property
    def is_delivered(self) -> bool:
        """The receiver took it: any answer from 200 to 299."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The receiver wants nothing any more."""
        return self.status == 410

    @property
    def wants_rest(self) -> bool:
        """Whether every message of the endpoint had better wait."""
        return self.is_away or self.status in (429, 503)


def target(url: str, allowed_hosts: Sequence[str]) -> HookTarget:
    """The parts of an address. Raises HookUrlRefused for one that is not complete, not encrypted
    or inside the network, unless its host is one of those allowed."""
    if not _PRINTABLE.fullmatch(url) or len(url) > LONGEST_URL:
        raise HookUrlRefused(
            sentence(msgid("must be at most %(most)s characters without spaces."), most=LONGEST_URL)
        )
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port = "", 0
        parts = urlsplit("")
    is_named = host in allowed_hosts
    if parts.scheme not in ("https", "http") or not _is_host(host) or port == 0:
        raise HookUrlRefused(
            sentence(msgid("must be a whole address, such as https://erp.example.org/approvals."))
        )
    if parts.username is not None or parts.fragment:
        raise HookUrlRefused(sentence(msgid("must hold no user name, password or fragment.")))
    if parts.scheme == "http" and not is_named:
        raise HookUrlRefused(sentence(msgid("must begin with https://.")))
    if is_inside(host) and not is_named:
        raise HookUrlRefused(
            sentence(
                msgid("must not be inside the network. WEBHOOK_ALLOWED_HOSTS lists the exceptions.")
            )
        )
    is_tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return HookTarget(is_tls=is_tls, host=host, port=port or (443 if is_tls else 80), path=path)


def _is_host(host: str) -> bool:
    return ":" in host or (len(host) <= 253 and _HOST.fullmatch(host) is not None)


def secret_of(drawn: bytes) -> str:
    """How a secret is written."""
    return SECRET_START + base64.b64encode(drawn).decode()


def signature(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret. Raises ValueError for a text
    that is no secret."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    found = (hmac.new(_key(secret), signed, sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(each).decode()}" for each in found)


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(SECRET_START), validate=True)
    except binascii.Error:
        raise ValueError("This is no secret of a webhook.") from None


def pause_after(tries: int, spread: float, retry_after: int | None = None) -> timedelta | None:
    """How long a message waits after so many tries in vain; None: it has failed.

    `spread` (0 to 1) is drawn anew each time. A receiver may ask for more time, up to
    `MOST_OBEYED`.
    """
    if tries > len(PAUSES):
        return None
    usual = PAUSES[max(tries, 1) - 1] * (1 + spread * SPREAD)
    return max(usual, min(timedelta(seconds=retry_after or 0), MOST_OBEYED))


def rest_after(failures: int, retry_after: int | None = None) -> timedelta:
    """How long an endpoint is left alone that could not be reached so many times in a row."""
    usual = min(timedelta(seconds=5 * 2 ** min(max(failures, 1) - 1, 10)), LONGEST_REST)
    return max(usual, min(timedelta(seconds=retry_after or 0), MOST_OBEYED))


def payload(kind: str, timestamp: str, data: dict[str, Any], public_url: str) -> dict[str, Any]:
    """The body of a message: the same each time that it is sent."""
    number = data.get("number")
    url = f"{public_url}/requests/{number}" if number else public_url
    return {"type": kind, "timestamp": timestamp, "data": {**data, "url": url}}
