"""How many of a step's people have to say yes, and who of them has said something already."""

from dataclasses import dataclass
from typing import Any

from portal.domain.legacy_choices import Question
from portal.domain.policy.policy import Mode
from portal.legacy.people import Asked
from portal.legacy.records import Finding, Step
from portal.legacy.votes import Vote, last_votes

STRATEGIES = frozenset({"ANY", "ALL", "MAJORITY"})


@dataclass(frozen=True)
class Count:
    """How a stage counts: the mode, and the votes needed."""

    mode: Mode
    needed: int


@dataclass(frozen=True)
class Seat:
    """One step's part in a stage: whom it asks, and the votes that are in.

    `rejected_by`: the step was finished with a rejection by this person.
    """

    step: Step
    asked: Asked
    votes: tuple[Vote, ...] = ()
    rejected_by: str | None = None

    @property
    def is_satisfied(self) -> bool:
        """Whether one approval, which is enough for a part of a group, is in."""
        return any(vote.approves for vote in self.votes)

    @property
    def is_one_person(self) -> bool:
        """Whether exactly one person can be asked or has voted, so that they are the part."""
        if self.rejected_by is not None:
            return True
        people = {*self.asked.people, *(vote.person for vote in self.votes)}
        return len(people) == 1


def count(step: Step, asked: Asked, finding: Finding) -> Count:
    """How a step of its own counts its votes; what makes no sense adds a reason."""
    people = len(asked.people)
    strategy = step.definition.get("approvalStrategy")
    if not _is_known(strategy):
        finding.needs(_counts_by(step, strategy), Question.VOTES)
        return Count(Mode.ANY, 1)
    if "requiredApprovals" in step.config and step.config["requiredApprovals"] is not None:
        return _required(step, people, step.config["requiredApprovals"], finding)
    if asked.is_replaced or strategy in (None, "ANY"):
        return Count(Mode.ANY, 1)
    if strategy == "ALL":
        return Count(Mode.ALL, max(1, people))
    return Count(Mode.QUORUM, people // 2 + 1)


def counts_one(step: Step, asked: Asked, finding: Finding) -> None:
    """A child of a PARALLEL step can ask several people only if one of them is enough."""
    strategy = step.definition.get("approvalStrategy")
    required = step.config.get("requiredApprovals")
    if not _is_known(strategy):
        finding.needs(_counts_by(step, strategy), Question.VOTES)
    elif required is not None and not _is_whole(required):
        finding.needs(f"The step “{step.name}” needs {required!r} approvals.", Question.VOTES)
    elif len(asked.people) > 1 and (required is not None or strategy in ("ALL", "MAJORITY")):
        several = f"“{step.name}”, part of a parallel step, needs more than one of several."
        finding.needs(several, Question.VOTES)
    elif required is not None and required > max(1, len(asked.people)):
        reason = f"The step “{step.name}” needs {required} approvals of one person."
        finding.needs(reason, Question.VOTES)


def votes_of(
    step: Step, counted: Count, asked: Asked, requester: str | None, finding: Finding
) -> tuple[Vote, ...]:
    """The votes that count: of who is asked; of others too, where a number is needed, not all."""
    votes = last_votes(step, requester, finding)
    if counted.mode is not Mode.ALL:
        return tuple(votes)
    others = [vote for vote in votes if vote.person not in asked.people]
    if others:
        finding.remark(f"“{step.name}” has votes of people who are not asked now; not counted.")
    return tuple(vote for vote in votes if vote.person in asked.people)


def _required(step: Step, people: int, required: Any, finding: Finding) -> Count:
    if not _is_whole(required) or (people and required > people):
        finding.needs(
            f"The step “{step.name}” needs {required!r} approvals, and {people} can be asked.",
            Question.VOTES,
        )
        return Count(Mode.ANY, 1)
    return Count(Mode.QUORUM, int(required))


def _counts_by(step: Step, strategy: Any) -> str:
    return f"The step “{step.name}” counts its votes by {strategy!r}."


def _is_known(strategy: Any) -> bool:
    return strategy is None or (isinstance(strategy, str) and strategy in STRATEGIES)


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value >= 1 and value == value // 1
