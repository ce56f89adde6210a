"""Asking routing, and what its answer brings about."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from portal.domain.deciding.carried_votes import goes_on, people_of, standing_votes
from portal.domain.deciding.settle import conclude, settle, withdraw_open_tasks
from portal.domain.deciding.verdict import Verdict, approvers, represented, verdict
from portal.domain.policy.policy import StageKind
from portal.domain.request import events
from portal.domain.request.events import Event
from portal.domain.request.reasons import Code, reason
from portal.domain.request.recorder import EventRecorder
from portal.domain.request.state import Approval, OpenStage, Task
from portal.domain.request.values import Status
from portal.domain.routing.attention import call_for_attention
from portal.domain.routing.plan import (
    Candidate,
    EarlierApproval,
    RoutePlan,
    RouteQuestion,
    StagePlan,
)
from portal.domain.routing.rerouting import follow_review, stand_in

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
    tasks = [Task(id="", assignee_id=each.person_id, group=each.group) for each in asked]
    reached = verdict(plan, [*votes, *tasks])
    if reached is Verdict.FAILED or (reached is Verdict.PASSED and not votes):
        call_for_attention(recorder, reason(Code.TOO_FEW_MAY_DECIDE, stage=plan.name))
        return
    _announce(recorder, plan if people == plan.people else replace(plan, people=people))
    _carry(recorder, votes, settles=reached is Verdict.PASSED)
    if reached is Verdict.PENDING:
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
