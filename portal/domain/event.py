"""What every event has in common."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Common to all: request, place in its history (from 1), time, who ("system" for the clock)."""

    tag: ClassVar[str] = ""
    TEXTS: ClassVar[tuple[str, ...]] = ()

    request_id: str
    seq: int
    at: datetime
    actor: str = SYSTEM
    on_behalf_of: str | None = None
    command_id: str | None = None
