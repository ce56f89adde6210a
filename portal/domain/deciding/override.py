"""An administrator decides in place of those who are asked: never an ordinary approval."""

from portal.domain.deciding.decide import conclude, withdraw_open_tasks
from portal.domain.errors import Refusal
from portal.domain.policy.policy import Decision
from portal.domain.request import commands, events
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.proof import SignedDecision, is_proven, strongest
from portal.domain.request.reasons import Code, reason
from portal.domain.request.state import Approval, OpenStage, Status


def override(recorder: EventRecorder, command: commands.Override) -> Refusal | None:
    """Decide the request, or approve the stage under way, with a reason.

    That the actor is an admin is checked before; nobody decides their own request like this.
    """
    state = recorder.state
    refusal = _refusal(state, command)
    if refusal is not None:
        return refusal
    passed_over = {
        person
        for stage in state.under_way
        for task in stage.tasks
        for person in (task.assignee_id, task.owner_id)
    }
    recorder.by_actor(
        events.RequestOverridden,
        decision=command.decision,
        stage_key=command.stage_key,
        reason=command.reason,
        content_version=state.content_version,
        content_hash=state.content_hash,
        passed_over=tuple(sorted(passed_over - {command.actor_id})),
        proof=command.proof,
    )
    stage = state.stage if command.stage_key is not None else None
    withdraw_open_tasks(recorder, reason(Code.OVERRIDDEN), stage)
    _conclude(recorder, command, stage)
    return None


def _refusal(state: Approval, command: commands.Override) -> Refusal | None:
    if state.is_by(command.actor_id):
        return Refusal.EXCLUDED
    if command.decision is Decision.SEND_BACK:
        return Refusal.NOT_ALLOWED
    if not command.reason.strip():
        return Refusal.COMMENT_REQUIRED
    if command.content_version != state.content_version:
        return Refusal.STALE
    refusal = None if command.stage_key is None else _not_this_stage(state, command)
    if refusal is not None:
        return refusal
    # Who decides for others shows no less than they would have to.
    needed = strongest(stage.plan.step_up for stage in state.under_way)
    is_shown = is_proven(needed, command.proof, given_over(command, state))
    return None if is_shown else Refusal.NOT_SIGNED


def given_over(command: commands.Override, state: Approval) -> SignedDecision:
    """The decision that the command is, as it has to be signed."""
    return SignedDecision(
        command_id=command.command_id,
        person_id=command.actor_id,
        request_id=state.request_id,
        stage_key=command.stage_key,
        decision=command.decision,
        content_version=state.content_version,
        content_hash=state.content_hash,
    )


def _not_this_stage(state: Approval, command: commands.Override) -> Refusal | None:
    # A stage that is rejected ends the request: there is no smaller "no".
    if command.decision is not Decision.APPROVE:
        return Refusal.NOT_ALLOWED
    if state.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    stage = state.stage
    if stage is None or stage.plan.key != command.stage_key or stage.settles_at is not None:
        return Refusal.LATE
    return None


def _conclude(recorder: EventRecorder, command: commands.Override, stage: OpenStage | None) -> None:
    if stage is not None:
        plan, by = stage.plan, command.actor_id
        recorder.by_system(events.StagePassed, index=plan.index, key=plan.key, overridden_by=by)
        conclude(recorder, plan)
    elif command.decision is Decision.APPROVE:
        recorder.by_system(events.RequestApproved)
    else:
        under_way = recorder.state.stage
        key = "" if under_way is None else under_way.plan.key
        recorder.by_system(events.RequestRejected, stage_key=key, reason=reason(Code.OVERRIDDEN))
