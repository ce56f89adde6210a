"""How and when a person wants to be told: of what, by which channel, and at which hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.domain.notices.kinds import TOPICS, Channel, kind_named


class DeliveryMode(StrEnum):
    """How a topic is told by one channel."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"
    NOT = "not"


DIGESTS = (DeliveryMode.HOURLY, DeliveryMode.DAILY)
# What each channel can do, and first what it does where the person said nothing.
OFFERED: Mapping[Channel, tuple[DeliveryMode, ...]] = {
    Channel.PORTAL: (DeliveryMode.AT_ONCE, DeliveryMode.NOT),
    Channel.MAIL: (DeliveryMode.AT_ONCE, DeliveryMode.HOURLY, DeliveryMode.DAILY, DeliveryMode.NOT),
    Channel.CHAT: (DeliveryMode.AT_ONCE, DeliveryMode.NOT),
}
MORNING = time(8)
# By channel and by code of topic.
Chosen = Mapping[Channel, Mapping[str, DeliveryMode]]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class NotificationPreferences:
    """A person's wishes. `chosen`: where they differ from what a channel does by itself. The times
    are on the person's own clock: `daily_at` of the daily digest, and quiet hours, which may go
    over midnight; without both ends there are none. `monthly_since`: since when they want the
    figures of each month by mail."""

    chosen: Chosen = field(default_factory=dict)
    daily_at: time = MORNING
    quiet_from: time | None = None
    quiet_until: time | None = None
    monthly_since: datetime | None = None

    def how(self, kind: str, channel: Channel) -> DeliveryMode:
        """How a message of that kind is wanted by that channel."""
        return self.of_topic(kind_named(kind).topic.code, channel)

    def of_topic(self, topic: str, channel: Channel) -> DeliveryMode:
        """The same of the topic of that code."""
        return self.chosen.get(channel, {}).get(topic, OFFERED[channel][0])

    def timing(
        self, kind: str, channel: Channel, now: datetime, zone: ZoneInfo, needed_by: datetime | None
    ) -> tuple[DeliveryMode, datetime]:
        """How a message of now goes out, and when. What is needed before the digest would come
        does not wait for it."""
        how = self.how(kind, channel)
        if how in DIGESTS:
            at = self.next_digest(how, now, zone)
            if needed_by is None or at < needed_by:
                return how, at
            how = DeliveryMode.AT_ONCE
        return how, self.due(now, zone)

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
        # Where a clock goes forward over that very moment, both sides are the same moment in UTC.
        return max(now, _moment(day, self.quiet_until, zone, now))

    def next_digest(self, how: DeliveryMode, now: datetime, zone: ZoneInfo) -> datetime:
        """When the next digest goes out, later than now: at the person's full hour, or at their
        time of day; where a clock skips that time, when it would have been. Quiet hours hold.
        Raises ValueError where that is no digest."""
        if how is DeliveryMode.DAILY:
            return self.due(_next_day_time(self.daily_at, now, zone), zone)
        if how is DeliveryMode.HOURLY:
            local = now.astimezone(zone)
            into = timedelta(
                minutes=local.minute, seconds=local.second, microseconds=local.microsecond
            )
            return self.due(now - into + HOUR, zone)
        raise ValueError(how)

    def month_due(self, now: datetime, zone: ZoneInfo) -> date | None:
        """The first day of the month whose figures are to be mailed by now: the last whole one on
        their clock, from the first day after it at the time of their daily digest on. None before
        that time, and where they wanted none while the month lasted."""
        today = now.astimezone(zone).date()
        begun = today.replace(day=1)
        if self.monthly_since is None or self.monthly_since >= _moment(begun, time(), zone, now):
            return None
        if self.due(_moment(begun, self.daily_at, zone, now), zone) > now:
            return None
        return (begun - timedelta(days=1)).replace(day=1)


def choices(stored: Mapping[str, Mapping[str, str]]) -> Chosen:
    """What was stored. Whatever means nothing here (any more) is as if it had not been said."""
    topics = {topic.code for topic in TOPICS}
    return {
        channel: {
            topic: DeliveryMode(how)
            for topic, how in stored.get(channel, {}).items()
            if topic in topics and how in offered
        }
        for channel, offered in OFFERED.items()
    }


def differences(chosen: Chosen) -> dict[str, dict[str, str]]:
    """What to store: only what differs from what a channel does by itself."""
    kept = {
        channel.value: {
            topic: how.value for topic, how in by_topic.items() if how is not OFFERED[channel][0]
        }
        for channel, by_topic in chosen.items()
    }
    return {channel: by_topic for channel, by_topic in kept.items() if by_topic}


def _next_day_time(at: time, now: datetime, zone: ZoneInfo) -> datetime:
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(4))
    # A clock that goes back shows a time twice: the first is meant.
    return next(moment for day in days if (moment := _moment(day, at, zone, now)) > now)


def _moment(day: date, at: time, zone: ZoneInfo, like: datetime) -> datetime:
    return datetime.combine(day, at, zone).astimezone(like.tzinfo)


def _within(at: time, start: time, end: time) -> bool:
    return start <= at < end if start <= end else at >= start or at < end


def zone_or_utc(name: str) -> ZoneInfo:
    """The zone of that name; UTC for one that is not known, so that messages go out."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
