"""A busy system raises no alarm: people act, the sealer seals, and verification runs all the while.

It runs for some seconds; in CI for two minutes (`.ci/run`). For longer by hand:
GLORIA_BUSY_SECONDS=1200 ./scripts/test tests/proof/test_busy.py

It only has to last, so it takes what time of the processors others leave: its threads give way.
"""

import os
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from threading import Event, get_native_id
from uuid import NAMESPACE_OID, uuid5

import pytest

from portal.activities.record import record_batch
from tests.proof.conftest import Kept, steps

SECONDS = float(os.environ.get("GLORIA_BUSY_SECONDS", "5"))
WRITERS = 3
# Between two requests of a writer: what is tried is that they meet, not how many fit.
PAUSE = 0.05


def give_way() -> None:
    """Let every other program go first; Linux does so for each thread by itself."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), 10)


def verify(kept: Kept, sealing: "Future[None]") -> None:
    """Verify without a pause, as long as it lasts, and twice at least; nothing may be found."""
    until, looks = time.monotonic() + SECONDS, 0
    while looks < 2 or time.monotonic() < until:
        assert [str(each) for each in kept.verify().problems] == []
        looks += 1
        assert not sealing.done()


def write(kept: Kept, writer: int, end: Event) -> int:
    """Record requests until the end, each step in its own transaction; how many."""
    for turn in count():
        number = 10 + turn * WRITERS + writer
        for batch in steps(str(uuid5(NAMESPACE_OID, f"busy {number}")), f"PR-{number}"):
            with kept.engine.begin() as connection:
                record_batch(connection, batch)
        if end.wait(PAUSE):
            return turn + 1
    raise AssertionError


@pytest.mark.slow
def test_verifying_a_busy_record_raises_no_alarm(kept: Kept) -> None:
    end = Event()

    def seal() -> None:
        while not end.wait(PAUSE):
            kept.seal()

    with ThreadPoolExecutor(WRITERS + 2, initializer=give_way) as pool:
        writers = [pool.submit(write, kept, writer, end) for writer in range(WRITERS)]
        sealing = pool.submit(seal)
        try:
            pool.submit(verify, kept, sealing).result()
        finally:
            end.set()
        sealing.result()
        written = sum(each.result() for each in writers)
    kept.seal()
    found = kept.verify()
    assert [str(each) for each in found.problems] == []
    assert found.counts["requests"] == written + 1
    assert found.counts["pending"] == 0
