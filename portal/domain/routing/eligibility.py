"""Who may take a task of a stage when a person or an absence gives it to them; whether those who
are asked still may decide, and who could in their place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

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
from portal.domain.request import events
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.reasons import Code, Kept, Reason, reason, sentence
from portal.domain.request.state import Task
from portal.domain.routing.approvers import (
    ApproverSelector,
    absences_of,
    find,
    group_names,
    name_of,
    standing_in,
    with_delegates,
)
from portal.domain.routing.plan import Candidate, LeftOut, RouteQuestion, RouteReview


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


def review(policy: Policy, chooser: ApproverSelector) -> RouteReview:
    """Look at the stage `question.from_index` again, as it is open; its condition is not asked."""
    question, directory = chooser.question, chooser.directory
    stage = policy.stages[question.from_index]
    left_out: list[LeftOut] = []
    people = _by_rules(stage, chooser, left_out)
    known = {each.person_id for each in people}
    fallback = [
        standing_in(each)
        for rules in (stage.fallback, policy.fallback)
        for each in chooser.candidates(rules, [])
        if each.person_id not in known
    ]
    escalated = [each for level in stage.escalate for each in chooser.candidates(level.to, [])]
    # Who is asked for one group has to be found by that group's rule; elsewhere any rule will do.
    by_rule = stage.mode is Mode.PER_GROUP
    named = {
        _key(each.person_id, each.source, by_rule) for each in (*people, *fallback, *escalated)
    }
    fit = {
        each for each, source in question.sources.items() if _key(each, source, by_rule) in named
    }
    may = may_stand_in(policy, stage, chooser)
    reasons = ((each, _unfit(each, fit, question, directory)) for each in question.asked)
    return RouteReview(
        people=with_delegates(people, chooser, left_out, may),
        fallback=with_delegates(fallback, chooser, left_out, may),
        unfit=tuple(
            LeftOut(person_id=each, name=name_of(directory, each), reason=why)
            for each, why in reasons
            if why
        ),
        parts_settle=True,
    )


def lost(
    question: RouteQuestion, directory: Directory, review: RouteReview, task: Task
) -> LeftOut | None:
    """Who of a task's people has no right to it any more, and why; None while both have.

    A delegate's right ends with the owner's, and with the absence that gave it.
    """
    unfit = {each.person_id: each for each in review.unfit}
    found = unfit.get(task.owner_id) or unfit.get(task.assignee_id)
    if found is not None or task.delegation_id is None or task.acting_for is None:
        return found
    absences = absences_of(directory, task.acting_for, question)
    if all(each.id != task.delegation_id for each in absences):
        why = reason(Code.NO_LONGER_ACTS_FOR, name=name_of(directory, task.acting_for))
    elif absences_of(directory, task.assignee_id, question):
        why = reason(Code.AWAY_TOO)
    else:
        return None
    name = name_of(directory, task.assignee_id)
    return LeftOut(person_id=task.assignee_id, name=name, reason=why)


def _key(person_id: str, source: str, by_rule: bool) -> tuple[str, str]:
    return person_id, source if by_rule else ""


def _by_rules(stage: Stage, chooser: ApproverSelector, left_out: list[LeftOut]) -> list[Candidate]:
    if stage.mode is not Mode.PER_GROUP:
        return chooser.candidates(stage.rules, left_out)
    names = group_names(stage.rules, chooser.question)
    return [
        candidate
        for name, rule in zip(names, stage.rules, strict=True)
        for candidate in chooser.candidates([rule], left_out, name)
    ]


def _unfit(person_id: str, fit: set[str], question: RouteQuestion, directory: Directory) -> Kept:
    person = directory.people.get(person_id)
    if person is None:
        return reason(Code.NOT_IN_DIRECTORY)
    if not person.is_active:
        return reason(Code.NO_LONGER_ACTIVE)
    if person.is_auditor:
        return reason(Code.NOW_AUDITOR)
    source = question.sources.get(person_id)
    if source is None or person_id in fit:
        return ""
    kind, _, code = source.partition(":")
    return _NO_LONGER.get(kind, _not_named)(code, question, directory)


def _not_named(_code: str, _question: RouteQuestion, _directory: Directory) -> Reason:
    return reason(Code.NO_LONGER_NAMED)


def _not_in_group(code: str, _question: RouteQuestion, directory: Directory) -> Reason:
    group = directory.groups.get(code)
    return reason(Code.NO_LONGER_IN_GROUP, group=code if group is None else group.name)


def _not_in_role(code: str, _question: RouteQuestion, _directory: Directory) -> Reason:
    return reason(Code.NO_LONGER_HAS_ROLE, role=code)


def _not_manager(_code: str, question: RouteQuestion, directory: Directory) -> Reason:
    return reason(Code.NO_LONGER_MANAGER, name=name_of(directory, question.requester_id))


_NO_LONGER: dict[str, Callable[[str, RouteQuestion, Directory], Reason]] = {
    "group": _not_in_group,
    "role": _not_in_role,
    "manager": _not_manager,
}


# Waits after the first, second and every later fruitless search for somebody to ask.
RETRY_AFTER = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))


def call_for_attention(recorder: EventRecorder, why: Kept) -> None:
    """Say why nobody can be asked, and when to look again."""
    state = recorder.state
    # By their words: an older version may have kept the sentence of the same reason.
    is_same = state.attention is not None and sentence(state.attention) == sentence(why)
    attempt = state.attention_count + 1 if is_same else 1
    wait = RETRY_AFTER[min(attempt, len(RETRY_AFTER)) - 1]
    recorder.by_system(
        events.AttentionNeeded,
        reason=why,
        retry_at=recorder.now + wait,
        attempt=attempt,
    )
