"""Approvals per second through the web forms, against the bare floors, round by round."""

import asyncio
from collections.abc import Iterator

from scripts.benchmark import floor, organisation, portal_load
from scripts.benchmark.figures import Sample
from scripts.benchmark.stack import FloorWorker, Stack

FLOORS = ("floor", "local floor")
PORTAL = "portal"
PARTS = ("temporal", "worker", "floor worker", "web", "postgres", "client")
SPARE = 80  # drafts prepared for each lane and second: more than one lane ever sends


def lanes(stack: Stack, count: int) -> list[portal_load.Lane]:
    """Signed-in pairs; the organisation must have been loaded."""
    password = organisation.PASSWORD
    return [
        portal_load.Lane(
            stack.port, stack.postgres.url(), (requester, password), (approver, password)
        )
        for requester, approver in organisation.pairs(count)
    ]


def measure(
    stack: Stack, floor_at: FloorWorker, all_lanes: list[portal_load.Lane], in_flight: int,
    rounds: int, seconds: float,
) -> dict[str, Sample]:  # fmt: skip
    """Interleaved rounds of each floor and the portal at one number in flight."""
    samples = {name: Sample() for name in (*FLOORS, PORTAL)}
    used = all_lanes[:in_flight]
    for _ in range(rounds):
        for name in FLOORS:
            before = stack.processor(floor_at.pid)
            sample = asyncio.run(
                floor.drive(stack.temporal, floor_at.queue, name, in_flight, seconds)
            )
            sample.used(before, stack.processor(floor_at.pid))
            samples[name].join(sample)
        for lane in used:
            lane.prepare(_wanted(in_flight, seconds))
        before = stack.processor()
        sample = portal_load.drive(used, seconds)
        sample.used(before, stack.processor())
        samples[PORTAL].join(sample)
    return samples


def _wanted(in_flight: int, seconds: float) -> int:
    return max(10, int(SPARE * seconds / in_flight))


def paced(
    stack: Stack, floor_at: FloorWorker, lane: portal_load.Lane, seconds: float
) -> tuple[Sample, Sample]:
    """One at a time with pauses: the floor's signal to result, and our decision to outcome."""
    bare = asyncio.run(floor.drive(stack.temporal, floor_at.queue, "floor", 1, seconds))
    lane.prepare(_wanted(2, seconds))
    return bare, portal_load.drive([lane], seconds, pause=0.05)


def rows(in_flight: int, samples: dict[str, Sample]) -> Iterator[dict[str, object]]:
    """One table row for each system."""
    for name, sample in samples.items():
        yield {
            "in flight": in_flight,
            "system": name,
            "per second": round(sample.rate, 1),
            "of the floor": round(sample.rate / (samples["floor"].rate or 1), 2),
            "of the local floor": round(sample.rate / (samples["local floor"].rate or 1), 2),
            "submit p50 ms": round(sample.milliseconds("submit", 0.5), 1),
            "submit p99 ms": round(sample.milliseconds("submit", 0.99), 1),
            "decide p50 ms": round(sample.milliseconds("decide", 0.5), 1),
            "decide p99 ms": round(sample.milliseconds("decide", 0.99), 1),
            "outcome p50 ms": round(sample.milliseconds("outcome", 0.5), 1),
            **_processor(sample),
            "failures": len(sample.failures),
        }


def _processor(sample: Sample) -> dict[str, object]:
    """Milliseconds of processor for each approval, by part: steadier than rates."""
    used = {name: sample.processor.get(name, 0.0) for name in PARTS}
    done = max(1, sample.done)
    return {
        "cpu ms": round(sum(sample.processor.values()) / done * 1000, 1),
        **{f"cpu {name}": round(seconds / done * 1000, 1) for name, seconds in used.items()},
    }
