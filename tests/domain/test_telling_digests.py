"""When the next digest comes: on the person's clock, whatever that clock does."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.notices.kinds import Channel
from portal.domain.notices.preferences import DeliveryMode, NotificationPreferences
from tests.domain.test_telling import HOURS, MOMENTS

ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
     "America/St_Johns", "Pacific/Chatham"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("now", "at", "zone", "due"),
    [
        ("2026-11-25T06:59", time(8), "Europe/Berlin", "2026-11-25T07:00"),
        ("2026-11-25T07:00", time(8), "Europe/Berlin", "2026-11-26T07:00"),
        ("2026-11-25T00:00", time(8), "Asia/Kathmandu", "2026-11-25T02:15"),
        # 02:30 is skipped on 29 March and shown twice on 25 October.
        ("2026-03-28T12:00", time(2, 30), "Europe/Berlin", "2026-03-29T01:30"),
        ("2026-10-24T12:00", time(2, 30), "Europe/Berlin", "2026-10-25T00:30"),
        ("2026-10-25T00:30", time(2, 30), "Europe/Berlin", "2026-10-26T01:30"),
    ],
)
def test_the_daily_digest(now: str, at: time, zone: str, due: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = NotificationPreferences(daily_at=at).next_digest(
        DeliveryMode.DAILY, moment, ZoneInfo(zone)
    )
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@settings(deadline=None)
@given(now=MOMENTS, zone=ZONES, at=HOURS)
def test_later_and_within_a_day_or_an_hour(now: datetime, zone: str, at: time) -> None:
    place, wishes = ZoneInfo(zone), NotificationPreferences(daily_at=at)
    daily = wishes.next_digest(DeliveryMode.DAILY, now, place)
    assert now < daily <= now + timedelta(hours=26)
    hourly = wishes.next_digest(DeliveryMode.HOURLY, now, place)
    assert now < hourly <= now + timedelta(hours=1)
    assert (hourly - datetime(2020, 1, 1, tzinfo=UTC)) % timedelta(minutes=15) == timedelta()
    following = wishes.next_digest(DeliveryMode.DAILY, daily, place)
    assert timedelta(hours=22) < following - daily < timedelta(hours=26)


@settings(deadline=None)
@given(now=MOMENTS, zone=ZONES, at=HOURS)
def test_the_last_whole_month_from_its_end_on(now: datetime, zone: str, at: time) -> None:
    place, today = ZoneInfo(zone), now.astimezone(ZoneInfo(zone)).date()
    since = now - timedelta(days=32)
    wishes = NotificationPreferences(daily_at=at, monthly_since=since)
    begun = today.replace(day=1)
    is_time = datetime.combine(begun, at, place).astimezone(UTC) <= now
    found = wishes.month_due(now, place)
    assert found == ((begun - timedelta(days=1)).replace(day=1) if is_time else None)
    # Whoever asks for it today gets the first one when this month is over.
    assert replace(wishes, monthly_since=now).month_due(now, place) is None
    assert replace(wishes, monthly_since=None).month_due(now, place) is None


def test_in_quiet_hours_it_comes_at_their_end() -> None:
    wishes = NotificationPreferences(daily_at=time(6), quiet_from=time(22), quiet_until=time(7))
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    due = wishes.next_digest(DeliveryMode.DAILY, now, ZoneInfo("UTC"))
    assert due == datetime(2026, 11, 26, 7, tzinfo=UTC)


def test_what_is_needed_before_the_digest_does_not_wait_for_it() -> None:
    wishes = NotificationPreferences(chosen={Channel.MAIL: {"asked": DeliveryMode.DAILY}})
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    tonight, later = now + timedelta(hours=6), now + timedelta(days=3)
    utc = ZoneInfo("UTC")
    assert wishes.timing("assigned", Channel.MAIL, now, utc, tonight) == (DeliveryMode.AT_ONCE, now)
    assert wishes.timing("assigned", Channel.MAIL, now, utc, later)[0] is DeliveryMode.DAILY
