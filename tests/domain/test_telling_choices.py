"""What is chosen by topic and channel, and how it is stored."""

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.notices.kinds import TOPICS, Channel
from portal.domain.notices.preferences import (
    OFFERED,
    DeliveryMode,
    NotificationPreferences,
    choices,
    differences,
)

TOPIC_CODES = st.sampled_from([topic.code for topic in TOPICS])
CHOSEN = st.fixed_dictionaries(
    {
        channel: st.dictionaries(TOPIC_CODES, st.sampled_from(offered))
        for channel, offered in OFFERED.items()
    }
)


@settings(deadline=None)
@given(chosen=CHOSEN, kind=st.sampled_from(["assigned", "comment", "unknown"]))
def test_what_is_stored_means_the_same_when_it_is_read(chosen, kind: str) -> None:
    stored = differences(chosen)
    before, after = (
        NotificationPreferences(chosen=chosen),
        NotificationPreferences(chosen=choices(stored)),
    )
    assert all(before.how(kind, each) is after.how(kind, each) for each in OFFERED)
    assert differences(after.chosen) == stored


def test_what_means_nothing_is_as_if_it_had_not_been_said() -> None:
    stored = {"mail": {"asked": "by pigeon", "gone": "not"}, "smoke": {"asked": "not"}}
    assert (
        NotificationPreferences(chosen=choices(stored)).how("assigned", Channel.MAIL)
        is DeliveryMode.AT_ONCE
    )
    assert differences(choices(stored)) == {}
