"""What was decided in the old engine: a step's result, its votes, and what both amount to."""

from dataclasses import dataclass
from datetime import datetime

from portal.domain.legacy_choices import Question
from portal.legacy.note import note_in
from portal.legacy.records import Action, Finding, Step
from portal.legacy.values import moment

APPROVE, REJECT = "APPROVE", "REJECT"


@dataclass(frozen=True)
class Vote:
    """A person's last vote on a step."""

    person: str
    approves: bool
    at: datetime | None
    comment: str


def last_votes(step: Step, requester: str | None, finding: Finding) -> list[Vote]:
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
        Vote(person, each.action == APPROVE, each.at, _said(each)) for person, each in last.items()
    ]


def in_time(action: Action) -> tuple[bool, datetime | None, str]:
    """Sorts by time, then id; rows without a time come first."""
    return (action.at is not None, action.at, action.id) if action.at else (False, None, action.id)


def decision(step: Step, requester: str | None, finding: Finding) -> bool | None:
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


def _unclear(step: Step, finding: Finding) -> bool | None:
    """A result that says something else; a person may have chosen what it means."""
    reason = f"The result of the step “{step.name}” does not say approved: true or false."
    if step.read_as is None:
        finding.needs(reason, Question.RESULT)
    else:
        chosen = "approved" if step.read_as else "rejected"
        finding.remark(f"{reason} A person read it as {chosen}.")
    return step.read_as


def _without_word(step: Step, finding: Finding) -> bool | None:
    """What a step decided that has neither a result nor a vote."""
    if step.status == "COMPLETED":
        finding.remark(f"“{step.name}” was completed without a result or a vote: approved.")
        return True
    finding.remark(f"The approval step “{step.name}” was never decided and does not count.")
    return None


def deciders(step: Step, requester: str | None, approved: bool) -> tuple[str, ...]:
    """Who decided a step this way: the voters, else the assignee."""
    votes = last_votes(step, requester, Finding())
    people = tuple(vote.person for vote in votes if vote.approves == approved)
    return people or ((step.assignee,) if step.assignee is not None else ())


def _system_rejects(step: Step) -> bool:
    """Whether the engine itself, or somebody it did not name, rejected last."""
    nameless = [a for a in step.actions if a.actor is None and a.action in (APPROVE, REJECT)]
    return bool(nameless) and max(nameless, key=in_time).action == REJECT


def _said(action: Action) -> str:
    parts = (action.row.get("comment"), action.row.get("reason"))
    return " – ".join(str(part).strip() for part in parts if part and str(part).strip())
