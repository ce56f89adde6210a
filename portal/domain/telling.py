"""When a person wants to be told outside the portal: of what, and at which hours."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.domain.notices import kind_named


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """A person's wishes. `muted`: codes of topics not wanted by mail. Quiet hours are on the
    person's own clock, and may go over midnight; without both ends there are none."""

    muted: frozenset[str] = frozenset()
    quiet_from: time | None = None
    quiet_until: time | None = None

    def wants(self, kind: str) -> bool:
        """Whether a message of that kind is wanted by mail."""
        return kind_named(kind).topic.code not in self.muted

    def due(self, now: datetime, zone: ZoneInfo) -> datetime:
        """When a message may go out: now, or at the end of the quiet hours, never later."""
        if self.quiet_from is None or self.quiet_until is None:
            return now
        local = now.astimezone(zone)
        if not _within(local.time(), self.quiet_from, self.quiet_until):
            return now
        day = local.date()
        if local.time() >= self.quiet_until:
            day += timedelta(days=1)
        end = datetime.combine(day, self.quiet_until, zone)
        # Where a clock goes forward over that very moment, both sides are the same moment in UTC.
        return max(now, end.astimezone(now.tzinfo))


def _within(at: time, start: time, end: time) -> bool:
    return start <= at < end if start <= end else at >= start or at < end
