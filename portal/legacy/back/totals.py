"""What a rollback came to, in numbers."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from portal.legacy.totals import EXIT_DONE, EXIT_FAILED, EXIT_NEEDS_PERSON


class Back(StrEnum):
    """What became of a request. LISTED: it has no way back by itself."""

    WRITTEN = "written back"
    UNCHANGED = "unchanged"
    CREATED = "created"
    LISTED = "listed"
    FAILED = "failed"


@dataclass
class BackTotals:
    """Counts of requests. `problems`: written, and something about them is for a person.

    `waiting`: commands that were recorded and never applied. `absences`: to be made or ended in
    the old system by hand. `there`: given back by an earlier run.
    """

    results: Counter[str] = field(default_factory=Counter)
    there: int = 0
    problems: int = 0
    waiting: int = 0
    absences: int = 0

    @property
    def exit_code(self) -> int:
        """1 if anything failed, else 3 if anything is left for a person, else 0."""
        if self.results[Back.FAILED]:
            return EXIT_FAILED
        left = self.results[Back.LISTED] or self.problems or self.waiting or self.absences
        return EXIT_NEEDS_PERSON if left else EXIT_DONE

    def as_dict(self) -> dict[str, int]:
        """The totals by name, as they are kept and shown."""
        return {
            **{each.value: self.results[each] for each in Back},
            "already given back": self.there,
            "written, with something to look at": self.problems,
            "commands never applied": self.waiting,
            "absences to see to": self.absences,
        }

    def lines(self) -> list[str]:
        """The totals for people, one a line."""
        return [f"{name + ':':<36}{number:>10,}" for name, number in self.as_dict().items()]
