"""Who must decide next and why, from a policy, a directory snapshot and the conditions' values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from portal.domain.people.directory import Directory
from portal.domain.policy.check import validate_policy
from portal.domain.policy.policy import Policy, Stage, StageKind
from portal.domain.request.reasons import Code, Kept, Reason, reason
from portal.domain.routing.approver_rules import name_of
from portal.domain.routing.approver_selection import ApproverSelector, choose
from portal.domain.routing.delegates import represented
from portal.domain.routing.eligibility import review
from portal.domain.routing.plan import (
    Attention,
    EarlierApproval,
    RoutePlan,
    RouteQuestion,
    RouteReview,
    StagePlan,
    StageSkip,
)
from portal.domain.routing.stage_plan import reason_against, stage_plan
from portal.domain.time.stage_times import Clock

__all__ = ["Clock", "Conditions", "plan_next", "predict", "validate_policy"]

# The value of each condition by its stage's key; a string says why it could not be evaluated.
Conditions = Mapping[str, bool | str]
Entry = StageSkip | StagePlan | Attention


def plan_next(
    policy: Policy,
    question: RouteQuestion,
    directory: Directory,
    conditions: Conditions,
    clock: Clock,
) -> RoutePlan:
    """What follows from `question.from_index` on: stages skipped, then one to open, if any is left.

    `attention` names the stage and the rule for which nobody may be asked, fallbacks included, or
    the condition that could not be evaluated.
    """
    if question.reviewing:
        return RoutePlan(review=review_stage(policy, question, directory), total=len(policy.stages))
    skipped: list[StageSkip] = []
    for entry in _walk(policy, question, directory, conditions, clock):
        if isinstance(entry, StageSkip):
            skipped.append(entry)
            continue
        stage = entry if isinstance(entry, StagePlan) else None
        attention = entry.reason if isinstance(entry, Attention) else None
        return RoutePlan(
            skipped=tuple(skipped), stage=stage, attention=attention, total=len(policy.stages)
        )
    return RoutePlan(skipped=tuple(skipped), total=len(policy.stages))


def review_stage(policy: Policy, question: RouteQuestion, directory: Directory) -> RouteReview:
    """Whether those who are asked in the open stage still may decide it, and who else could."""
    return review(policy, _chooser(policy.stages[question.from_index], question, directory))


def predict(
    policy: Policy,
    question: RouteQuestion,
    directory: Directory,
    conditions: Conditions,
    clock: Clock,
) -> list[Entry]:
    """Every stage from `question.from_index` on, as it would be if it came now.

    Times are given only for the first stage that opens: when the others come nobody knows. Who
    will have approved by then is not known either: a `distinct` stage says so in its reason where
    it could matter.
    """
    entries: list[Entry] = []
    asked: set[str] = set()
    for entry in _walk(policy, question, directory, conditions, clock):
        if isinstance(entry, StagePlan) and entry.kind is StageKind.APPROVAL:
            people = {each.person_id for each in entry.people}
            entries.append(_foreseen(entry, later=bool(asked), clash=bool(people & asked)))
            asked |= people
        else:
            entries.append(entry)
    return entries


def _foreseen(plan: StagePlan, *, later: bool, clash: bool) -> StagePlan:
    if later:
        people = tuple(replace(each, due_at=None) for each in plan.people)
        plan = replace(
            plan, people=people, reminders=(), escalations=(), expires_at=None, due_at=None
        )
    if clash and plan.distinct:
        plan = replace(plan, reason=reason(Code.NOT_TWICE, because=plan.reason))
    return plan


def _walk(
    policy: Policy,
    question: RouteQuestion,
    directory: Directory,
    conditions: Conditions,
    clock: Clock,
) -> Iterable[Entry]:
    earlier = {each.key: each for each in question.earlier}
    deciders = set(question.deciders)
    for index in range(question.from_index, len(policy.stages)):
        stage = policy.stages[index]
        if stage.key in question.carried:
            approval = earlier.get(stage.key)
            kept = {*approval.deciders, *approval.acted_for} if approval is not None else set()
            # A distinct stage cannot stay approved by somebody who has since decided before it.
            if not (stage.distinct and kept & deciders):
                deciders |= kept
                yield _skip(index, stage, carried_reason(stage, approval, directory))
                continue
        against = _against(index, stage, conditions)
        if against is not None:
            yield against
            continue
        chooser = _chooser(stage, question, directory, deciders)
        yield _open_or_attend(index, policy, chooser, clock)


def _chooser(
    stage: Stage, question: RouteQuestion, directory: Directory, deciders: Iterable[str] = ()
) -> ApproverSelector:
    """A chooser for one stage; `deciders` have approved before, beside those of the question."""
    before = sorted({*question.deciders, *deciders})
    return ApproverSelector(
        question=question, directory=directory, excluded=_excluded(stage, question, before)
    )


def _open_or_attend(index: int, policy: Policy, chooser: ApproverSelector, clock: Clock) -> Entry:
    stage = policy.stages[index]
    choice = choose(chooser, stage, policy)
    if not choice.problem:
        if stage.kind is StageKind.APPROVAL:
            choice.people = represented(choice.people, chooser, choice.left_out)
        return stage_plan(index, policy, choice, chooser, clock)
    if stage.kind is StageKind.NOTIFY:
        return _skip(index, stage, reason(Code.NOBODY_TO_TELL))
    return Attention(index=index, key=stage.key, name=stage.name, reason=choice.problem)


def carried_reason(stage: Stage, approval: EarlierApproval | None, directory: Directory) -> Reason:
    """Why a stage approved (or told) in an earlier round is not asked again."""
    is_notice = stage.kind is StageKind.NOTIFY
    if approval is None:
        return reason(Code.TOLD_BEFORE if is_notice else Code.APPROVED_BEFORE)
    if approval.overridden_by is not None:
        return reason(Code.STAYS_OVERRIDDEN, round=approval.round)
    if is_notice:
        return reason(Code.STAYS_TOLD, round=approval.round)
    if not approval.deciders:
        return reason(Code.STAYS_APPROVED, round=approval.round)
    names = " and ".join(name_of(directory, each) for each in approval.deciders)
    return reason(Code.STAYS_APPROVED_BY, round=approval.round, names=names)


def _against(index: int, stage: Stage, conditions: Conditions) -> Entry | None:
    if stage.condition is None:
        return None
    value = conditions.get(stage.key, "it was not evaluated")
    if isinstance(value, str):
        why = reason(Code.CONDITION_FAILED, stage=stage.name, error=value)
        return Attention(index=index, key=stage.key, name=stage.name, reason=why)
    return None if value else _skip(index, stage, reason_against(stage))


def _skip(index: int, stage: Stage, why: Kept) -> StageSkip:
    return StageSkip(index=index, key=stage.key, name=stage.name, reason=why)


def _excluded(stage: Stage, question: RouteQuestion, deciders: Sequence[str]) -> dict[str, Kept]:
    """Who may never decide in a stage, and why. Anybody may be told in a notify stage."""
    if stage.kind is StageKind.NOTIFY:
        return {}
    excluded: dict[str, Kept] = {question.requester_id: reason(Code.REQUESTER)}
    if question.on_behalf_of is not None:
        excluded.setdefault(question.on_behalf_of, reason(Code.ON_THEIR_BEHALF))
    if stage.distinct:
        for person in deciders:
            excluded.setdefault(person, reason(Code.APPROVED_EARLIER))
    return excluded
