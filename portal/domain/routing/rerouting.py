"""Routing an open stage anew: somebody who is asked may no longer decide."""

from portal.domain.deciding.decide import Verdict, can_change, is_excluded, settle, verdict
from portal.domain.errors import Refusal
from portal.domain.people.delegation import busy
from portal.domain.policy.policy import Mode
from portal.domain.request import commands, events
from portal.domain.request.evolve import EventRecorder
from portal.domain.request.reasons import Code, Kept, Reason, reason, together
from portal.domain.request.state import OpenStage, Status, Task
from portal.domain.routing.eligibility import call_for_attention
from portal.domain.routing.plan import Candidate, RoutePlan, RouteReview


def question_route(recorder: EventRecorder, command: commands.ReviewPeople) -> Refusal | None:
    """Have it looked at again who is asked, or who could be. The portal itself, or an admin."""
    state = recorder.state
    if state.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    if state.status is not Status.PENDING:
        return Refusal.NOT_ALLOWED
    if state.stage is not None and state.stage.settles_at is not None:
        return Refusal.LATE
    recorder.by_actor(events.RouteQuestioned, cause=command.cause)
    return None


def follow_review(recorder: EventRecorder, plan: RoutePlan) -> None:
    """Replace whoever may no longer decide, where their vote is needed; those given so far stay."""
    stage, review = recorder.state.stage, plan.review
    if stage is None or review is None:
        if plan.attention is not None:
            call_for_attention(recorder, plan.attention)
        else:
            recorder.by_system(events.RouteReviewed)
        return
    problems = [
        problem
        for task in recorder.state.open_tasks
        if (problem := _look_at(recorder, task, review))
    ]
    if problems:
        call_for_attention(recorder, together(problems))
        return
    recorder.by_system(events.RouteReviewed, parts_settle=review.parts_settle)
    settle(recorder)


def _look_at(recorder: EventRecorder, task: Task, review: RouteReview) -> Kept:
    """See to one task; returns why nobody can have it, or nothing."""
    reasons = {
        each.person_id: reason(Code.MAY_NOT_DECIDE, name=each.name, why=each.reason)
        for each in review.unfit
    }
    if task.owner_id in reasons:
        return _replace(recorder, task, reasons[task.owner_id], review)
    if task.acting_for is not None and task.assignee_id in reasons:
        recorder.by_system(
            events.TaskGivenBack,
            task_id=task.id,
            from_id=task.assignee_id,
            to_id=task.acting_for,
            reason=reasons[task.assignee_id],
        )
    return ""


def _replace(recorder: EventRecorder, task: Task, why: Reason, review: RouteReview) -> Kept:
    stage = recorder.state.stage
    if stage is None:
        return ""
    needed, new = _is_needed(stage, task, review), None
    if can_change(stage, task):
        new = _somebody(recorder, task, review.people, stage.plan.mode is Mode.PER_GROUP)
    if new is None and needed:
        new = _somebody(recorder, task, review.fallback, by_group=False)
    if new is not None:
        _give(recorder, task, new, why)
    elif needed:
        return reason(Code.NOBODY_ELSE, because=why, stage=stage.plan.name)
    else:
        recorder.by_system(
            events.TaskWithdrawn,
            task_id=task.id,
            reason=reason(Code.OTHERS_ARE_ENOUGH, because=why),
            dropped=True,
        )
    return ""


def _is_needed(stage: OpenStage, task: Task, review: RouteReview) -> bool:
    """Whether the stage cannot do without this task.

    Where all must approve, whoever leaves a group can be done without while others of it remain;
    the only one whom a rule named cannot.
    """
    left = [each for each in stage.tasks if each.id != task.id]
    if verdict(stage.plan, left) is Verdict.FAILED:
        return True
    if stage.plan.mode is not Mode.ALL:
        return False
    asked = (each for each in stage.plan.people if each.person_id == task.owner_id)
    source = next((each.source for each in asked), None)
    return source is None or source not in {each.source for each in review.people}


def _somebody(
    recorder: EventRecorder, task: Task, people: tuple[Candidate, ...], by_group: bool
) -> Candidate | None:
    state, stage = recorder.state, recorder.state.stage
    if stage is None:
        return None
    asked = busy(stage)
    for each in people:
        fits = not by_group or each.group == task.group
        if fits and each.person_id not in asked and not is_excluded(state, stage, each.person_id):
            return each
    return None


def _give(recorder: EventRecorder, task: Task, new: Candidate, why: Reason) -> None:
    recorder.by_system(
        events.TaskReassigned,
        task_id=task.id,
        from_id=task.assignee_id,
        to_id=new.person_id,
        reason=why,
        why=new.why,
    )
    stand_in(recorder, task.id, new)


def stand_in(recorder: EventRecorder, task_id: str, person: Candidate) -> None:
    """Give a task that was just assigned on to who acts for its owner, where they may."""
    state, stage, other = recorder.state, recorder.state.stage, person.stand_in
    if stage is None or other is None:
        return
    if other.person_id in busy(stage) or is_excluded(state, stage, other.person_id):
        return
    recorder.by_system(
        events.TaskDelegated,
        task_id=task_id,
        from_id=person.person_id,
        to_id=other.person_id,
        why=other.why,
        delegation_id=other.delegation_id,
        until=other.until,
    )
