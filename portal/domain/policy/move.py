"""Moving an open request to a newer version of its policy."""

from portal.domain.deciding.decide import withdraw_open_tasks
from portal.domain.errors import Refusal
from portal.domain.request import commands, events
from portal.domain.request.amend import is_lost
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.reasons import Code, reason
from portal.domain.request.state import Approval


def move(recorder: EventRecorder, command: commands.MoveToPolicy) -> Refusal | None:
    """Go on by another version; decisions of stages that are the same in both stay.

    That the actor is an admin, and the version newer and published, is checked before.
    """
    refusal = _refusal(recorder.state, command)
    if refusal is not None:
        return refusal
    state, same = recorder.state, set(command.same) & set(command.stages)
    again = [each.key for each in state.passed if each.key not in same]
    for stage in state.under_way:
        if stage.plan.key not in same:
            again.append(stage.plan.key)
            withdraw_open_tasks(recorder, reason(Code.POLICY_MOVED), stage)
    recorder.by_actor(
        events.RequestMovedToPolicy,
        policy_version_id=command.policy_version_id,
        from_version_id=state.policy_version_id,
        version=command.version,
        stages=command.stages,
        carried=tuple(each.key for each in state.passed if each.key in same),
        asked_again=tuple(again),
        reason=command.reason,
    )
    return None


def _refusal(state: Approval, command: commands.MoveToPolicy) -> Refusal | None:
    if state.is_by(command.actor_id):
        return Refusal.OWN_REQUEST
    if not command.reason.strip():
        return Refusal.COMMENT_REQUIRED
    if not command.stages or command.policy_version_id == command.from_version_id:
        return Refusal.NOT_ALLOWED
    if state.policy_version_id != command.from_version_id:
        return Refusal.STALE
    return Refusal.LATE if is_lost(state) else None
