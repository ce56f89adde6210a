"""The state after an event, and the recorder that gathers events while a command is applied.

Says nothing about what is allowed: events are facts.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from portal.domain.errors import DomainError
from portal.domain.request.commands import Command
from portal.domain.request.events import (
    SYSTEM,
    ApproverAdded,
    AttentionNeeded,
    CommandRefused,
    CommentAdded,
    DecisionCarried,
    DecisionRetracted,
    Event,
    InformationAsked,
    InformationGiven,
    LegacyRecorded,
    ReminderDue,
    RequestAmended,
    RequestApproved,
    RequestCancelled,
    RequestFailed,
    RequestHeld,
    RequestImported,
    RequestMovedToPolicy,
    RequestOverridden,
    RequestRejected,
    RequestResubmitted,
    RequestResumed,
    RequestReturned,
    RequestSubmitted,
    RequestTimedOut,
    RequestWithdrawn,
    RouteQuestioned,
    RouteReviewed,
    RoutingRetried,
    StageContinued,
    StageFailed,
    StageOpened,
    StagePassed,
    StageSkipped,
    TaskAssigned,
    TaskDecided,
    TaskDelegated,
    TaskEscalated,
    TaskExpired,
    TaskGivenBack,
    TaskReassigned,
    TaskWithdrawn,
)
from portal.domain.request.state import Approval, OpenStage, PassedStage, Status, Task, TaskStatus
from portal.domain.routing.plan import StagePlan

NO_QUESTION: dict[str, Any] = {"asked_at": None, "question": "", "asked_by": None}


def shifted(stage: OpenStage, by: timedelta) -> OpenStage:
    """The stage with all its times shifted, as after a hold."""
    return replace(
        stage,
        plan=_plan_later(stage.plan, by),
        tasks=tuple(_task_later(task, by) for task in stage.tasks),
        settles_at=_shift(stage.settles_at, by),
        paused_at=_shift(stage.paused_at, by),
    )


def _task_later(task: Task, by: timedelta) -> Task:
    return replace(task, due_at=_shift(task.due_at, by), undo_until=_shift(task.undo_until, by))


def _plan_later(plan: StagePlan, by: timedelta) -> StagePlan:
    """The plan with all its times shifted."""
    return replace(
        plan,
        people=tuple(replace(each, due_at=_shift(each.due_at, by)) for each in plan.people),
        reminders=tuple(at + by for at in plan.reminders),
        escalations=tuple(replace(level, at=level.at + by) for level in plan.escalations),
        expires_at=_shift(plan.expires_at, by),
        due_at=_shift(plan.due_at, by),
    )


def _shift(at: datetime | None, by: timedelta) -> datetime | None:
    """A time that may be missing, shifted."""
    return None if at is None else at + by


def run_on(stage: OpenStage, at: datetime) -> OpenStage:
    """The stage where no question is open any more: its times are shifted by as long as it waited.

    An undo window was not stopped by it.
    """
    if stage.paused_at is None or any(task.asked_at for task in stage.tasks):
        return stage
    by = at - stage.paused_at
    tasks = tuple(replace(task, due_at=_shift(task.due_at, by)) for task in stage.tasks)
    return replace(stage, plan=_plan_later(stage.plan, by), tasks=tasks, paused_at=None)


def without_questions(stage: OpenStage, at: datetime) -> OpenStage:
    """The stage after the requester changed the request: that answers whatever was asked."""
    tasks = tuple(replace(task, **NO_QUESTION) for task in stage.tasks)
    return run_on(replace(stage, tasks=tasks), at)


Changes = dict[str, Any]
Change = Callable[[Approval, Any], Changes]


def evolve(state: Approval, event: Event) -> Approval:
    """The state with one more event. Raises DomainError if the event is not the next in number."""
    if event.seq != state.seq + 1:
        raise DomainError(
            f"Request {state.request_id}: event {event.seq} cannot follow event {state.seq}."
        )
    changes = CHANGES[type(event)](state, event)
    command_id = event.command_id
    if command_id is not None and command_id not in state.handled:
        changes["handled"] = (*state.handled, command_id)
    return replace(state, seq=event.seq, **changes)


def fold(request_id: str, events: Iterable[Event]) -> Approval:
    """The state of a request after these events, which begin with number 1."""
    state = Approval(request_id=request_id)
    for event in events:
        state = evolve(state, event)
    return state


def until(events: Iterable[Event], at: datetime) -> list[Event]:
    """What had happened by a moment: the first of these events, which are in their order."""
    return list(takewhile(lambda event: event.at <= at, events))


# The request as a whole.

NO_ATTENTION: Changes = {"attention": None, "attention_retry_at": None, "attention_count": 0}


def _submitted(_state: Approval, event: RequestSubmitted) -> Changes:
    return {
        "number": event.number,
        "type_code": event.type_code,
        "policy_version_id": event.policy_version_id,
        "requester_id": event.actor,
        "on_behalf_of": event.on_behalf_of,
        "content": event.content,
        "content_version": 1,
        "content_hash": event.content_hash,
        "priority": event.priority,
        "status": Status.PENDING,
        "round": 1,
        "wants_route": True,
        "waiting_since": event.at,
        "submitted_at": event.at,
    }


def _attention(state: Approval, event: AttentionNeeded) -> Changes:
    # Another fruitless search for the same reason is no news.
    is_news = event.attempt == 1 and state.stage is None
    since: Changes = {"waiting_since": event.at} if is_news else {}
    return {
        **since,
        "wants_route": False,
        "attention": event.reason,
        "attention_retry_at": event.retry_at,
        "attention_count": event.attempt,
    }


def _retried(_state: Approval, _event: RoutingRetried | RouteQuestioned) -> Changes:
    return {"wants_route": True}


def _reviewed(state: Approval, event: RouteReviewed) -> Changes:
    changes: Changes = {"wants_route": False, **NO_ATTENTION}
    if state.stage is None or not event.parts_settle:
        return changes
    plan = replace(state.stage.plan, parts_settle=True)
    return {**changes, "stage": replace(state.stage, plan=plan)}


def _nothing(_state: Approval, _event: Event) -> Changes:
    return {}


def _returned(_state: Approval, event: RequestReturned) -> Changes:
    return {
        "status": Status.RETURNED,
        "stage": None,
        "interrupted": (),
        "wants_route": False,
        "waiting_since": event.at,
        "returned_by": event.by,
        **NO_ATTENTION,
    }


def _resubmitted(state: Approval, event: RequestResubmitted) -> Changes:
    return {
        "status": Status.PENDING,
        "round": event.round,
        **_new_content(event),
        **_from_the_start(state, event.carried),
    }


def _amended(state: Approval, event: RequestAmended) -> Changes:
    return {
        **_new_content(event),
        "interrupted": tuple(
            without_questions(stage, event.at)
            for stage in state.under_way
            if stage.plan.key not in event.asked_again
        ),
        **_from_the_start(state, event.carried),
    }


def _new_content(event: RequestResubmitted | RequestAmended) -> Changes:
    return {
        "content": event.content,
        "content_version": event.content_version,
        "content_hash": event.content_hash,
        "changed": event.changed,
        "returned_by": None,
        "waiting_since": event.at,
    }


def _moved_to_policy(state: Approval, event: RequestMovedToPolicy) -> Changes:
    """What is carried stands where the new version has it."""
    places = {key: index for index, key in enumerate(event.stages)}
    # A hold is counted by its own end.
    at = state.held_at or event.at
    kept = [
        without_questions(stage, at)
        for stage in state.under_way
        if stage.plan.key not in event.asked_again
    ]
    changes = _from_the_start(state, event.carried)
    changes["passed"] = tuple(
        replace(stage, index=places[stage.key]) for stage in changes["passed"]
    )
    changes["interrupted"] = tuple(
        replace(stage, plan=_placed(stage.plan, places)) for stage in kept
    )
    changes["wants_route"] = state.status is Status.PENDING
    changes["waiting_since"] = event.at
    return {"policy_version_id": event.policy_version_id, **changes}


def _placed(plan: StagePlan, places: dict[str, int]) -> StagePlan:
    index = places[plan.key]
    return replace(plan, index=index, is_last=index == len(places) - 1)


def _from_the_start(state: Approval, carried: tuple[str, ...]) -> Changes:
    """Routing goes along the whole route; of the stages passed these are carried."""
    return {
        "stage": None,
        "next_index": 0,
        "wants_route": True,
        "carried": carried,
        "passed": tuple(stage for stage in state.passed if stage.key in carried),
        **NO_ATTENTION,
    }


def _held(_state: Approval, event: RequestHeld) -> Changes:
    return {
        "status": Status.ON_HOLD,
        "held_at": event.at,
        "hold_reason": event.reason,
        "waiting_since": event.at,
        "wants_route": False,
    }


def _resumed(state: Approval, event: RequestResumed) -> Changes:
    by = timedelta(seconds=event.seconds)
    interrupted = tuple(shifted(stage, by) for stage in state.interrupted)
    changes: Changes = {"status": Status.PENDING, "held_at": None, "interrupted": interrupted}
    changes["hold_reason"] = None
    if state.stage is None or state.attention is not None:
        changes["wants_route"] = True
    if state.stage is None:
        return changes
    changes["waiting_since"] = state.stage.opened_at
    return {**changes, "stage": shifted(state.stage, by)}


def _imported(state: Approval, event: RequestImported) -> Changes:
    return {
        "policy_version_id": event.policy_version_id,
        "status": Status.PENDING,
        "interrupted": (),
        "held_at": None,
        "closed_at": None,
        **_from_the_start(state, ()),
    }


def _closed(status: Status) -> Callable[[Approval, Event], Changes]:
    def change(_state: Approval, event: Event) -> Changes:
        return {
            "status": status,
            "closed_at": event.at,
            "stage": None,
            "interrupted": (),
            "wants_route": False,
            "held_at": None,
            **NO_ATTENTION,
        }

    return change


# The stage under way and its tasks.


def _skipped(state: Approval, event: StageSkipped) -> Changes:
    left = tuple(stage for stage in state.interrupted if stage.plan.key != event.key)
    return {"next_index": event.index + 1, "interrupted": left}


def _opened(state: Approval, event: StageOpened) -> Changes:
    stage = OpenStage(plan=event.plan, opening=event.opening, opened_at=event.at)
    return {"opening": event.opening, **_under_way(state, stage)}


def _continued(state: Approval, event: StageContinued) -> Changes:
    stage = state.interrupted_stage(event.key)
    return {} if stage is None else _under_way(state, stage)


def _under_way(state: Approval, stage: OpenStage) -> Changes:
    """The request has come to this stage; those behind it that were interrupted have time."""
    key, index = stage.plan.key, stage.plan.index
    return {
        "stage": stage,
        "next_index": index,
        "wants_route": False,
        "waiting_since": stage.opened_at,
        "passed": tuple(each for each in state.passed if each.key != key),
        "carried": tuple(each for each in state.carried if each != key),
        "interrupted": tuple(
            each for each in state.interrupted if each.plan.key != key and each.plan.index > index
        ),
        **NO_ATTENTION,
    }


def _assigned(state: Approval, event: TaskAssigned) -> Changes:
    stage = state.stage
    if stage is None:
        return {}
    task = Task(
        id=event.task_id, assignee_id=event.person_id, group=event.group, due_at=event.due_at
    )
    return {"stage": replace(stage, tasks=(*stage.tasks, task))}


def _approver_added(state: Approval, event: ApproverAdded) -> Changes:
    stage = state.stage
    if stage is None:
        return {}
    task = Task(id=event.task_id, assignee_id=event.person_id, due_at=event.due_at, added=True)
    return {"stage": replace(stage, tasks=(*stage.tasks, task))}


def _carried(state: Approval, event: DecisionCarried) -> Changes:
    stage = state.stage
    if stage is None:
        return {}
    task = Task(
        id=event.task_id,
        assignee_id=event.person_id,
        group=event.group,
        status=TaskStatus.DECIDED,
        decision=event.decision,
        decided_by=event.decided_by,
        acting_for=event.acting_for,
        delegation_id=event.delegation_id,
        due_at=event.due_at,
        undo_until=event.undo_until,
    )
    tasks = (*stage.tasks, task)
    return {"stage": replace(stage, tasks=tasks, settles_at=event.settles_at)}


def _with_task(state: Approval, task_id: str, on_stage: Changes, **on_task: Any) -> Changes:
    stage = state.stage
    if stage is None:
        return {}
    tasks = tuple(replace(task, **on_task) if task.id == task_id else task for task in stage.tasks)
    return {"stage": replace(stage, tasks=tasks, **on_stage)}


def _decided(state: Approval, event: TaskDecided) -> Changes:
    undo = timedelta(seconds=0 if state.stage is None else state.stage.plan.undo_seconds)
    changes = _with_task(
        state,
        event.task_id,
        {"settles_at": event.settles_at},
        status=TaskStatus.DECIDED,
        decision=event.decision,
        decided_by=event.actor,
        undo_until=event.at + undo,
        **NO_QUESTION,
    )
    return _unpaused(state, event.at, changes)


def _asked(state: Approval, event: InformationAsked) -> Changes:
    stage = state.stage
    stops = stage is not None and stage.plan.asking_stops_clock and stage.paused_at is None
    on_stage = {"paused_at": event.at} if stops else {}
    return _with_task(state, event.task_id, on_stage, **_question(event))


def _question(event: InformationAsked) -> Changes:
    return {"asked_at": event.at, "question": event.comment, "asked_by": event.actor}


def _answered(state: Approval, event: InformationGiven) -> Changes:
    return _unpaused(state, event.at, _with_task(state, event.task_id, {}, **NO_QUESTION))


def _unpaused(state: Approval, at: datetime, changes: Changes) -> Changes:
    """The clock runs on once no question is open. A hold is counted by its own end."""
    stage: OpenStage | None = changes.get("stage")
    return changes if stage is None else {"stage": run_on(stage, state.held_at or at)}


def _retracted(state: Approval, event: DecisionRetracted) -> Changes:
    return _with_task(
        state,
        event.task_id,
        {"settles_at": event.settles_at},
        status=TaskStatus.OPEN,
        decision=None,
        decided_by=None,
        undo_until=None,
    )


def _escalated(state: Approval, event: TaskEscalated) -> Changes:
    on_stage = {"escalations_done": event.level}
    return _with_task(state, event.task_id, on_stage, **_owned_by(event.to_id))


def _owned_by(person_id: str) -> dict[str, str | None]:
    return {"assignee_id": person_id, "acting_for": None, "delegation_id": None}


def _reassigned(state: Approval, event: TaskReassigned) -> Changes:
    return {**_with_task(state, event.task_id, {}, **_owned_by(event.to_id)), **NO_ATTENTION}


def _given_back(state: Approval, event: TaskGivenBack) -> Changes:
    return _with_task(state, event.task_id, {}, **_owned_by(event.to_id))


def _delegated(state: Approval, event: TaskDelegated) -> Changes:
    return _with_task(
        state,
        event.task_id,
        {},
        assignee_id=event.to_id,
        acting_for=event.from_id,
        delegation_id=event.delegation_id,
    )


def _expired(state: Approval, event: TaskExpired) -> Changes:
    return _with_task(state, event.task_id, {"expired": True}, status=TaskStatus.EXPIRED)


def _withdrawn(state: Approval, event: TaskWithdrawn) -> Changes:
    withdrawn = {"status": TaskStatus.WITHDRAWN, "dropped": event.dropped, **NO_QUESTION}
    changes = _with_task(state, event.task_id, {}, **withdrawn)
    changes = _unpaused(state, event.at, changes)
    left = tuple(_without_task(stage, event.task_id) for stage in state.interrupted)
    return {**changes, "interrupted": left}


def _without_task(stage: OpenStage, task_id: str) -> OpenStage:
    return replace(stage, tasks=tuple(task for task in stage.tasks if task.id != task_id))


def _reminded(state: Approval, event: ReminderDue) -> Changes:
    if event.actor != SYSTEM:
        return {"nudged_at": event.at}
    stage = state.stage
    if stage is None:
        return {}
    if event.escalation:
        return {"stage": replace(stage, escalations_done=event.escalation)}
    return {"stage": replace(stage, reminders_sent=event.number)}


def _passed(state: Approval, event: StagePassed) -> Changes:
    passed = PassedStage(
        key=event.key,
        index=event.index,
        round=state.round,
        deciders=event.deciders,
        acted_for=event.acted_for,
        overridden_by=event.overridden_by,
        reads=None if state.stage is None else state.stage.plan.reads,
    )
    return {
        "stage": None,
        "next_index": event.index + 1,
        "wants_route": True,
        "passed": (*state.passed, passed),
        **NO_ATTENTION,
    }


def _failed(_state: Approval, _event: StageFailed) -> Changes:
    return {"stage": None}


CHANGES: dict[type[Event], Change] = {
    RequestSubmitted: _submitted,
    AttentionNeeded: _attention,
    RoutingRetried: _retried,
    RouteQuestioned: _retried,
    RouteReviewed: _reviewed,
    CommentAdded: _nothing,
    CommandRefused: _nothing,
    RequestReturned: _returned,
    RequestResubmitted: _resubmitted,
    RequestAmended: _amended,
    RequestOverridden: _nothing,
    RequestMovedToPolicy: _moved_to_policy,
    RequestHeld: _held,
    RequestResumed: _resumed,
    RequestApproved: _closed(Status.APPROVED),
    RequestRejected: _closed(Status.REJECTED),
    RequestTimedOut: _closed(Status.TIMEOUT),
    RequestWithdrawn: _closed(Status.WITHDRAWN),
    RequestCancelled: _closed(Status.CANCELLED),
    LegacyRecorded: _nothing,
    RequestImported: _imported,
    RequestFailed: _closed(Status.FAILED),
    StageSkipped: _skipped,
    StageOpened: _opened,
    TaskAssigned: _assigned,
    StageContinued: _continued,
    DecisionCarried: _carried,
    TaskDecided: _decided,
    DecisionRetracted: _retracted,
    TaskEscalated: _escalated,
    TaskReassigned: _reassigned,
    TaskDelegated: _delegated,
    TaskGivenBack: _given_back,
    ApproverAdded: _approver_added,
    InformationAsked: _asked,
    InformationGiven: _answered,
    TaskExpired: _expired,
    TaskWithdrawn: _withdrawn,
    ReminderDue: _reminded,
    StagePassed: _passed,
    StageFailed: _failed,
}


class EventRecorder:
    """The answer to one command, plan or tick. `state` already contains the `events` so far."""

    __slots__ = ("command", "events", "now", "state")

    def __init__(self, state: Approval, now: datetime, command: Command | None = None) -> None:
        self.state = state
        self.now = now
        self.command = command
        self.events: list[Event] = []

    def by_system(self, kind: type[Event], /, **values: Any) -> None:
        """Add what follows from the rules or the clock: the actor is the system."""
        state = self.state
        self._add(kind(request_id=state.request_id, seq=state.seq + 1, at=self.now, **values))

    def by_actor(self, kind: type[Event], /, **values: Any) -> None:
        """Add what the command's person did."""
        command = self.command
        if command is None:
            self.by_system(kind, **values)
            return
        self._add(
            kind(
                request_id=self.state.request_id,
                seq=self.state.seq + 1,
                at=self.now,
                actor=command.actor_id,
                on_behalf_of=command.on_behalf_of,
                command_id=command.command_id,
                **values,
            )
        )

    def _add(self, event: Event) -> None:
        self.state = evolve(self.state, event)
        self.events.append(event)
