"""Changing a request that waits for decisions: a new version of its content."""

from portal.domain.deciding.carried_votes import carried_stages, touches
from portal.domain.deciding.decide import Verdict, verdict, withdraw_open_tasks
from portal.domain.errors import Refusal
from portal.domain.request import commands, events
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.reasons import Code, reason
from portal.domain.request.state import Approval, Status

_NOT_NOW: dict[Status, Refusal] = {
    Status.ON_HOLD: Refusal.ON_HOLD,
    Status.RETURNED: Refusal.RETURNED,
}


def amend(recorder: EventRecorder, command: commands.Amend) -> Refusal | None:
    """Change what is asked for, by its owner, and ask again whatever depends on the change.

    Routing then goes along the whole route once more: it may need other stages now.
    """
    state = recorder.state
    changed = command.content.changed_from(state.content)
    refusal = _refusal(state, command) or (None if changed else Refusal.UNCHANGED)
    if refusal is not None:
        return refusal
    carried = carried_stages(state, command.content)
    again = [each.key for each in state.passed if each.key not in carried]
    for stage in state.under_way:
        if touches(changed, stage.plan.reads):
            again.append(stage.plan.key)
            withdraw_open_tasks(recorder, reason(Code.CHANGED), stage)
    recorder.by_actor(
        events.RequestAmended,
        content_version=state.content_version + 1,
        content=command.content,
        content_hash=command.content.fingerprint(),
        changed=changed,
        carried=carried,
        asked_again=tuple(again),
        comment=command.comment,
    )
    return None


def _refusal(state: Approval, command: commands.Amend) -> Refusal | None:
    if not state.is_by(command.actor_id):
        return Refusal.NOT_ALLOWED
    refusal = not_now(state.status)
    if refusal is not None:
        return refusal
    if command.content_version != state.content_version:
        return Refusal.STALE
    return Refusal.LATE if is_lost(state) else None


def not_now(status: Status) -> Refusal | None:
    """Why a request of that status cannot be changed."""
    return _NOT_NOW.get(status) if status.is_open else Refusal.CLOSED


def is_lost(state: Approval) -> bool:
    """True once the stage under way is rejected or sent back, though this can still be undone.

    A change must not wipe out such a decision.
    """
    stage = state.stage
    if stage is None or stage.settles_at is None:
        return False
    return verdict(stage.plan, stage.tasks) is not Verdict.PASSED
