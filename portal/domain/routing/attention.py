"""Calling the administrators: nobody who may decide can be found."""

from datetime import timedelta

from portal.domain.request import events
from portal.domain.request.reasons import Kept, sentence
from portal.domain.request.recorder import EventRecorder

# Waits after the first, second and every later fruitless search for somebody to ask.
RETRY_AFTER = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))


def call_for_attention(recorder: EventRecorder, why: Kept) -> None:
    """Say why nobody can be asked, and when to look again."""
    state = recorder.state
    # By their words: an older version may have kept the sentence of the same reason.
    is_same = state.attention is not None and sentence(state.attention) == sentence(why)
    attempt = state.attention_count + 1 if is_same else 1
    wait = RETRY_AFTER[min(attempt, len(RETRY_AFTER)) - 1]
    recorder.by_system(
        events.AttentionNeeded,
        reason=why,
        retry_at=recorder.now + wait,
        attempt=attempt,
    )
