"""Who may take a task of a stage when a person gives it to them, and who may not."""

from dataclasses import dataclass

from portal.domain.people.directory import Directory
from portal.domain.policy.policy import ApproverRule, Policy, Reach, Receivers, Stage
from portal.domain.routing.approvers import find
from portal.domain.routing.plan import RouteQuestion


@dataclass(frozen=True, kw_only=True)
class Relation:
    """How a person stands to those who have tasks of a stage (to any of them).

    `is_above`: among their managers. `is_as_high`: no more managers are above than above them.
    """

    is_above: bool = False
    shares_group: bool = False
    shares_role: bool = False
    is_as_high: bool = False


def reach_of(
    policy: Policy, question: RouteQuestion, directory: Directory, relation: Relation, to_id: str
) -> Reach:
    """How near a person is to the stage `question.from_index`, which is open."""
    stage = policy.stages[question.from_index]

    def named(rules: tuple[ApproverRule, ...]) -> bool:
        found = (find(rule, question, directory) for rule in rules)
        return any(to_id == person for each in found for person, _ in each.people)

    if named(stage.rules):
        return Reach.OWN
    escalated = tuple(rule for level in stage.escalate for rule in level.to)
    wider = (*stage.fallback, *policy.fallback, *escalated, *policy.stand_ins)
    if relation.is_above or named(wider) or _is_let_in(stage, relation):
        return Reach.WIDER
    return Reach.OUTSIDE


def _is_let_in(stage: Stage, relation: Relation) -> bool:
    """Whether the policy's word for the stage lets somebody in whom no rule names."""
    match stage.receivers:
        case Receivers.ANYONE:
            return True
        case Receivers.SAME_GROUP:
            return relation.shares_group
        case Receivers.SAME_ROLE:
            return relation.shares_role
        case Receivers.AS_HIGH:
            return relation.is_as_high
        case Receivers.NAMED:
            return False
