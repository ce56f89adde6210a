"""Calling the administrators: nobody who may decide can be found."""

from datetime import timedelta

from portal.domain.request import events as request_events
from portal.domain.request.recorder import Draft

# Waits after the first, second and every later fruitless search for somebody to ask.
RETRY_AFTER = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))


def call_for_attention(draft: Draft, reason: str) -> None:
    """Say why nobody can be asked, and when to look again."""
    state = draft.state
    attempt = state.attention_count + 1 if state.attention == reason else 1
    wait = RETRY_AFTER[min(attempt, len(RETRY_AFTER)) - 1]
    draft.happened(
        request_events.AttentionNeeded,
        reason=reason,
        retry_at=draft.now + wait,
        attempt=attempt,
    )
