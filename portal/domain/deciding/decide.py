"""Deciding a task, undoing a decision; the parts of a stage, each of which needs so many approvals,
and what its votes amount to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portal.domain.errors import Refusal
from portal.domain.policy.policy import Decision, Mode, Rejection, StepUp
from portal.domain.request import commands, events
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.proof import DecisionProof, SignedDecision, is_proven
from portal.domain.request.reasons import Code, Reason, reason
from portal.domain.request.state import Approval, OpenStage, Status, Task, TaskStatus
from portal.domain.routing.plan import StagePlan


@dataclass(frozen=True, slots=True)
class Part:
    """Tasks of a stage among which so many approvals are needed: those of one group, those of all
    whom the policy asks, or those of people who were added."""

    tasks: tuple[Task, ...]
    needed: int

    @property
    def lacks_votes(self) -> bool:
        """It has fewer approvals than it needs: a vote here can still change the outcome."""
        return len(self.approvals) < self.needed

    @property
    def is_reachable(self) -> bool:
        """Approvals and open tasks together are enough."""
        return len(self.approvals) + len(self.open_tasks) >= self.needed

    @property
    def approvals(self) -> tuple[Task, ...]:
        """The tasks that were approved."""
        return tuple(task for task in self.tasks if is_approved(task))

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """The tasks that nobody decided yet."""
        return tuple(task for task in self.tasks if task.status is TaskStatus.OPEN)

    def settles_at(self, opened_at: datetime) -> datetime | None:
        """When the approvals it needs can no longer be undone; None while it lacks some."""
        if self.lacks_votes:
            return None
        final = sorted(task.undo_until or opened_at for task in self.approvals)
        return final[self.needed - 1] if self.needed else opened_at


def parts_of(plan: StagePlan, tasks: Sequence[Task]) -> list[Part]:
    """A stage's parts: it passes when none lacks votes. Who was added is one more, all of whom
    have to approve.
    """
    asked = [task for task in tasks if not task.added]
    added = [task for task in tasks if task.added and not task.dropped]
    more = [Part(tuple(added), needed=len(added))] if added else []
    if plan.mode is not Mode.PER_GROUP or not plan.groups:
        return [Part(tuple(asked), votes_needed(plan, asked)), *more]
    parts = [Part(tuple(t for t in asked if t.group == group), needed=1) for group in plan.groups]
    # Whoever stands for no group of the plan is not needed.
    beside = tuple(task for task in asked if task.group not in plan.groups)
    return [*parts, *([Part(beside, needed=0)] if beside else []), *more]


def asked_tasks(stage: OpenStage) -> tuple[Task, ...]:
    """The open tasks whose vote can still change the outcome: those of parts that lack votes."""
    return tuple(task for part in asked_parts(stage) for task in part.open_tasks)


def asked_parts(stage: OpenStage) -> list[Part]:
    """The parts that lack votes; all in one where the stage is older than this rule."""
    if not stage.plan.parts_settle:
        return [Part(stage.tasks, needed=len(stage.tasks))]
    return [part for part in parts_of(stage.plan, stage.tasks) if part.lacks_votes]


def is_asked(stage: OpenStage, task: Task) -> bool:
    """Whether an open task of the stage is one whose vote can still change the outcome."""
    return any(each.id == task.id for each in asked_tasks(stage))


def settled_tasks(stage: OpenStage) -> tuple[tuple[datetime, Task], ...]:
    """The open tasks of parts that have their votes, each with when it is not needed any more: as
    soon as nobody can undo."""
    if not stage.plan.parts_settle:
        return ()
    settled = (
        (part, part.settles_at(stage.opened_at)) for part in parts_of(stage.plan, stage.tasks)
    )
    return tuple((at, task) for part, at in settled if at is not None for task in part.open_tasks)


def votes_needed(plan: StagePlan, tasks: Sequence[Task]) -> int:
    """Approvals that pass the stage: never fewer than one, whatever the plan says."""
    if plan.mode is Mode.ALL:
        return max(1, sum(1 for task in tasks if not (task.dropped or task.added)))
    if plan.mode is Mode.PER_GROUP:
        return max(1, len(plan.groups))
    return max(1, plan.needed)


def is_approved(task: Task) -> bool:
    """Whether the task was decided with an approval."""
    return task.status is TaskStatus.DECIDED and task.decision is Decision.APPROVE


class Verdict(StrEnum):
    """Where a stage stands."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"
    RETURNED = "returned"


def verdict(plan: StagePlan, tasks: Sequence[Task]) -> Verdict:
    """The verdict on a stage: PENDING while its votes can still go either way.

    One SEND_BACK returns. One rejection fails where the plan says ENDS; beyond that a stage fails
    as soon as approvals and open tasks together are fewer than the votes needed.
    """
    said = {task.decision for task in tasks if task.status is TaskStatus.DECIDED}
    if Decision.SEND_BACK in said:
        return Verdict.RETURNED
    if Decision.REJECT in said and plan.rejection is Rejection.ENDS:
        return Verdict.FAILED
    parts = parts_of(plan, tasks)
    if not any(part.lacks_votes for part in parts):
        return Verdict.PASSED
    return Verdict.PENDING if all(part.is_reachable for part in parts) else Verdict.FAILED


def approvers(tasks: Sequence[Task]) -> tuple[str, ...]:
    """Who approved, in the order of the tasks."""
    return tuple(task.decided_by for task in tasks if is_approved(task) and task.decided_by)


def represented(tasks: Sequence[Task]) -> tuple[str, ...]:
    """In whose place somebody approved."""
    return tuple(task.acting_for for task in tasks if is_approved(task) and task.acting_for)


def settle(recorder: EventRecorder) -> None:
    """Close the stage under way by its verdict; without one, only its parts that have theirs."""
    stage = recorder.state.stage
    if stage is None:
        return
    match verdict(stage.plan, stage.tasks):
        case Verdict.PASSED:
            _pass(recorder, stage)
        case Verdict.FAILED:
            _fail(recorder, stage)
        case Verdict.RETURNED:
            _return(recorder, stage)
        case Verdict.PENDING:
            settle_parts(recorder)


def settle_parts(recorder: EventRecorder) -> None:
    """Take back the open tasks of each part that has its votes for good. Nothing happens while the
    whole stage settles."""
    stage = recorder.state.stage
    if stage is None or stage.settles_at is not None:
        return
    for at, task in settled_tasks(stage):
        if at <= recorder.now:
            withdraw_settled(recorder, task)


def withdraw_settled(recorder: EventRecorder, task: Task) -> None:
    """Take back a task that is not needed, since its part has its votes."""
    why = reason(Code.ENOUGH_OTHERS)
    if task.group is not None and not task.added:
        why = reason(Code.GROUP_SETTLED, group=task.group)
    recorder.by_system(events.TaskWithdrawn, task_id=task.id, reason=why)


def withdraw_open_tasks(
    recorder: EventRecorder, why: Reason, stage: OpenStage | None = None
) -> None:
    """Take every open task (of one stage) out of the inboxes, in the name of the command."""
    for task in recorder.state.open_tasks:
        if stage is None or task in stage.tasks:
            recorder.by_actor(events.TaskWithdrawn, task_id=task.id, reason=why)


def conclude(recorder: EventRecorder, passed: StagePlan) -> None:
    """Approve at the end of the policy: what routing would find, without asking it."""
    if passed.is_last and recorder.state.has_approval:
        recorder.by_system(events.RequestApproved)


def _pass(recorder: EventRecorder, stage: OpenStage) -> None:
    plan = stage.plan
    recorder.by_system(
        events.StagePassed,
        index=plan.index,
        key=plan.key,
        deciders=approvers(stage.tasks),
        acted_for=represented(stage.tasks),
    )
    _no_longer_needed(recorder, stage, reason(Code.ENOUGH_APPROVALS))
    conclude(recorder, plan)


def _fail(recorder: EventRecorder, stage: OpenStage) -> None:
    plan, why = stage.plan, _why_failed(stage)
    recorder.by_system(events.StageFailed, index=plan.index, key=plan.key, reason=why)
    _no_longer_needed(recorder, stage, reason(Code.STAGE_REJECTED))
    recorder.by_system(events.RequestRejected, stage_key=plan.key, reason=why)


def _return(recorder: EventRecorder, stage: OpenStage) -> None:
    by = next(task.decided_by or "" for task in stage.tasks if task.decision is Decision.SEND_BACK)
    _no_longer_needed(recorder, stage, reason(Code.RETURNED))
    recorder.by_system(events.RequestReturned, by=by, round=recorder.state.round)


def _no_longer_needed(recorder: EventRecorder, stage: OpenStage, why: Reason) -> None:
    for task in stage.tasks:
        if task.status is TaskStatus.OPEN:
            recorder.by_system(events.TaskWithdrawn, task_id=task.id, reason=why)


def _why_failed(stage: OpenStage) -> Reason:
    plan = stage.plan
    if plan.rejection is Rejection.ENDS:
        return reason(Code.ONE_REJECTION_ENDS, stage=plan.name)
    if plan.mode is Mode.PER_GROUP:
        return reason(Code.GROUP_CANNOT_APPROVE, stage=plan.name)
    needed = votes_needed(plan, stage.tasks)
    return reason(Code.TOO_FEW_APPROVALS_LEFT, stage=plan.name, needed=needed)


DECISIONS: dict[type[commands.TaskCommand], Decision] = {
    commands.Approve: Decision.APPROVE,
    commands.Reject: Decision.REJECT,
    commands.SendBack: Decision.SEND_BACK,
}


def decide(recorder: EventRecorder, command: commands.TaskCommand) -> Refusal | None:
    """Approve, reject or send back. The first valid decision on a task wins."""
    state, decision = recorder.state, DECISIONS[type(command)]
    refusal = _not_now(state, command)
    if refusal is not None:
        return refusal
    found = find_task(state, command.task_id)
    if found is None:
        return moved_on(state)
    stage, task = found
    refusal = _not_this_person(state, stage, task, command)
    if refusal is not None:
        return refusal
    if not can_change(stage, task):
        return Refusal.LATE
    if decision in stage.plan.comment_required and not command.comment.strip():
        return Refusal.COMMENT_REQUIRED
    given = given_by(command, decision, state)
    if not is_proven(stage.plan.step_up, proof_of(command), given):
        return Refusal.NOT_SIGNED
    # Both names stand with the decision, whatever the form said.
    recorder.command = replace(command, on_behalf_of=task.acting_for)
    _record(recorder, command, decision, stage)
    return None


def retract(recorder: EventRecorder, command: commands.Retract) -> Refusal | None:
    """Undo one's own decision before its undo window ends; every other task stays as it is."""
    state = recorder.state
    if state.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    found = find_task(state, command.task_id)
    if found is None:
        return Refusal.UNDO_OVER if moved_on(state) is Refusal.LATE else Refusal.UNKNOWN_TASK
    stage, task = found
    if task.status is not TaskStatus.DECIDED:
        return Refusal.NOT_ALLOWED
    if task.decided_by != command.actor_id:
        return Refusal.NOT_YOURS
    if task.undo_until is None or recorder.now >= task.undo_until:
        return Refusal.UNDO_OVER
    left = tuple(_reopened(each) if each.id == task.id else each for each in stage.tasks)
    settles_at = None if verdict(stage.plan, left) is Verdict.PENDING else stage.settles_at
    recorder.by_actor(events.DecisionRetracted, task_id=task.id, settles_at=settles_at)
    _reopen(recorder, command)
    return None


def _reopen(recorder: EventRecorder, command: commands.Retract) -> None:
    """A task that is open again goes on with whoever may decide it now, if anybody is needed."""
    settle_parts(recorder)
    found = find_task(recorder.state, command.task_id)
    if command.entitled is not False or found is None or not can_change(*found):
        return
    recorder.by_system(events.RouteQuestioned, cause=reason(Code.UNDONE_WITHOUT_RIGHT))


def can_change(stage: OpenStage, task: Task) -> bool:
    """Whether a vote on the task can still change the outcome of the stage."""
    return stage.settles_at is None and is_asked(stage, task)


def find_task(state: Approval, task_id: str) -> tuple[OpenStage, Task] | None:
    """The task and its stage, if it belongs to the stage under way."""
    if state.stage is None:
        return None
    for task in state.stage.tasks:
        if task.id == task_id:
            return state.stage, task
    return None


def _not_now(state: Approval, command: commands.TaskCommand) -> Refusal | None:
    if not state.is_open:
        return Refusal.LATE
    if state.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    if command.round != state.round or command.content_version != state.content_version:
        return Refusal.STALE
    return None


def moved_on(state: Approval) -> Refusal:
    """A task that is not here belonged to an earlier stage, if there was one."""
    earlier = state.opening - (0 if state.stage is None else 1)
    return Refusal.LATE if earlier or not state.is_open else Refusal.UNKNOWN_TASK


def _not_this_person(
    state: Approval, stage: OpenStage, task: Task, command: commands.TaskCommand
) -> Refusal | None:
    if is_excluded(state, stage, command.actor_id, task.acting_for):
        return Refusal.EXCLUDED
    if command.actor_id != task.assignee_id:
        return Refusal.NOT_YOURS
    return Refusal.NO_LONGER_YOURS if command.entitled is False else None


def is_excluded(state: Approval, stage: OpenStage, *people: str | None) -> bool:
    """True if one of these may never decide in this stage: who acts, and for whom."""
    barred = {state.requester_id, state.on_behalf_of, *stage.plan.excluded} - {None}
    return not barred.isdisjoint(people)


def _record(
    recorder: EventRecorder, command: commands.TaskCommand, decision: Decision, stage: OpenStage
) -> None:
    state, undo = recorder.state, stage.plan.undo_seconds
    voted = tuple(
        _voted(each, decision) if each.id == command.task_id else each for each in stage.tasks
    )
    reached = verdict(stage.plan, voted) is not Verdict.PENDING
    recorder.by_actor(
        events.TaskDecided,
        task_id=command.task_id,
        decision=decision,
        content_version=state.content_version,
        content_hash=state.content_hash,
        comment=command.comment,
        settles_at=recorder.now + timedelta(seconds=undo) if reached else None,
        via=command.via,
        files=command.files,
        proof=_kept_proof(command, stage),
    )
    if undo <= 0:
        settle(recorder)


def _kept_proof(command: commands.TaskCommand, stage: OpenStage) -> DecisionProof | None:
    """A proof stands in the record only where one was asked for."""
    return None if stage.plan.step_up is StepUp.NONE else proof_of(command)


def proof_of(command: commands.TaskCommand) -> DecisionProof | None:
    """What came with the command to show who gives it."""
    return command.proof if isinstance(command, commands.DecisionCommand) else None


def given_by(command: commands.TaskCommand, decision: Decision, state: Approval) -> SignedDecision:
    """The decision that the command is, as it has to be signed."""
    return SignedDecision(
        command_id=command.command_id,
        person_id=command.actor_id,
        task_id=command.task_id,
        decision=decision,
        content_version=state.content_version,
        content_hash=state.content_hash,
    )


def _voted(task: Task, decision: Decision) -> Task:
    return replace(task, status=TaskStatus.DECIDED, decision=decision)


def _reopened(task: Task) -> Task:
    return replace(task, status=TaskStatus.OPEN, decision=None)
