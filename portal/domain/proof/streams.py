"""Streams of the log to a security information system (SIEM): where to, and in which shape. Pure.

By HTTPS, signed as Standard Webhooks are, with a line of JSON for each entry; or by syslog
(RFC 5424) over TLS, each message with its length before it (RFC 5425).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from portal.domain.marked import msgid, sentence
from portal.domain.proof.ocsf import as_ocsf, went_well
from portal.domain.webhooks import HookTarget, HookUrlRefused, target

MOST_STREAMS = 4
# So many entries at once, fewer after each failure: one that is too large holds up nothing else.
BATCH = 200
LARGEST_BODY = 512 * 1024
# An entry that waits for longer is behind.
BEHIND_AFTER = timedelta(minutes=15)
SYSLOG_PORT = 6514
# Facility "log audit", severity "informational" and "warning".
FACILITY, INFORMATIONAL, WARNING = 13, 6, 4
LONGEST_KIND = 32
LONGEST_CERTIFICATE = 20_000


class StreamProtocol(StrEnum):
    """How entries travel."""

    HTTPS = "https"
    SYSLOG = "syslog"


class StreamShape(StrEnum):
    """How an entry is written: as the files of `/audit` have it, or as OCSF."""

    JSON = "json"
    OCSF = "ocsf"


class StreamState(StrEnum):
    """UNVERIFIED: no test message was taken at its address yet. REMOVED: only its acts are left."""

    UNVERIFIED = "unverified"
    ON = "on"
    PAUSED = "paused"
    REMOVED = "removed"


SHAPES: dict[StreamShape, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    StreamShape.JSON: lambda entry: entry,
    StreamShape.OCSF: as_ocsf,
}


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """Entries that follow each other, as they are sent. `next`: the leaf to go on with."""

    pieces: tuple[bytes, ...]
    first: int
    next: int

    @property
    def key(self) -> str:
        """The same for the same entries, whenever they are sent."""
        return f"leaves-{self.first}-{self.next - 1}"

    @property
    def body(self) -> bytes:
        """All of them."""
        return b"".join(self.pieces)


def destination(protocol: StreamProtocol, address: str, allowed: Sequence[str]) -> HookTarget:
    """Where a stream leads. Raises HookUrlRefused for an address that is not whole, not encrypted,
    or inside the network, unless its host is one of those allowed."""
    if protocol is StreamProtocol.HTTPS:
        found = target(address, allowed)
        if not found.is_tls:
            raise HookUrlRefused(sentence(msgid("must begin with https://.")))
        return found
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port or SYSLOG_PORT
    except ValueError:
        host = port = None
    if not host or "/" in address or "@" in address or "?" in address or "#" in address:
        raise HookUrlRefused(
            sentence(msgid("must be a host and a port, such as siem.example.org:6514."))
        )
    bracketed = f"[{host}]" if ":" in host else host
    return target(f"https://{bracketed}:{port}/", allowed)


def batch_of(
    entries: Sequence[Mapping[str, Any]],
    protocol: StreamProtocol,
    shape: StreamShape,
    host: str,
) -> StreamBatch:
    """The first of these entries that go into one message, at least one. `host`: the portal's."""
    pieces: list[bytes] = []
    size = 0
    for entry in entries:
        text = json.dumps(SHAPES[shape](entry), separators=(",", ":"))
        piece = frame(host, entry, text) if protocol is StreamProtocol.SYSLOG else line(text)
        size += len(piece)
        if pieces and size > LARGEST_BODY:
            break
        pieces.append(piece)
    first = int(entries[0]["leaf"])
    return StreamBatch(tuple(pieces), first, int(entries[len(pieces) - 1]["leaf"]) + 1)


def line(text: str) -> bytes:
    """An entry as a line."""
    return f"{text}\n".encode()


def frame(host: str, entry: Mapping[str, Any], text: str) -> bytes:
    """An entry as a message of syslog, with its length in bytes before it."""
    kind = str(entry["kind"])
    severity = INFORMATIONAL if went_well(kind) else WARNING
    at = entry.get("at")
    when = datetime.fromisoformat(at).isoformat(timespec="microseconds") if at else "-"
    head = f"<{FACILITY * 8 + severity}>1 {when} {host or '-'} gloria-approvals - {_name(kind)} - "
    message = f"{head}{text}".encode()
    return f"{len(message)} ".encode() + message


def _name(kind: str) -> str:
    """A kind as MSGID: at most 32 printable letters of ASCII, none of them a space."""
    return "".join(each for each in kind if "!" <= each <= "~")[:LONGEST_KIND] or "-"


def trial_entry(moment: datetime) -> dict[str, Any]:
    """What a test sends: an entry of no leaf."""
    return {
        "leaf": -1, "kind": "stream:test", "at": moment.isoformat(), "actor": "system",
        "data": {"said": "A test of this stream by Gloria Approvals."},
    }  # fmt: skip


def most_after(failures: int) -> int:
    """How many entries the next message has after so many failures in a row."""
    return max(1, BATCH >> min(failures, 10))
