"""A busy system raises no alarm: people act, the sealer seals, and verification runs all the while.

For longer by hand: GLORIA_BUSY_REQUESTS=20000 pytest tests/proof/test_busy.py
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import NAMESPACE_OID, uuid5

from portal.activities.record import record_batch
from tests.proof.conftest import Kept, steps

REQUESTS = int(os.environ.get("GLORIA_BUSY_REQUESTS", "60"))
WRITERS = 3


def write(kept: Kept, numbers: range) -> int:
    """Record requests, each step in its own transaction."""
    for number in numbers:
        for batch in steps(str(uuid5(NAMESPACE_OID, f"busy {number}")), f"PR-{number}"):
            with kept.engine.begin() as connection:
                record_batch(connection, batch)
    return len(numbers)


def until_done(running: list[Future[int]]) -> Iterator[int]:
    """Again and again until all have ended, and once more."""
    looks = 0
    while not all(each.done() for each in running):
        yield looks
        looks += 1
    yield looks


def test_verifying_a_busy_record_raises_no_alarm(kept: Kept) -> None:
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        shares = [range(10 + start, 10 + REQUESTS, WRITERS) for start in range(WRITERS)]
        writers = [pool.submit(write, kept, share) for share in shares]

        def seal() -> int:
            return sum(kept.seal().added for _ in until_done(writers))

        running = [*writers, pool.submit(seal)]
        for _look in until_done(running):
            found = kept.verify()
            assert [str(each) for each in found.problems] == []
        assert sum(each.result() for each in writers) == REQUESTS
    found = kept.verify()
    assert found.counts["requests"] == REQUESTS + 1
    assert found.counts["pending"] == 0
