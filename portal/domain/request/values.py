"""The request's own words: statuses, priorities, content, and the fingerprint of what was seen."""

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Where a request is; the first three are open, the rest are outcomes."""

    PENDING = "PENDING"
    ON_HOLD = "ON_HOLD"
    RETURNED = "RETURNED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    TIMEOUT = "TIMEOUT"
    WITHDRAWN = "WITHDRAWN"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"

    @property
    def is_open(self) -> bool:
        """True while the request's workflow runs."""
        return self in OPEN


OPEN = frozenset({Status.PENDING, Status.ON_HOLD, Status.RETURNED})


class TaskStatus(StrEnum):
    """Where a task is. Only OPEN tasks stand in an inbox."""

    OPEN = "OPEN"
    DECIDED = "DECIDED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class Priority(StrEnum):
    """How pressing a request is, as the requester or its type says."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"
    CRITICAL = "CRITICAL"


class Via(StrEnum):
    """How a command came in; BULK: as one of many, through a review page."""

    WEB = "web"
    BULK = "bulk"
    LINK = "link"
    API = "api"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is asked for. `amount` is in minor units of `currency` (cents); both or neither."""

    title: str
    fields: dict[str, Any] = field(default_factory=dict)
    amount: int | None = None
    currency: str | None = None

    def fingerprint(self) -> str:
        """SHA-256 (hex) over the canonical JSON of the content: the same content, the same text."""
        document = {
            "title": self.title,
            "fields": self.fields,
            "amount": self.amount,
            "currency": self.currency,
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def changed_from(self, other: "Content") -> tuple[str, ...]:
        """Names of what differs, sorted: form field names, and "title", "amount", "currency"."""
        names = {
            name
            for name in self.fields.keys() | other.fields.keys()
            if self.fields.get(name) != other.fields.get(name)
        }
        for name in ("title", "amount", "currency"):
            if getattr(self, name) != getattr(other, name):
                names.add(name)
        return tuple(sorted(names))
