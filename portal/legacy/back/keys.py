"""Keys and times as the old engine has them: UUIDv7 as text, and UTC without a zone."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID


def old_key(at: datetime, *parts: str) -> str:
    """A UUIDv7 (RFC 9562) for a row: the same for the same time and parts, whoever makes it."""
    chance = int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:10])
    millis = int(at.timestamp() * 1000) & (1 << 48) - 1
    high = millis << 16 | 7 << 12 | chance >> 68
    low = 0b10 << 62 | chance & (1 << 62) - 1
    return str(UUID(int=high << 64 | low))


def stamp(at: datetime) -> str:
    """A time for a column timestamp(3): UTC, to the millisecond, without a zone."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
