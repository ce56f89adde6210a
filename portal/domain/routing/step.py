"""The next stage that a request needs, asking routing for it, and what the answer brings about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from portal.domain.deciding.carried_votes import goes_on, people_of, standing_votes
from portal.domain.deciding.decide import (
    Verdict,
    approvers,
    asked_tasks,
    conclude,
    represented,
    settle,
    verdict,
    withdraw_open_tasks,
)
from portal.domain.people.directory import Directory
from portal.domain.policy.check import validate_policy
from portal.domain.policy.policy import Policy, Stage, StageKind
from portal.domain.request import events
from portal.domain.request.events import Event
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.reasons import Code, Kept, Reason, reason
from portal.domain.request.state import Approval, OpenStage, Status, Task
from portal.domain.routing.approvers import ApproverSelector, choose, name_of, with_delegates
from portal.domain.routing.eligibility import call_for_attention, may_stand_in, review
from portal.domain.routing.plan import (
    Attention,
    Candidate,
    EarlierApproval,
    RoutePlan,
    RouteQuestion,
    RouteReview,
    StagePlan,
    StageSkip,
)
from portal.domain.routing.rerouting import follow_review, stand_in
from portal.domain.routing.stage_plan import reason_against, stage_plan
from portal.domain.time.stage_times import Clock

_REQUESTS = UUID("5f0ca1a5-5c1a-5d0e-9a44-3c6c5e3b7d21")


def question(state: Approval, now: datetime) -> RouteQuestion:
    """What to ask routing while `state.wants_route`: from which stage on, and for whom."""
    content = state.content
    return RouteQuestion(
        request_id=state.request_id,
        policy_version_id=state.policy_version_id,
        from_index=state.next_index,
        requester_id=state.requester_id,
        on_behalf_of=state.on_behalf_of,
        title=content.title,
        fields=content.fields,
        amount=content.amount,
        currency=content.currency,
        priority=state.priority.value,
        round=state.round,
        carried=state.carried,
        deciders=_deciders_before(state, state.next_index),
        approved_once=state.has_approval,
        earlier=tuple(
            EarlierApproval(
                index=each.index,
                key=each.key,
                round=each.round,
                deciders=each.deciders,
                acted_for=each.acted_for,
                overridden_by=each.overridden_by,
            )
            for each in state.passed
        ),
        type_code=state.type_code,
        reviewing=state.stage is not None,
        asked=_asked(state),
        sources=_sources(state),
        now=now,
    )


def question_ahead(state: Approval, now: datetime) -> RouteQuestion:
    """What routing would be asked if the stage under way passed by the approvals it has; without
    one, what it is asked next. For looking ahead: whoever approves later is not known yet.
    """
    stage = state.stage
    if stage is None:
        return question(state, now)
    recorder = EventRecorder(state, now)
    recorder.by_system(
        events.StagePassed,
        index=stage.plan.index,
        key=stage.plan.key,
        deciders=approvers(stage.tasks),
        acted_for=represented(stage.tasks),
    )
    return replace(question(recorder.state, now), approved_once=True)


def _asked(state: Approval) -> tuple[str, ...]:
    """Whose the open tasks are, and who has them."""
    tasks = state.open_tasks
    return tuple(dict.fromkeys(who for each in tasks for who in (each.owner_id, each.assignee_id)))


def _sources(state: Approval) -> dict[str, str]:
    """By which rule those who are asked in the open stage came to it."""
    if state.stage is None:
        return {}
    owners = {task.owner_id for task in state.open_tasks}
    plan, done = state.stage.plan, state.stage.escalations_done
    escalated = (each for level in plan.escalations[:done] for each in level.to)
    people = (each for each in (*escalated, *plan.people) if each.person_id in owners)
    return {each.person_id: each.source for each in people if each.source}


def route(state: Approval, plan: RoutePlan, now: datetime) -> list[Event]:
    """Follow routing's answer: skip, open a stage, approve, or call for attention.

    Nothing happens if the request no longer waits for an answer (it was held, withdrawn, ...).
    """
    if not state.wants_route or state.status is not Status.PENDING:
        return []
    recorder = EventRecorder(state, now)
    if state.stage is not None:
        follow_review(recorder, plan)
        return recorder.events
    _set_aside(recorder, plan)
    for skip in plan.skipped:
        if skip.index >= state.next_index:
            recorder.by_system(
                events.StageSkipped,
                index=skip.index,
                key=skip.key,
                name=skip.name,
                reason=skip.reason,
            )
    if plan.stage is not None:
        _open(recorder, plan.stage)
    elif plan.attention is not None:
        call_for_attention(recorder, plan.attention)
    elif recorder.state.has_approval:
        recorder.by_system(events.RequestApproved)
    else:
        call_for_attention(recorder, reason(Code.NO_STAGE))
    return recorder.events


def task_id(request_id: str, opening: int, person_id: str) -> str:
    """The id of a person's task in the stage opened as number `opening`: always the same."""
    try:
        namespace = UUID(request_id)
    except ValueError:
        namespace = uuid5(_REQUESTS, request_id)
    return str(uuid5(namespace, f"{opening}:{person_id}"))


def _deciders_before(state: Approval, index: int) -> tuple[str, ...]:
    before = [stage for stage in state.passed if stage.index < index]
    names = (person for stage in before for person in (*stage.deciders, *stage.acted_for))
    return tuple(dict.fromkeys(names))


def _open(recorder: EventRecorder, plan: StagePlan) -> None:
    if plan.kind is StageKind.NOTIFY:
        _announce(recorder, plan)
        recorder.by_system(events.StagePassed, index=plan.index, key=plan.key)
        conclude(recorder, plan)
        return
    people = _askable(recorder.state, plan)
    if goes_on(recorder.state, plan, people):
        _go_on(recorder, plan)
        return
    votes = standing_votes(recorder.state, plan)
    voters = {person for vote in votes for person in people_of(vote)}
    asked = tuple(each for each in people if each.person_id not in voters)
    tasks = [
        Task(id=each.person_id, assignee_id=each.person_id, group=each.group) for each in asked
    ]
    reached = verdict(plan, [*votes, *tasks])
    if reached is Verdict.FAILED or (reached is Verdict.PASSED and not votes):
        call_for_attention(recorder, reason(Code.TOO_FEW_MAY_DECIDE, stage=plan.name))
        return
    _announce(recorder, plan if people == plan.people else replace(plan, people=people))
    _carry(recorder, votes, settles=reached is Verdict.PASSED)
    if reached is Verdict.PENDING:
        opened = OpenStage(plan=plan, opening=0, opened_at=recorder.now, tasks=(*votes, *tasks))
        wanted = {task.id for task in asked_tasks(opened)}
        asked = tuple(each for each in asked if each.person_id in wanted)
        for id_, person in [(_assign(recorder, plan, person), person) for person in asked]:
            stand_in(recorder, id_, person)


def _set_aside(recorder: EventRecorder, plan: RoutePlan) -> None:
    """Take the open tasks of an interrupted stage away, unless it goes on (after a notice)."""
    state, stage = recorder.state, plan.stage
    for kept in state.interrupted:
        if stage is not None and _leaves(state, stage, kept):
            continue
        needed = all(skip.key != kept.plan.key for skip in plan.skipped)
        code = Code.OTHERS_FIRST if needed else Code.STAGE_NOT_NEEDED
        withdraw_open_tasks(recorder, reason(code), kept)


def _leaves(state: Approval, stage: StagePlan, kept: OpenStage) -> bool:
    """Whether an interrupted stage may keep its open tasks although this one comes now."""
    if stage.kind is StageKind.NOTIFY:
        return stage.index < kept.plan.index
    return stage.key == kept.plan.key and goes_on(state, stage, _askable(state, stage))


def _go_on(recorder: EventRecorder, plan: StagePlan) -> None:
    kept = recorder.state.interrupted_stage(plan.key)
    assert kept is not None
    recorder.by_system(events.StageContinued, index=plan.index, key=plan.key, opening=kept.opening)


def _carry(recorder: EventRecorder, votes: tuple[Task, ...], *, settles: bool) -> None:
    """Let decisions stand. If they suffice, the stage moves on once nobody can undo any more."""
    until = max((vote.undo_until for vote in votes if vote.undo_until), default=recorder.now)
    settles_at = until if settles and until > recorder.now else None
    for vote in votes:
        is_last = vote is votes[-1]
        recorder.by_system(
            events.DecisionCarried,
            task_id=vote.id,
            person_id=vote.assignee_id,
            decision=vote.decision,
            decided_by=vote.decided_by,
            acting_for=vote.acting_for,
            delegation_id=vote.delegation_id,
            group=vote.group,
            due_at=vote.due_at,
            undo_until=vote.undo_until,
            settles_at=settles_at if is_last else None,
        )
    if settles and settles_at is None:
        settle(recorder)


def _announce(recorder: EventRecorder, plan: StagePlan) -> None:
    state = recorder.state
    recorder.by_system(events.StageOpened, round=state.round, opening=state.opening + 1, plan=plan)


def _assign(recorder: EventRecorder, plan: StagePlan, person: Candidate) -> str:
    state = recorder.state
    id_ = task_id(state.request_id, state.opening, person.person_id)
    recorder.by_system(
        events.TaskAssigned,
        task_id=id_,
        round=state.round,
        index=plan.index,
        stage_key=plan.key,
        person_id=person.person_id,
        group=person.group,
        due_at=person.due_at or plan.due_at,
        why=person.why,
    )
    return id_


def _askable(state: Approval, plan: StagePlan) -> tuple[Candidate, ...]:
    """The plan's people, each once, without anybody who may never decide here."""
    banned = {state.requester_id, state.on_behalf_of, *plan.excluded}
    people = {each.person_id: each for each in reversed(plan.people)}
    return tuple(
        each
        for each in plan.people
        if each.person_id not in banned and people[each.person_id] is each
    )


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
    return review(policy, chooser_of(policy.stages[question.from_index], question, directory))


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
        against = by_condition(index, stage, conditions)
        if against is not None:
            yield against
            continue
        chooser = chooser_of(stage, question, directory, deciders)
        yield _open_or_attend(index, policy, chooser, clock)


def chooser_of(
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
            may = may_stand_in(policy, stage, chooser)
            choice.people = with_delegates(choice.people, chooser, choice.left_out, may)
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


def by_condition(index: int, stage: Stage, conditions: Conditions) -> Entry | None:
    """What comes of a stage by its condition alone; None where it is to be asked."""
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
