"""Who may take a task of a stage when a person or an absence gives it to them, and who may not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from portal.domain.people.directory import Absence, Directory, Relation, Standing
from portal.domain.policy.policy import (
    ApproverRule,
    Mode,
    Policy,
    Reach,
    Receivers,
    RuleKind,
    Stage,
    StageKind,
)
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
        is_wider = person_id in self.wider or _lets_in(self.receivers, relation)
        return Reach.WIDER if is_wider else Reach.OUTSIDE


def _lets_in(receivers: Receivers, relation: Relation) -> bool:
    """Whether somebody is let in whom no rule names: managers above, and as the stage says."""
    match receivers:
        case Receivers.ANYONE:
            return True
        case Receivers.SAME_GROUP:
            return relation.is_above or relation.shares_group
        case Receivers.SAME_ROLE:
            return relation.is_above or relation.shares_role
        case Receivers.AS_HIGH:
            return relation.is_above or relation.is_as_high
        case Receivers.NAMED:
            return relation.is_above


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

    return Receiving(
        own=named(_own_rules(stage, question, group)),
        wider=named(_around(policy, stage)),
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


def closed_stages(
    policy: Policy, owner: Standing, other: Standing, relation: Relation
) -> tuple[Stage, ...]:
    """The stages that can ask the owner and of which the other cannot be given every such task,
    whatever is asked for. Whom a requester may choose is not foreseen."""
    return tuple(
        stage
        for stage in policy.stages
        if stage.kind is StageKind.APPROVAL
        and not _lets_in(stage.receivers, relation)
        and not any(_is_sure(rule, other) for rule in _around(policy, stage))
        and any(not _codes(rule, owner) <= _codes(rule, other, to=True) for rule in stage.rules)
    )


def _around(policy: Policy, stage: Stage) -> tuple[ApproverRule, ...]:
    """Every rule whose people may receive a task of the stage."""
    escalated = tuple(rule for level in stage.escalate for rule in level.to)
    return (*stage.rules, *stage.fallback, *policy.fallback, *escalated, *policy.stand_ins)


def _is_sure(rule: ApproverRule, person: Standing) -> bool:
    """Whether a rule means the person whatever is asked for, and by whom."""
    by_code = rule.kind is not RuleKind.DEPARTMENT_HEAD or rule.code is not None
    return rule.form_field is None and by_code and bool(_codes(rule, person, to=True))


def _codes(rule: ApproverRule, person: Standing, *, to: bool = False) -> frozenset[str]:
    """By what a rule can mean a person; nothing where it cannot. `to`: as somebody who is to be
    given a task of another, whose reports are not theirs."""
    match rule.kind:
        case RuleKind.PEOPLE:
            return frozenset({person.person_id} if person.person_id in rule.people else ())
        case RuleKind.MANAGER:
            return frozenset({"manager"} if person.has_reports and not to else ())
        case RuleKind.CHOSEN:
            return frozenset()
    held = {
        RuleKind.GROUP: person.groups,
        RuleKind.ROLE: person.roles,
        RuleKind.DEPARTMENT_HEAD: person.heads,
    }[rule.kind]
    named = {*([rule.code] if rule.code else ()), *rule.codes.values()}
    return held & named if named else held
