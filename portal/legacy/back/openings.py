"""The stage under way while events are told: who sits in it, and how they voted."""

from dataclasses import dataclass, field

from portal.domain.policy.policy import Decision
from portal.domain.routing.plan import StagePlan
from portal.legacy.back.marks import Verdict
from portal.legacy.records import Row, Step
from portal.legacy.units import Unit


@dataclass
class Sitting:
    """One person's task, by profiles. `first`: who was asked at the beginning.

    `owner` differs from the person where a delegate has it. `moved`: the step's status because it
    went to somebody else. `links`: the delegations that were written for it.
    """

    person: str
    first: str
    owner: str
    group: str | None
    is_open: bool = True
    moved: str = ""
    links: list[Row] = field(default_factory=list)


@dataclass
class Said:
    """A decision that stands, the steps it is about, and the rows that were added for it.

    `owner`: whose decision it is, by whomever it was made.
    """

    task_id: str
    person: str
    owner: str
    decision: Decision
    comment: str
    steps: list[Step] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


@dataclass
class Opening:
    """A stage under way. `since`: it opened here after the move; `unit`: None for no old step."""

    plan: StagePlan
    unit: Unit | None
    since: bool
    sittings: dict[str, Sitting] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The old steps that ask."""
        return () if self.unit is None else self.unit.steps

    @property
    def is_group(self) -> bool:
        """Whether several old steps are this stage."""
        return self.unit is not None and self.unit.is_group

    @property
    def asked_now(self) -> set[str]:
        """Whose turn it is."""
        return {each.person for each in self.sittings.values() if each.is_open}

    def verdict(self, step: Step, approved: bool) -> Verdict:
        """How a step of it ended: with the words of those who decided so."""
        wanted = Decision.APPROVE if approved else Decision.REJECT
        said = [each for each in self.said if each.decision is wanted and step in each.steps]
        people = tuple(dict.fromkeys(each.person for each in said))
        return Verdict(approved, people, said[-1].comment if said else "")

    def rejected(self, step: Step) -> bool:
        """Whether anybody said no to this step."""
        return bool(self.verdict(step, False).by)
