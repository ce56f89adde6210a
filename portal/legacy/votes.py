"""What was decided in the old engine, and how many of a step's people have to say yes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.domain.policy.policy import Mode
from portal.legacy.choices import ReasonQuestion
from portal.legacy.engine import Action, EngineStep, MappingFinding, note_in
from portal.legacy.people import StepApprovers
from portal.legacy.values import moment

APPROVE, REJECT = "APPROVE", "REJECT"


@dataclass(frozen=True)
class StepVote:
    """A person's last vote on a step."""

    person: str
    approves: bool
    at: datetime | None
    comment: str


def last_votes(step: EngineStep, requester: str | None, finding: MappingFinding) -> list[StepVote]:
    """Everybody's last vote; at the same moment the greater id is later.

    The requester's own votes never count, and are listed. Votes of an earlier round, where the
    request was sent back here, do not count either.
    """
    last: dict[str, Action] = {}
    began = moment(note_in(step.row).get("votesFrom"))
    for each in sorted(step.actions, key=in_time):
        if began is not None and each.at is not None and each.at < began:
            continue
        if each.action not in (APPROVE, REJECT) or each.actor is None:
            continue
        if each.actor == requester:
            finding.remark(f"The requester voted on “{step.name}”; that vote does not count.")
            continue
        last[each.actor] = each
    return [
        StepVote(person, each.action == APPROVE, each.at, _comment_of(each))
        for person, each in last.items()
    ]


def in_time(action: Action) -> tuple[bool, datetime | None, str]:
    """Sorts by time, then id; rows without a time come first."""
    return (action.at is not None, action.at, action.id) if action.at else (False, None, action.id)


def decision(step: EngineStep, requester: str | None, finding: MappingFinding) -> bool | None:
    """What an approval step decided: approved, rejected, or None where it decided nothing.

    A result of another shape than {"approved": true or false} adds a reason for a person.
    """
    if step.status == "SKIPPED" or step.passed_over:
        finding.remark(f"The approval step “{step.name}” was skipped and does not count.")
        return None
    votes = last_votes(step, requester, finding)
    rejected = any(not vote.approves for vote in votes) or _system_rejects(step)
    result = step.row.get("result")
    said = result.get("approved") if isinstance(result, dict) else None
    if isinstance(said, bool):
        if said and step.status == "REJECTED":
            finding.remark(f"Result and status of “{step.name}” disagree; the result counts.")
        elif (votes or rejected) and said == rejected:
            finding.remark(f"Result and votes of “{step.name}” disagree; the result counts.")
        return said
    if step.is_finished and result is not None:
        return _unclear(step, finding)
    if step.status == "REJECTED" or rejected or votes:
        return step.status != "REJECTED" and not rejected
    return _without_word(step, finding)


def _unclear(step: EngineStep, finding: MappingFinding) -> bool | None:
    """A result that says something else; a person may have chosen what it means."""
    reason = f"The result of the step “{step.name}” does not say approved: true or false."
    if step.read_as is None:
        finding.needs(reason, ReasonQuestion.RESULT)
    else:
        chosen = "approved" if step.read_as else "rejected"
        finding.remark(f"{reason} A person read it as {chosen}.")
    return step.read_as


def _without_word(step: EngineStep, finding: MappingFinding) -> bool | None:
    """What a step decided that has neither a result nor a vote."""
    if step.status == "COMPLETED":
        finding.remark(f"“{step.name}” was completed without a result or a vote: approved.")
        return True
    finding.remark(f"The approval step “{step.name}” was never decided and does not count.")
    return None


def deciders(step: EngineStep, requester: str | None, approved: bool) -> tuple[str, ...]:
    """Who decided a step this way: the voters, else the assignee."""
    votes = last_votes(step, requester, MappingFinding())
    people = tuple(vote.person for vote in votes if vote.approves == approved)
    return people or ((step.assignee,) if step.assignee is not None else ())


def _system_rejects(step: EngineStep) -> bool:
    """Whether the engine itself, or somebody it did not name, rejected last."""
    nameless = [a for a in step.actions if a.actor is None and a.action in (APPROVE, REJECT)]
    return bool(nameless) and max(nameless, key=in_time).action == REJECT


def _comment_of(action: Action) -> str:
    parts = (action.row.get("comment"), action.row.get("reason"))
    return " – ".join(str(part).strip() for part in parts if part and str(part).strip())


STRATEGIES = frozenset({"ANY", "ALL", "MAJORITY"})


@dataclass(frozen=True)
class Count:
    """How a stage counts: the mode, and the votes needed."""

    mode: Mode
    needed: int


@dataclass(frozen=True)
class StepVotes:
    """One step's part in a stage: whom it asks, and the votes that are in.

    `rejected_by`: the step was finished with a rejection by this person.
    """

    step: EngineStep
    asked: StepApprovers
    votes: tuple[StepVote, ...] = ()
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


def count(step: EngineStep, asked: StepApprovers, finding: MappingFinding) -> Count:
    """How a step of its own counts its votes; what makes no sense adds a reason."""
    people = len(asked.people)
    strategy = step.definition.get("approvalStrategy")
    if not _is_known(strategy):
        finding.needs(_counts_by(step, strategy), ReasonQuestion.VOTES)
        return Count(Mode.ANY, 1)
    if "requiredApprovals" in step.config and step.config["requiredApprovals"] is not None:
        return _required(step, people, step.config["requiredApprovals"], finding)
    if asked.is_replaced or strategy in (None, "ANY"):
        return Count(Mode.ANY, 1)
    if strategy == "ALL":
        return Count(Mode.ALL, max(1, people))
    return Count(Mode.QUORUM, people // 2 + 1)


def counts_one(step: EngineStep, asked: StepApprovers, finding: MappingFinding) -> None:
    """A child of a PARALLEL step can ask several people only if one of them is enough."""
    strategy = step.definition.get("approvalStrategy")
    required = step.config.get("requiredApprovals")
    if not _is_known(strategy):
        finding.needs(_counts_by(step, strategy), ReasonQuestion.VOTES)
    elif required is not None and not _is_whole(required):
        finding.needs(f"The step “{step.name}” needs {required!r} approvals.", ReasonQuestion.VOTES)
    elif len(asked.people) > 1 and (required is not None or strategy in ("ALL", "MAJORITY")):
        several = f"“{step.name}”, part of a parallel step, needs more than one of several."
        finding.needs(several, ReasonQuestion.VOTES)
    elif required is not None and required > max(1, len(asked.people)):
        reason = f"The step “{step.name}” needs {required} approvals of one person."
        finding.needs(reason, ReasonQuestion.VOTES)


def votes_of(
    step: EngineStep,
    counted: Count,
    asked: StepApprovers,
    requester: str | None,
    finding: MappingFinding,
) -> tuple[StepVote, ...]:
    """The votes that count: of who is asked; of others too, where a number is needed, not all."""
    votes = last_votes(step, requester, finding)
    if counted.mode is not Mode.ALL:
        return tuple(votes)
    others = [vote for vote in votes if vote.person not in asked.people]
    if others:
        finding.remark(f"“{step.name}” has votes of people who are not asked now; not counted.")
    return tuple(vote for vote in votes if vote.person in asked.people)


def _required(step: EngineStep, people: int, required: Any, finding: MappingFinding) -> Count:
    if not _is_whole(required) or (people and required > people):
        finding.needs(
            f"The step “{step.name}” needs {required!r} approvals, and {people} can be asked.",
            ReasonQuestion.VOTES,
        )
        return Count(Mode.ANY, 1)
    return Count(Mode.QUORUM, int(required))


def _counts_by(step: EngineStep, strategy: Any) -> str:
    return f"The step “{step.name}” counts its votes by {strategy!r}."


def _is_known(strategy: Any) -> bool:
    return strategy is None or (isinstance(strategy, str) and strategy in STRATEGIES)


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value >= 1 and value == value // 1
