"""Quiet hours: on the person's own clock, over midnight, over changes of the clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.notices.kinds import Channel
from portal.domain.notices.preferences import DeliveryMode, NotificationPreferences

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = NotificationPreferences(quiet_from=time(22), quiet_until=time(7))
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"]
)
START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
HOURS = st.times().map(lambda at: at.replace(microsecond=0))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-25T12:00", "2026-11-25T12:00"),
        ("2026-11-25T21:30", "2026-11-26T06:00"),
        ("2026-11-26T03:00", "2026-11-26T06:00"),
        ("2026-11-26T06:00", "2026-11-26T06:00"),
        ("2026-03-28T22:00", "2026-03-29T05:00"),
        ("2026-10-24T21:00", "2026-10-25T06:00"),
    ],
)
def test_the_night_in_berlin(now: str, due: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert NIGHT.due(at, BERLIN) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@settings(deadline=None)
@given(now=MOMENTS, zone=ZONES, start=HOURS, end=HOURS)
def test_never_early_and_never_more_than_a_day_late(
    now: datetime, zone: str, start: time, end: time
) -> None:
    place = ZoneInfo(zone)
    wishes = NotificationPreferences(quiet_from=start, quiet_until=end)
    due = wishes.due(now, place)
    assert now <= due <= now + timedelta(hours=26)
    if due > now:
        assert due.astimezone(place).time() >= end or due - now < timedelta(hours=2)


def test_without_quiet_hours_at_once() -> None:
    now = datetime.now(UTC)
    assert NotificationPreferences().due(now, BERLIN) == now
    assert NotificationPreferences(quiet_from=time(22)).due(now, BERLIN) == now


def test_what_is_not_wanted_by_mail_may_stand_in_the_portal() -> None:
    wishes = NotificationPreferences(chosen={Channel.MAIL: {"commented": DeliveryMode.NOT}})
    assert wishes.how("comment", Channel.MAIL) is DeliveryMode.NOT
    assert wishes.how("comment", Channel.PORTAL) is DeliveryMode.AT_ONCE
    assert wishes.how("assigned", Channel.MAIL) is DeliveryMode.AT_ONCE
