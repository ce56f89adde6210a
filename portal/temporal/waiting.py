"""Waiting for a server at start: growing pauses, and one clear line for each try that failed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0


class NotYet(Exception):
    """The server cannot serve now; the message says why, in words for people."""


async def wait_for(what: str, attempt: Callable[[], Awaitable[T]], say: Callable[[str], None]) -> T:
    """What `attempt` gives as soon as it does not raise NotYet; until then say why, and retry."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await attempt()
        except NotYet as reason:
            say(f"Waiting for {what}: {reason}; next try in {pause:g} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
