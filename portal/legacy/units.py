"""The parts of an old instance's route."""

from dataclasses import dataclass, field
from enum import StrEnum

from portal.legacy.records import Step


class Part(StrEnum):
    """What a part of the route ahead is."""

    APPROVAL = "approval"
    NOTIFY = "notify"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class Unit:
    """One part of the route ahead: a step, or the open steps that are one stage together.

    `finished`: the children of the same PARALLEL step that are done. `around`: the PARALLEL steps
    themselves, whose clocks count too. `condition`: why it is left out, or asked, in words.
    """

    part: Part
    steps: tuple[Step, ...]
    finished: tuple[Step, ...] = ()
    around: tuple[Step, ...] = ()
    condition: str = ""

    @property
    def is_group(self) -> bool:
        """Whether several steps, or children of a PARALLEL step, are one stage."""
        return len(self.steps) > 1 or bool(self.around)


@dataclass
class Route:
    """`past`: finished and jumped-over steps, in order; `ahead`: what is left, first come first."""

    past: list[Step] = field(default_factory=list)
    ahead: list[Unit] = field(default_factory=list)
