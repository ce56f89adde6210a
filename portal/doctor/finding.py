"""What an examination found: how bad it is, in a sentence, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """WARNING: it works, and will not always. FAULT: something that people need does not work, or
    what they were promised does not hold."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` names it in docs/troubleshooting.md: the part that was examined, a dot, the fault."""

    level: Level
    code: str
    said: str
    todo: str = ""

    @property
    def part(self) -> str:
        """What was examined."""
        return self.code.partition(".")[0]


def well(code: str, said: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, code, said)


def warning(code: str, said: str, todo: str) -> Finding:
    """It works, and will not always."""
    return Finding(Level.WARNING, code, said, todo)


def fault(code: str, said: str, todo: str) -> Finding:
    """It does not work."""
    return Finding(Level.FAULT, code, said, todo)


def exit_code(found: list[Finding]) -> int:
    """0: all is well. 3: warnings, for a person to look at. 1: a fault."""
    levels = {each.level for each in found}
    if Level.FAULT in levels:
        return 1
    return 3 if Level.WARNING in levels else 0
