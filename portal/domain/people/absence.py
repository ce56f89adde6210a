"""What is done about people, and the time of an absence on somebody's own calendar."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class ChangeKind(StrEnum):
    """A change to a person, as `portal.people_changes` keeps it."""

    ADDED = "added"
    DETAILS = "details_changed"
    DEACTIVATED = "deactivated"
    ACTIVATED = "activated"
    MANAGER = "manager_changed"
    ROLES = "roles_changed"
    PLACE = "place_changed"
    GROUP_JOINED = "group_joined"
    GROUP_LEFT = "group_left"
    HEAD = "head_of"
    NO_HEAD = "no_longer_head_of"
    INVITED = "invited"
    RESET = "password_link_made"
    PASSWORD_SET = "password_set"  # noqa: S105 - no password but what was done
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    PROVIDER_LINKED = "provider_linked"
    PROVIDER_UNLINKED = "provider_unlinked"
    AWAY = "delegation_set"
    BACK = "delegation_ended"


class ReviewScope(StrEnum):
    """Which open requests a change concerns: those that ask the person, those that they asked for,
    or all for which nobody was found."""

    TASKS = "tasks"
    REQUESTS = "requests"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Period:
    """From `starts_at` until before `ends_at`."""

    starts_at: datetime
    ends_at: datetime


def period(first: date, last: date, zone: ZoneInfo, now: datetime) -> Period:
    """From the first day (at once, if that is today) to the end of the last, in a time zone.

    A midnight that the clock leaves out is the moment after it.
    """
    begins = _midnight(first, zone)
    return Period(max(begins, now), _midnight(last + timedelta(days=1), zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)
