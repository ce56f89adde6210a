"""Who may take a task of a stage when a person or an absence gives it to them, and who may not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from portal.domain.people.directory import Absence, Directory, Relation
from portal.domain.policy.policy import ApproverRule, Mode, Policy, Reach, Receivers, Stage
from portal.domain.routing.approvers import ApproverSelector, find, group_names
from portal.domain.routing.plan import Candidate, RouteQuestion


@dataclass(frozen=True, kw_only=True)
class Receiving:
    """Whom the rules around a task name: `own` of the stage itself (of the task's group, where each
    group is asked), `wider` of what stands behind it; `receivers`: whom the policy lets in else."""

    own: frozenset[str]
    wider: frozenset[str]
    receivers: Receivers

    def reach(self, person_id: str, relation: Relation) -> Reach:
        """How near a person is, who stands like this to whoever has the task."""
        if person_id in self.own:
            return Reach.OWN
        is_wider = relation.is_above or person_id in self.wider or self._lets_in(relation)
        return Reach.WIDER if is_wider else Reach.OUTSIDE

    def _lets_in(self, relation: Relation) -> bool:
        """Whether the policy's word for the stage lets somebody in whom no rule names."""
        match self.receivers:
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


def receiving(
    policy: Policy,
    stage: Stage,
    question: RouteQuestion,
    directory: Directory,
    group: str | None = None,
) -> Receiving:
    """Whom the rules name for a task of the stage that is asked for that group, if for any."""

    def named(rules: Iterable[ApproverRule]) -> frozenset[str]:
        found = (find(rule, question, directory) for rule in rules)
        return frozenset(person for each in found for person, _ in each.people)

    escalated = tuple(rule for level in stage.escalate for rule in level.to)
    wider = (*stage.rules, *stage.fallback, *policy.fallback, *escalated, *policy.stand_ins)
    return Receiving(
        own=named(_own_rules(stage, question, group)),
        wider=named(wider),
        receivers=stage.receivers,
    )


def may_stand_in(
    policy: Policy, stage: Stage, chooser: ApproverSelector
) -> Callable[[Candidate, Absence], bool]:
    """Whether the delegate of an absence may take the task of whoever is asked in the stage."""
    known: dict[str | None, Receiving] = {}

    def may(candidate: Candidate, absence: Absence) -> bool:
        group = candidate.group
        if group not in known:
            known[group] = receiving(policy, stage, chooser.question, chooser.directory, group)
        return known[group].reach(absence.delegate_id, absence.relation) is not Reach.OUTSIDE

    return may


def _own_rules(
    stage: Stage, question: RouteQuestion, group: str | None
) -> tuple[ApproverRule, ...]:
    if stage.mode is not Mode.PER_GROUP or group is None:
        return stage.rules
    names = group_names(stage.rules, question)
    return tuple(rule for rule, name in zip(stage.rules, names, strict=True) if name == group)
