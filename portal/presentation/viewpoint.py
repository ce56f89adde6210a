"""From where a page is read: which moment is now, and whose clock is on the wall."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """One reader at one moment. A page is drawn from a single viewpoint, so its times agree."""

    now: datetime
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


ViewpointSource = Callable[[], Viewpoint]


def zone_named(name: str | None) -> ZoneInfo:
    """The zone of that name; UTC when it is missing or unknown, for a page must still be drawn."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def utc_viewpoint() -> Viewpoint:
    """For pages without a signed-in person."""
    return Viewpoint(now=datetime.now(UTC))
