"""What a run of the mover came to: its totals, and its exit code."""

from collections import Counter
from dataclasses import dataclass, field

from portal.legacy.outcome import Result

EXIT_DONE, EXIT_FAILED, EXIT_UNUSABLE, EXIT_NEEDS_PERSON = 0, 1, 2, 3

WORDS = {
    Result.MOVED: "moved",
    Result.HISTORY: "imported as history",
    Result.ON_HOLD: "on hold",
    Result.NEEDS_PERSON: "needs a person",
    Result.FAILED: "failed",
}


@dataclass
class Totals:
    """Counts of instances. `found`: all that were selected; `there`: moved by an earlier run.

    `to_do`: those this run has to look at.
    """

    found: int = 0
    there: int = 0
    to_do: int = 0
    results: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> int:
        """Looked at so far."""
        return sum(self.results.values())

    @property
    def exit_code(self) -> int:
        """1 if anything failed, else 3 if anything needs a person, else 0."""
        if self.results[Result.FAILED]:
            return EXIT_FAILED
        return EXIT_NEEDS_PERSON if self.results[Result.NEEDS_PERSON] else EXIT_DONE

    def as_dict(self) -> dict[str, int]:
        """The totals by name, as they are kept and shown."""
        return {
            "found": self.found,
            "moved": self.results[Result.MOVED],
            "already there": self.there,
            **{
                words: self.results[result]
                for result, words in WORDS.items()
                if result is not Result.MOVED
            },
        }

    def lines(self) -> list[str]:
        """The totals for people, one a line."""
        return [f"{name + ':':<22}{number:>10,}" for name, number in self.as_dict().items()]
