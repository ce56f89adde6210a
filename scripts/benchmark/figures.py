"""Samples and how they are summed up."""

import math
from dataclasses import dataclass, field


@dataclass
class Sample:
    """What one kind of load did: how many, in how many seconds, and named latencies in seconds."""

    done: int = 0
    seconds: float = 0.0
    latencies: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    processor: dict[str, float] = field(default_factory=dict)

    def used(self, before: dict[str, float], after: dict[str, float]) -> None:
        """Keep the processor seconds that each part used between two readings."""
        for name, seconds in after.items():
            self.processor[name] = self.processor.get(name, 0.0) + seconds - before.get(name, 0.0)

    def add(self, name: str, seconds: float) -> None:
        """Keep one latency."""
        self.latencies.setdefault(name, []).append(seconds)

    def join(self, other: "Sample") -> None:
        """Take another round's figures in."""
        self.done += other.done
        self.seconds += other.seconds
        self.failures += other.failures
        self.used({}, other.processor)
        for name, values in other.latencies.items():
            self.latencies.setdefault(name, []).extend(values)

    @property
    def rate(self) -> float:
        """Finished ones per second."""
        return self.done / self.seconds if self.seconds else 0.0

    def milliseconds(self, name: str, share: float) -> float:
        """The quantile of a latency, in milliseconds; NaN where there is none."""
        return quantile(self.latencies.get(name, []), share) * 1000


def quantile(values: list[float], share: float) -> float:
    """The nearest-rank quantile; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
