"""The hash chain of the record: what exactly is hashed, so that anybody can check it.

For each event of a request, in order of `seq`:

    hash = sha256(previous hash + canonical bytes), as 64 lower-case hexadecimal digits

The previous hash is the same 64 digits as ASCII, or nothing for the first event. The canonical
bytes are UTF-8 JSON with sorted keys, no spaces and no escapes beyond those JSON requires, of an
object with `request_id`, `seq`, `at` (microseconds since 1970-01-01 UTC, an integer), `kind`,
`tag`, `actor`, `on_behalf_of`, `command_id` and `data`.

Free text stands in `data` as {"sha256": digest}; digest = sha256(salt + text), the salt being 32
hexadecimal digits as ASCII and the text UTF-8. Text and salt are in `portal.audit_texts`.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainLink:
    """One event as it is hashed; the fields are the columns of `portal.audit_events`."""

    request_id: str
    seq: int
    at: datetime
    kind: str
    tag: str
    actor: str
    on_behalf_of: str | None
    command_id: str | None
    data: dict[str, Any]


def microseconds(at: datetime) -> int:
    """A time as microseconds since 1970-01-01 UTC: the same number in every time zone."""
    return (at - _EPOCH) // _MICROSECOND


def canonical(value: Any) -> str:
    """A JSON value as canonical text. Raises ValueError for NaN and infinities."""
    return _ENCODER.encode(value)


def canonical_bytes(link: ChainLink) -> bytes:
    """What is hashed of an event. Raises ValueError for text that is not Unicode."""
    document = {
        "request_id": link.request_id,
        "seq": link.seq,
        "at": microseconds(link.at),
        "kind": link.kind,
        "tag": link.tag,
        "actor": link.actor,
        "on_behalf_of": link.on_behalf_of,
        "command_id": link.command_id,
        "data": link.data,
    }
    return canonical(document).encode()


def next_hash(previous: str, link: ChainLink) -> str:
    """The hash of an event that follows the one with hash `previous` ("" before the first)."""
    return sha256(previous.encode() + canonical_bytes(link)).hexdigest()


def new_salt() -> str:
    """Sixteen random bytes: without them a short text could be guessed from its hash."""
    return secrets.token_hex(16)


def text_hash(salt: str, text: str) -> str:
    """The hash that the chain keeps of a free text."""
    return sha256(salt.encode() + text.encode()).hexdigest()


_ALREADY_STORABLE = frozenset({str, int, bool, type(None)})


def storable(value: Any) -> Any:
    """The value with every number as PostgreSQL's jsonb gives it back: 1e3 becomes 1000.

    Without this the hash of an event would differ after it was read again.
    """
    if type(value) in _ALREADY_STORABLE:
        return value
    if isinstance(value, float):
        return int(Decimal(repr(value))) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value
