"""Active instances: a running request that stands where the old one stood."""

import hashlib
import json
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from portal.domain import codec
from portal.domain.deciding.decide import Verdict, verdict
from portal.domain.policy.policy import ApproverRule, Decision, Policy, RuleKind
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
from portal.domain.request.state import Status, TaskStatus, Via
from portal.domain.routing.plan import Candidate, StagePlan
from portal.domain.routing.stage_plan import reason_against
from portal.legacy import past
from portal.legacy.choices import ReasonQuestion
from portal.legacy.clocks import clock_of
from portal.legacy.engine import Definition, EngineStep, Instance, MappingFinding, note_in
from portal.legacy.outcome import MOST_BYTES, InstanceResult, Mapped, Story, bytes_of
from portal.legacy.past import close_as_history
from portal.legacy.route import Route, RoutePart, Unit, route_of
from portal.legacy.setting import SYSTEM, RejectedRunning, Setting
from portal.legacy.stages import PastStage, Shape, Shaper, notify_plan, open_plan, policy_stage
from portal.legacy.values import text
from portal.legacy.votes import StepVote, deciders, decision

MOST_CONTENT = 400_000
BYTES_A_PERSON = 700
"""About what somebody who is asked adds to an open stage: as who may decide, and as a task."""


def map_active(instance: Instance, setting: Setting) -> Mapped:
    """An active instance as it will stand here, or why it cannot move by itself."""
    finding = MappingFinding()
    answer = setting.choices.get(instance.id)
    assert instance.definition is not None
    shaper = Shaper(instance, instance.definition, setting, finding, answer)
    if not instance.steps:
        finding.needs("It is active and has no steps.", ReasonQuestion.OUTCOME)
        return needs_person(instance, finding)
    laid = lay_out(shaper)
    # Who resumed it here knew of the rejection.
    knowing = note_in(instance.row).get("resumed") is True
    rejected = [each.step for each in laid.behind if each.approved is False and not knowing]
    # What a condition leaves out is not ahead.
    coming = [unit for unit in laid.route.ahead if unit.part is not RoutePart.LEFT_OUT]
    all_done = not coming and not finding.reasons
    if rejected and (all_done or setting.rejected_running is RejectedRunning.CLOSE):
        words = f"The step “{rejected[0].name}” was rejected in the old system."
        return closed(
            instance, (Status.REJECTED, words), MappingFinding(remarks=finding.remarks), setting
        )
    for step in rejected:
        finding.hold.append(
            f"The step “{step.name}” was rejected, and the old engine let the request run on."
        )
    finding.hold += _paused(instance)
    if _is_large(instance):
        reason = f"What was asked for is longer than {MOST_CONTENT:,} characters."
        finding.needs(reason, ReasonQuestion.OUTCOME)
    ahead = laid.ahead()
    if finding.reasons:
        return needs_person(instance, finding)
    return _moved(shaper, laid.behind, ahead)


@dataclass(frozen=True)
class Layout:
    """An active instance's steps as stages: those that are over, and the route ahead."""

    shaper: Shaper
    route: Route
    behind: list[PastStage]

    def ahead(self) -> list[Shape]:
        """The stages ahead, with their people. To be asked once: every stage has its own key."""
        shapes = [self.shaper.ahead(unit) for unit in self.route.ahead]
        return [self.shaper.unique(shape) for shape in shapes if shape is not None]


def lay_out(shaper: Shaper) -> Layout:
    """Where an instance stands; what cannot be moved goes to the shaper's finding."""
    choice = None if shaper.answer is None else shaper.answer.choice
    route = route_of(shaper.instance, shaper.finding, choice)
    return Layout(shaper, route, _behind(route, shaper, shaper.finding))


def closed(
    instance: Instance, outcome: tuple[Status, str], finding: MappingFinding, setting: Setting
) -> Mapped:
    """An instance as history, with this outcome."""
    assert instance.definition is not None
    story = past.story_of(instance, setting)
    policy, new_id = general_policy(instance.definition, setting)
    close_as_history(story, instance, outcome, new_id, finding, setting)
    return Mapped(
        instance.id,
        InstanceResult.HISTORY,
        remarks=finding.remarks,
        events=story.events,
        state=story.state,
        policy=policy,
    )


def general_policy(definition: Definition, setting: Setting) -> tuple[Policy, str]:
    """The route of a definition as such, and its id: what a request that is over is shown with."""
    known = setting.policies.get(definition.id)
    if known is None:
        steps = tuple(
            EngineStep("", place, str(row.get("type")), "PENDING", {}, row)
            for place, row in enumerate(definition.steps)
        )
        whole = Instance("", {}, definition, steps)
        shaper = Shaper(whole, definition, setting, MappingFinding())
        policy = _policy(general_shapes(shaper, steps), shaper)
        known = (policy, policy_id(setting.type_of(definition).id, policy))
        setting.policies[definition.id] = known
    return known


def general_shapes(shaper: Shaper, steps: tuple[EngineStep, ...]) -> list[Shape]:
    """The stages of a definition's route: its approvals and notices, in order."""
    return [_general(shaper, step) for step in steps if _is_stage(step)]


def policy_id(type_id: str, policy: Policy) -> str:
    """The id of the policy version: the same for the same route of the same type."""
    return str(uuid5(UUID(type_id), digest(policy)))


def digest(policy: Policy) -> str:
    """SHA-256 of the policy's JSON."""
    plain = json.dumps(codec.encode(policy), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def _moved(shaper: Shaper, behind: list[PastStage], ahead: list[Shape]) -> Mapped:
    instance, setting, finding = shaper.instance, shaper.setting, shaper.finding
    assert instance.definition is not None
    # What is open has its people in its plan; the policy keeps whom the definition asks.
    first = next((s for s in ahead if s.unit.part is RoutePart.APPROVAL), None)
    later = [
        replace(shaper.general(shape.unit), key=shape.key) if shape is first else shape
        for shape in ahead
    ]
    policy = _policy([*(each.shape for each in behind), *later], shaper)
    new_id = policy_id(setting.type_of(instance.definition).id, policy)
    story = past.story_of(instance, setting)
    past.begin(story, instance, setting)
    past.retell(story, instance, setting)
    past.arrive(story, instance, new_id, finding, setting)
    open_route(story, shaper, behind, ahead)
    size = bytes_of(story.state) + BYTES_A_PERSON * max(
        (len(shape.people) for shape in ahead if shape is not first), default=0
    )
    if size > MOST_BYTES:
        reason = f"With everybody who is asked it is {size:,} bytes, of {MOST_BYTES:,} at most."
        finding.needs(reason, ReasonQuestion.OUTCOME)
        return needs_person(instance, finding)
    result = (
        InstanceResult.ON_HOLD if story.state.status is Status.ON_HOLD else InstanceResult.MOVED
    )
    return Mapped(
        instance.id,
        result,
        reasons=finding.hold,
        remarks=finding.remarks,
        events=story.events,
        state=story.state,
        policy=policy,
    )


def _policy(shapes: list[Shape], shaper: Shaper) -> Policy:
    maker = shaper.definition.created_by
    known = maker is not None and shaper.setting.directory.is_active(maker)
    fallback = (
        (ApproverRule(kind=RuleKind.PEOPLE, people=(shaper.setting.user(maker),)),)
        if maker is not None and known
        else ()
    )
    stages = tuple(policy_stage(shape, shaper.anybody, shaper.setting) for shape in shapes)
    return Policy(stages=stages, fallback=fallback)


def _behind(route: Route, shaper: Shaper, finding: MappingFinding) -> list[PastStage]:
    """The past steps that are stages, in order; rejected parts of the open stage belong to it."""
    open_parts = {step.id for unit in route.ahead[:1] for step in unit.finished}
    behind = []
    for step in route.past:
        if not _is_stage(step):
            continue
        approved = None
        if step.type == "APPROVAL" and step.is_finished:
            approved = decision(step, shaper.instance.initiator, finding)
        elif step.status == "COMPLETED":
            approved = True
        if not step.is_finished:
            finding.remark(f"The old route jumped over the step “{step.name}”.")
        if approved is False and step.id in open_parts:
            continue
        behind.append(PastStage(step, _general(shaper, step), approved))
    return behind


def _general(shaper: Shaper, step: EngineStep) -> Shape:
    part = RoutePart.NOTIFY if step.type == "NOTIFICATION" else RoutePart.APPROVAL
    return shaper.unique(shaper.general(Unit(part, (step,))))


def _is_stage(step: EngineStep) -> bool:
    return step.type in ("APPROVAL", "NOTIFICATION")


def _is_large(instance: Instance) -> bool:
    """Whether it would not fit into what a workflow is started with."""
    return len(json.dumps(instance.context, ensure_ascii=False)) > MOST_CONTENT


def _paused(instance: Instance) -> list[str]:
    error = text(instance.row.get("error"))
    if instance.state == "WAITING":
        return [f"It was paused by hand in the old system{f': {error}' if error else ''}."]
    if instance.state == "SUSPENDED":
        return [f"It was suspended in the old system: {error or 'no reason was given'}."]
    return []


def needs_person(instance: Instance, finding: MappingFinding) -> Mapped:
    """Nothing becomes of it before a person has answered."""
    for words in instance.dropped_times():
        finding.remark(words)
    return Mapped(
        instance.id,
        InstanceResult.NEEDS_PERSON,
        reasons=[*finding.reasons, *finding.hold],
        remarks=finding.remarks,
        questions=finding.questions,
    )


JUMPED = "The old engine did not ask here."
RAN_ON = "Rejected in the old engine, which went on all the same."
REJECTED_THERE = "Rejected in the old system."


def open_route(story: Story, shaper: Shaper, behind: list[PastStage], ahead: list[Shape]) -> None:
    """Add the events from the first stage to the open one.

    With nothing to wait for the workflow closes the request as it arrives. A route on which nobody
    was ever asked is closed here, since the workflow would call for an administrator.
    """
    held = bool(shaper.finding.hold)
    for index, each in enumerate(behind):
        _tell_past(story, each, index, shaper)
    first = next((n for n, s in enumerate(ahead) if s.unit.part is RoutePart.APPROVAL), None)
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


def _tell_past(story: Story, behind: PastStage, index: int, shaper: Shaper) -> None:
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
    if shape.unit.part is RoutePart.LEFT_OUT:
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
            rejection = StepVote(seat.rejected_by, approves=False, at=at, comment=REJECTED_THERE)
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


def _decides(story: Story, plan: StagePlan, person: str, vote: StepVote) -> bool:
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
