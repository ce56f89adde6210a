"""When an alarm begins, rings and is over."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.alarms import CALM, LASTS, WORDS, AlarmKind, AlarmState, causes, looked

T0 = datetime(2026, 11, 30, tzinfo=UTC)
WELL = {"worker_seen_seconds": 3.0, "commands_oldest_seconds": 0.0, "messages_failed": 0.0,
        "messages_oldest_seconds": 0.0, "attachments_free_bytes": 9e9}  # fmt: skip


def test_each_kind_has_words() -> None:
    assert set(WORDS) == set(AlarmKind)


def test_what_is_a_cause() -> None:
    assert causes(WELL) == frozenset()
    assert causes(WELL | {"attachments_free_bytes": None}) == frozenset()
    for changed, kind in (
        ({"worker_seen_seconds": None}, AlarmKind.NO_WORKER),
        ({"worker_seen_seconds": 31.0}, AlarmKind.NO_WORKER),
        ({"commands_oldest_seconds": 301.0}, AlarmKind.COMMANDS_WAIT),
        ({"messages_failed": 1.0}, AlarmKind.MESSAGES_FAIL),
        ({"messages_oldest_seconds": 1801.0}, AlarmKind.MESSAGES_FAIL),
        ({"webhooks_failed": 1.0}, AlarmKind.WEBHOOKS_STOPPED),
        ({"webhooks_stopped": 1.0}, AlarmKind.WEBHOOKS_STOPPED),
        ({"streams_behind": 1.0}, AlarmKind.STREAMS_BEHIND),
        ({"attachments_free_bytes": 1e6}, AlarmKind.DISK_FULL),
        ({"log_oldest_seconds": 601.0}, AlarmKind.LOG_WAITS),
        ({"record_problems": 1.0}, AlarmKind.RECORD_NOT_WHOLE),
    ):
        assert causes(WELL | changed) == {kind}


KINDS = tuple(AlarmKind)
# After how many seconds, and which kinds have a cause, a bit for each.
looks = st.lists(st.tuples(st.integers(1, 400), st.integers(0, 2 ** len(KINDS) - 1)), max_size=12)


@given(looks)
def test_of_each_kind_one_is_open_and_it_ends_after_a_calm_time(
    seen: list[tuple[int, int]],
) -> None:
    now, alarms = T0, list[AlarmState]()
    last_cause: dict[AlarmKind, datetime] = {}
    for seconds, bits in seen:
        now += timedelta(seconds=seconds)
        found = {kind for number, kind in enumerate(KINDS) if bits >> number & 1}
        last_cause |= dict.fromkeys(found, now)
        after = looked(alarms, frozenset(found), now)
        assert max(Counter(each.kind for each in after).values(), default=1) == 1
        assert found <= {each.kind for each in after if each.over_at is None}
        for each in after:
            assert each.rings(now) == (each.kind in found and now - each.began_at >= LASTS)
            if each.over_at is not None:
                assert now - last_cause[each.kind] >= CALM
        alarms = [each for each in after if each.over_at is None]
