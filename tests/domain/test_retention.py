"""What is erased by retention: never what is held, never what is younger, and nothing twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.proof.retention import (
    SETTLED,
    HoldScope,
    Kept,
    KeptPerson,
    KeptRequest,
    Retention,
    StandingHold,
    due,
    holds_on,
    kept_until,
    may_erase,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
names = st.sampled_from(["a", "b", "c"])
days = st.none() | st.integers(1, 400)
moments = st.none() | st.integers(-500, 500).map(lambda n: NOW + timedelta(days=n))
requests = st.builds(
    KeptRequest,
    id=names,
    type_code=names,
    people=st.frozensets(names),
    closed_at=moments,
    there=st.frozensets(st.sampled_from(Kept)),
)
holds = st.lists(
    st.builds(
        StandingHold,
        scope=st.sampled_from(HoldScope),
        subject=names,
        until=moments,
        lifted_at=moments,
    ),
    max_size=4,
)
retentions = st.builds(Retention, texts_days=days, files_days=days, requests_days=days)


@given(requests, retentions, holds)
def test_nothing_held_or_open_is_erased(
    request: KeptRequest, retention: Retention, held: list[StandingHold]
) -> None:
    if holds_on(request, held, NOW) or request.closed_at is None:
        assert not due(request, retention, held, NOW)
        assert not may_erase(request, held, NOW)


@given(requests, retentions, holds)
def test_nothing_younger_than_its_retention_is_erased(
    request: KeptRequest, retention: Retention, held: list[StandingHold]
) -> None:
    for what in due(request, retention, held, NOW):
        end = kept_until(request, what, retention)
        assert end is not None
        assert end <= NOW
        assert request.closed_at is not None
        assert request.closed_at + SETTLED <= NOW


@given(requests, retentions, holds)
def test_what_was_erased_is_not_erased_again(
    request: KeptRequest, retention: Retention, held: list[StandingHold]
) -> None:
    gone = due(request, retention, held, NOW)
    left = replace(request, there=request.there - gone)
    assert not due(left, retention, held, NOW)


@given(requests, retentions)
def test_files_go_with_the_texts_at_the_latest(request: KeptRequest, retention: Retention) -> None:
    found = due(request, retention, [], NOW)
    assert Kept.TEXTS not in found or Kept.FILES in found or Kept.FILES not in request.there


@given(requests, retentions, holds)
def test_a_hold_more_never_erases_more(
    request: KeptRequest, retention: Retention, held: list[StandingHold]
) -> None:
    for each in held:
        fewer = [other for other in held if other is not each]
        assert due(request, retention, held, NOW) <= due(request, retention, fewer, NOW)


def test_a_hold_ends_by_its_time_and_by_being_lifted() -> None:
    hold = StandingHold(HoldScope.TYPE, "a", until=NOW)
    assert not hold.is_active(NOW)
    assert hold.is_active(NOW - timedelta(seconds=1))
    assert not replace(hold, lifted_at=NOW).is_active(NOW - timedelta(seconds=1))


@given(st.booleans(), st.booleans(), st.booleans(), st.integers(0, 400), st.integers(1, 400))
def test_people_go_only_once_they_left_and_nothing_keeps_them(
    is_active: bool, has_open: bool, is_held: bool, ago: int, days: int
) -> None:
    left_at = None if is_active else NOW - timedelta(days=ago)
    person = KeptPerson(is_active, left_at, has_open, is_held)
    is_free = not (is_active or has_open or is_held)
    assert (person.bars() == ()) is is_free
    assert person.is_due(days, NOW) is (is_free and ago >= days)
    assert not person.is_due(None, NOW)
