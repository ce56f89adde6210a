"""Asking routing, and what its answer brings about."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from portal.domain import request_events, stage_events
from portal.domain.draft import Draft
from portal.domain.event import Event
from portal.domain.plan import Candidate, EarlierApproval, RoutePlan, RouteQuestion, StagePlan
from portal.domain.policy import StageKind
from portal.domain.request import Status
from portal.domain.settle import conclude
from portal.domain.state import Approval, Task
from portal.domain.verdict import Verdict, verdict

NO_STAGE = "No stage of the policy applies to this request, so nobody has approved it."

# Waits after the first, second and every later fruitless search for somebody to ask.
RETRY_AFTER = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))

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
            )
            for each in state.passed
        ),
        now=now,
    )


def route(state: Approval, plan: RoutePlan, now: datetime) -> list[Event]:
    """Follow routing's answer: skip, open a stage, approve, or call for attention.

    Nothing happens if the request no longer waits for an answer (it was held, withdrawn, ...).
    """
    if not state.wants_route or state.status is not Status.PENDING:
        return []
    draft = Draft(state, now)
    for skip in plan.skipped:
        if skip.index >= state.next_index:
            draft.happened(
                stage_events.StageSkipped,
                index=skip.index,
                key=skip.key,
                name=skip.name,
                reason=skip.reason,
            )
    if plan.stage is not None:
        _open(draft, plan.stage)
    elif plan.attention is not None:
        _call_for_attention(draft, plan.attention)
    elif draft.state.has_approval:
        draft.happened(request_events.RequestApproved)
    else:
        _call_for_attention(draft, NO_STAGE)
    return draft.events


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


def _open(draft: Draft, plan: StagePlan) -> None:
    if plan.kind is StageKind.NOTIFY:
        _announce(draft, plan)
        draft.happened(stage_events.StagePassed, index=plan.index, key=plan.key)
        conclude(draft, plan)
        return
    people = _askable(draft.state, plan)
    tasks = [Task(id="", assignee_id=each.person_id, group=each.group) for each in people]
    if verdict(plan, tasks) is not Verdict.PENDING:
        reason = f"The stage “{plan.name}” has too few people who may decide it."
        _call_for_attention(draft, reason)
        return
    _announce(draft, plan if people == plan.people else replace(plan, people=people))
    for person in people:
        _assign(draft, plan, person)


def _announce(draft: Draft, plan: StagePlan) -> None:
    state = draft.state
    draft.happened(
        stage_events.StageOpened, round=state.round, opening=state.opening + 1, plan=plan
    )


def _assign(draft: Draft, plan: StagePlan, person: Candidate) -> None:
    state = draft.state
    draft.happened(
        stage_events.TaskAssigned,
        task_id=task_id(state.request_id, state.opening, person.person_id),
        round=state.round,
        index=plan.index,
        stage_key=plan.key,
        person_id=person.person_id,
        group=person.group,
        due_at=plan.due_at,
        why=person.why,
    )


def _askable(state: Approval, plan: StagePlan) -> tuple[Candidate, ...]:
    """The plan's people, each once, without anybody who may never decide here."""
    banned = {state.requester_id, state.on_behalf_of, *plan.excluded}
    people = {each.person_id: each for each in reversed(plan.people)}
    return tuple(
        each
        for each in plan.people
        if each.person_id not in banned and people[each.person_id] is each
    )


def _call_for_attention(draft: Draft, reason: str) -> None:
    state = draft.state
    attempt = state.attention_count + 1 if state.attention == reason else 1
    wait = RETRY_AFTER[min(attempt, len(RETRY_AFTER)) - 1]
    draft.happened(
        request_events.AttentionNeeded,
        reason=reason,
        retry_at=draft.now + wait,
        attempt=attempt,
    )
