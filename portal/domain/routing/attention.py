"""Calling the administrators: nobody who may decide can be found."""

from datetime import timedelta

from portal.domain.request import events
from portal.domain.request.recorder import EventRecorder

# Waits after the first, second and every later fruitless search for somebody to ask.
RETRY_AFTER = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))


def call_for_attention(recorder: EventRecorder, reason: str) -> None:
    """Say why nobody can be asked, and when to look again."""
    state = recorder.state
    attempt = state.attention_count + 1 if state.attention == reason else 1
    wait = RETRY_AFTER[min(attempt, len(RETRY_AFTER)) - 1]
    recorder.by_system(
        events.AttentionNeeded,
        reason=reason,
        retry_at=recorder.now + wait,
        attempt=attempt,
    )
