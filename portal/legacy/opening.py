"""Opening a request where the old one stood: what is over, what is open, and whether it rests."""

from dataclasses import replace

from portal.domain.deciding.verdict import Verdict, verdict
from portal.domain.policy.policy import Decision
from portal.domain.request.apply import task_id
from portal.domain.request.events import (
    RequestApproved,
    RequestHeld,
    StageOpened,
    StagePassed,
    StageSkipped,
    TaskAssigned,
    TaskDecided,
)
from portal.domain.request.values import TaskStatus, Via
from portal.domain.routing.plan import Candidate, StagePlan
from portal.domain.routing.stage_plan import reason_against
from portal.legacy.clocks import clock_of
from portal.legacy.outcome import Story
from portal.legacy.setting import SYSTEM
from portal.legacy.shaping import Behind, Shaper
from portal.legacy.stages import Shape, notify_plan, open_plan, policy_stage
from portal.legacy.units import Part
from portal.legacy.votes import Vote, deciders

JUMPED = "The old engine did not ask here."
RAN_ON = "Rejected in the old engine, which went on all the same."
REJECTED = "Rejected in the old system."


def open_route(story: Story, shaper: Shaper, behind: list[Behind], ahead: list[Shape]) -> None:
    """Add the events from the first stage to the open one.

    With nothing to wait for the workflow closes the request as it arrives. A route on which nobody
    was ever asked is closed here, since the workflow would call for an administrator.
    """
    held = bool(shaper.finding.hold)
    for index, each in enumerate(behind):
        _tell_past(story, each, index, shaper)
    first = next((n for n, s in enumerate(ahead) if s.unit.part is Part.APPROVAL), None)
    closes_here = first is None and not story.state.has_approval and not held
    if first is not None or closes_here:
        for number, shape in enumerate(ahead[:first]):
            _pass_by(story, shape, len(behind) + number, shaper)
    if first is not None:
        _open(story, ahead[first], len(behind) + first, shaper, held=held)
    elif closes_here:
        story.add(RequestApproved, shaper.setting.now)
    if held:
        story.add(RequestHeld, shaper.setting.now, reason=" ".join(shaper.finding.hold))


def _tell_past(story: Story, behind: Behind, index: int, shaper: Shaper) -> None:
    step, setting = behind.step, shaper.setting
    at = step.completed_at or step.started_at or setting.now
    if behind.approved is not True:
        reason = RAN_ON if behind.approved is False else JUMPED
        key = behind.shape.key
        story.add(StageSkipped, at, index=index, key=key, name=step.name, reason=reason)
        return
    people: tuple[str, ...] = ()
    if step.type == "APPROVAL":
        found = deciders(step, shaper.instance.initiator, approved=True)
        people = tuple(setting.user(person) for person in found) or (SYSTEM,)
    story.add(StagePassed, at, index=index, key=behind.shape.key, deciders=people)


def _pass_by(story: Story, shape: Shape, index: int, shaper: Shaper) -> None:
    """A notice is given; a part that a condition leaves out is skipped."""
    now, setting = shaper.setting.now, shaper.setting
    if shape.unit.part is Part.LEFT_OUT:
        reason = reason_against(policy_stage(shape, shaper.anybody, setting))
        story.add(StageSkipped, now, index=index, key=shape.key, name=shape.name, reason=reason)
        return
    plan = notify_plan(shape, index, setting)
    _announce(story, plan, shaper)
    story.add(StagePassed, now, index=index, key=shape.key)


def _open(story: Story, shape: Shape, index: int, shaper: Shaper, *, held: bool) -> None:
    """Open the stage with its tasks, and the votes that are in."""
    setting, instance = shaper.setting, shaper.instance
    request = instance.request_id or instance.id
    clock = clock_of(shape.unit, shaper.definition, request, setting, held=held)
    plan = open_plan(shape, index, clock, shaper.people, setting)
    _announce(story, plan, shaper)
    for person in plan.people:
        _assign(story, plan, person, shaper)
    _vote(story, shape, plan, shaper)


def _announce(story: Story, plan: StagePlan, shaper: Shaper) -> None:
    opening = story.state.opening + 1
    story.add(StageOpened, shaper.setting.now, round=story.state.round, opening=opening, plan=plan)


def _assign(story: Story, plan: StagePlan, person: Candidate, shaper: Shaper) -> None:
    state = story.state
    story.add(
        TaskAssigned,
        shaper.setting.now,
        task_id=task_id(state.request_id, state.opening, person.person_id),
        round=state.round,
        index=plan.index,
        stage_key=plan.key,
        person_id=person.person_id,
        group=person.group,
        due_at=plan.due_at,
        why=person.why,
    )


def _vote(story: Story, shape: Shape, plan: StagePlan, shaper: Shaper) -> None:
    """The votes at the times they were given; the stage settles as it arrives if they decide it."""
    now = shaper.setting.now
    votes = {shaper.setting.user(vote.person): vote for _, vote in shape.votes}
    for seat in shape.seats:
        if seat.rejected_by is not None:
            at = seat.step.completed_at
            rejection = Vote(seat.rejected_by, approves=False, at=at, comment=REJECTED)
            votes[shaper.setting.user(seat.rejected_by)] = rejection
    for number, (person, vote) in enumerate(votes.items(), start=1):
        state = story.state
        story.add(
            TaskDecided,
            vote.at or now,
            person,
            task_id=task_id(state.request_id, state.opening, person),
            decision=Decision.APPROVE if vote.approves else Decision.REJECT,
            content_version=state.content_version,
            content_hash=state.content_hash,
            comment=vote.comment,
            settles_at=now
            if number == len(votes) and _decides(story, plan, person, vote)
            else None,
            via=Via.SYSTEM,
        )


def _decides(story: Story, plan: StagePlan, person: str, vote: Vote) -> bool:
    """Whether the stage has its verdict with this last vote."""
    stage = story.state.stage
    assert stage is not None
    decision = Decision.APPROVE if vote.approves else Decision.REJECT
    tasks = [
        replace(task, status=TaskStatus.DECIDED, decision=decision)
        if task.assignee_id == person
        else task
        for task in stage.tasks
    ]
    return verdict(plan, tasks) is not Verdict.PENDING
