"""The end of a stage: what its verdict brings about."""

from portal.domain.deciding.verdict import Verdict, approvers, represented, verdict, votes_needed
from portal.domain.policy.policy import Decision, Mode, Rejection
from portal.domain.request import events
from portal.domain.request.reasons import Code, Reason, reason
from portal.domain.request.recorder import EventRecorder
from portal.domain.request.state import OpenStage
from portal.domain.request.values import TaskStatus
from portal.domain.routing.plan import StagePlan


def settle(recorder: EventRecorder) -> None:
    """Close the stage under way by its verdict; a stage without one stays as it is."""
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
            pass


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
