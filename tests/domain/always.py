"""The rules that hold always, each as a check on a world, worked out apart from the product."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from portal.domain.codec import decode, encode
from portal.domain.policy.policy import Decision, Mode, Rejection
from portal.domain.request import apply as approval
from portal.domain.request import commands
from portal.domain.request.events import (
    EVENTS,
    ApproverAdded,
    CommandRefused,
    DecisionRetracted,
    Event,
    InformationAsked,
    InformationGiven,
    ReminderDue,
    RequestAmended,
    RequestReturned,
    TaskAssigned,
    TaskDecided,
    TaskEscalated,
    TaskExpired,
    TaskWithdrawn,
    kind_of,
)
from portal.domain.request.state import Approval, OpenStage, Status, Task, TaskStatus
from portal.domain.routing.plan import RoutePlan, StagePlan
from portal.domain.time.spent import life_of, working_minutes
from tests.domain.exactly import CONTENT_RULES
from tests.domain.moving import a_move_keeps_what_is_the_same
from tests.domain.overriding import an_override_is_no_approval
from tests.domain.places import rule_4_nobody_excluded
from tests.domain.worlds import Step, World


def again(step: Step) -> list[object]:
    """The same question once more."""
    if step.what is None:
        return [*approval.tick(step.before, step.now)]
    if isinstance(step.what, RoutePlan):
        return [*approval.route(step.before, step.what, step.now)]
    return [*approval.apply(step.before, step.what, step.now)]


def rule_1_pure_and_folded(world: World) -> None:
    """Same state, command and time, same events; folding the events gives the state."""
    log = world.log
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    assert approval.fold(world.state.request_id, log) == world.state
    if world.steps:
        assert again(world.steps[-1]) == list(world.steps[-1].events)


def all_time_is_spent_once(world: World) -> None:
    """The stretches of a life follow each other from the first event to the last, each decision
    that stands is there once, and nothing takes longer than it took by the wall clock."""
    if not world.state.round:
        return
    life = life_of(world.state.request_id, world.log)
    assert life.state == world.state
    ends = [world.state.submitted_at, *(each.end for each in life.spent)]
    assert [each.start for each in life.spent] == ends[:-1]
    if not world.state.is_open:
        assert ends[-1] == world.state.closed_at
    decided = {each.task_id for each in world.log if isinstance(each, TaskDecided)}
    assert {each.task_id for each in life.decisions} <= decided
    now = [task for stage in world.state.under_way for task in stage.tasks]
    assert {task.id for task in now if task.status is TaskStatus.DECIDED} == {
        each.task_id for each in life.decisions if each.task_id in {task.id for task in now}
    }
    working = working_minutes(life, lambda _person: None)
    assert working <= sum(each.minutes for each in life.spent)


def rule_2_a_next_thing(world: World) -> None:
    """Closed, no open task; open, a task, a timer, or somebody's turn. The log says the same."""
    state, open_ids = world.state, _open_by_the_log(world)
    assert open_ids == {task.id for task in state.open_tasks}
    if not state.is_open:
        assert not open_ids
        assert state.stage is None
        assert not state.wants_route
        assert approval.next_due(state) is None
    elif state.round and state.status is Status.PENDING:
        waiting = state.wants_route or (state.attention and state.attention_retry_at)
        settling = state.stage is not None and state.stage.settles_at is not None
        assert open_ids or settling or waiting


def _open_by_the_log(world: World) -> set[str]:
    open_ids: set[str] = set()
    for event in world.log:
        if isinstance(event, TaskAssigned | ApproverAdded | DecisionRetracted):
            assert event.task_id not in open_ids
            open_ids.add(event.task_id)
        elif isinstance(event, TaskDecided | TaskExpired | TaskWithdrawn):
            open_ids.remove(event.task_id)
        elif isinstance(event, RequestReturned):
            assert not open_ids
    return open_ids


def rule_3_decided_once(world: World) -> None:
    """No task has two standing decisions, and whoever comes second hears "late"."""
    standing: Counter[str] = Counter()
    for event in world.log:
        if isinstance(event, TaskDecided):
            standing[event.task_id] += 1
            assert standing[event.task_id] == 1
        elif isinstance(event, DecisionRetracted):
            standing[event.task_id] -= 1


def rule_5_twice_is_once(world: World) -> None:
    """A command that was dealt with has no second effect, and each has one outcome."""
    for command in world.given[-3:]:
        assert approval.apply(world.state, command, world.now) == []
    outcomes = [event.command_id for event in world.log if event.command_id]
    refused = {event.command_id for event in world.log if isinstance(event, CommandRefused)}
    assert all(outcomes.count(command_id) == 1 for command_id in refused)
    assert set(outcomes) == {command.command_id for command in world.given}


def rule_6_never_early(world: World) -> None:
    """The clock acts only when something was due, and then has nothing more to do until later."""
    for step in world.steps[-1:]:
        due = approval.next_due(step.before)
        if step.what is None and step.events:
            assert due is not None
            assert due <= step.now
        if step.what is None:
            following = approval.next_due(step.after)
            assert following is None or following > step.now
            assert step.events or due is None or due > step.now


def deadlines_stay(world: World) -> None:
    """Whoever has a task, its deadline stays; after a pause all of a stage are as much later."""
    for step in world.steps[-1:]:
        before, after = step.before.stage, step.after.stage
        if before is None or after is None or before.opening != after.opening:
            continue
        was = {task.id: task.due_at for task in before.tasks if task.due_at}
        now = {task.id: task.due_at for task in after.tasks if task.due_at}
        later = {now[id_] - at for id_, at in was.items()}
        assert len(later) <= 1
        assert all(by == timedelta() or (by > timedelta() and step.what) for by in later)


def rule_7_reachable(world: World) -> None:
    """A stage whose votes are in, or out of reach, is settling; no other is."""
    stage = world.state.stage
    if stage is None:
        return
    sent_back = any(task.decision is Decision.SEND_BACK for task in stage.tasks)
    over = sent_back or passes(stage, as_if=False) or not passes(stage, as_if=True)
    assert over == (stage.settles_at is not None)


def passes(stage: OpenStage, *, as_if: bool) -> bool:
    """Whether the approvals suffice: those given or, `as_if`, also those still possible."""
    plan: StagePlan = stage.plan
    if plan.rejection is Rejection.ENDS and _said(stage, Decision.REJECT):
        return False
    added = [task for task in stage.tasks if task.added and not task.dropped]
    if not all(_approves(task, as_if) for task in added):
        return False
    yes = [task for task in stage.tasks if _approves(task, as_if) and not task.added]
    if plan.mode is Mode.PER_GROUP:
        return set(plan.groups) <= {task.group for task in yes}
    asked = [task for task in stage.tasks if not task.dropped and not task.added]
    needed = {Mode.ANY: plan.needed, Mode.QUORUM: plan.needed, Mode.ALL: len(asked)}
    return len(yes) >= needed[plan.mode]


def _said(stage: OpenStage, decision: Decision) -> bool:
    return any(task.decision is decision for task in stage.tasks)


def _approves(task: Task, as_if: bool) -> bool:
    return task.decision is Decision.APPROVE or (as_if and task.status is TaskStatus.OPEN)


def rule_9_only_what_is_needed_is_asked(world: World) -> None:
    """The vote of every open task can still change the outcome, or could if a decision were undone
    that still can be; clocks act on no other task, and no other decision has an effect."""
    stage = world.state.stage
    if stage is not None and stage.plan.parts_settle and stage.settles_at is None:
        beside = [task for task in world.state.open_tasks if not _matters(stage, task)]
        assert all(_can_be_undone(world, stage, task) for task in beside)
    for step in world.steps[-1:]:
        before = step.before.stage
        if before is not None and before.plan.parts_settle and before.settles_at is None:
            useless = {task.id for task in before.tasks if not _matters(before, task)}
            for event in step.events:
                assert useless.isdisjoint(_acted_on(event))


def _acted_on(event: Event) -> tuple[str, ...]:
    if isinstance(event, ReminderDue):
        return event.task_ids
    acts = TaskDecided | TaskEscalated | TaskExpired
    return (event.task_id,) if isinstance(event, acts) else ()


def _matters(stage: OpenStage, task: Task) -> bool:
    """Whether an approval of the task brings the stage nearer to passing, whatever follows."""
    left = [each for each in stage.tasks if each.id != task.id]
    approved = replace(task, status=TaskStatus.DECIDED, decision=Decision.APPROVE)
    return _lacking(stage, [*left, approved]) < _lacking(stage, stage.tasks)


def _lacking(stage: OpenStage, tasks: Sequence[Task]) -> int:
    """How many approvals are missing: by group, or of all, and of those who were added."""
    plan, yes = stage.plan, [task for task in tasks if task.decision is Decision.APPROVE]
    added = sum(task.added and not task.dropped for task in tasks)
    missing = added - sum(task.added for task in yes)
    own = [task for task in yes if not task.added]
    if plan.mode is Mode.PER_GROUP:
        return missing + len(set(plan.groups) - {task.group for task in own})
    asked = sum(not (task.dropped or task.added) for task in tasks)
    needed = {Mode.ANY: plan.needed, Mode.QUORUM: plan.needed, Mode.ALL: asked}[plan.mode]
    return missing + max(0, needed - len(own))


def _can_be_undone(world: World, stage: OpenStage, task: Task) -> bool:
    """Whether an approval beside which the task is not needed could still be taken back when the
    clock looked last, or something last happened to the stage: a command that is refused is no look
    of the clock."""
    looks = (x for x in reversed(world.steps) if x.what is None or x.before.stage != x.after.stage)
    seen = next(looks).now
    per_group = stage.plan.mode is Mode.PER_GROUP
    beside = (
        each.undo_until
        for each in stage.tasks
        if each.decision is Decision.APPROVE and (not per_group or each.group == task.group)
    )
    due = approval.next_due(world.state)
    held = world.state.status is Status.ON_HOLD or world.state.wants_route
    return held or (due is not None and any(until and until >= seen for until in beside))


def stored_and_read_again(world: World) -> None:
    """State and events survive their JSON form: a workflow can start from a state."""
    assert decode(Approval, encode(world.state)) == world.state
    for event in world.steps[-1].events if world.steps else ():
        assert decode(EVENTS[kind_of(event)], encode(event)) == event


def undoing_touches_one_task(world: World) -> None:
    """A retraction changes its own task and nobody else's."""
    for step in world.steps[-1:]:
        if isinstance(step.what, commands.Retract) and step.before.stage and step.after.stage:
            was, now = step.before.stage.tasks, step.after.stage.tasks
            changed = [a.id for a, b in zip(was, now, strict=True) if a != b]
            assert set(changed) <= {step.what.task_id}


def the_clock_stands_while_information_is_wanted(world: World) -> None:
    """Where the policy says so, nothing but the undo window runs while a question is open."""
    for step in world.steps[-1:]:
        stage = step.before.stage
        if step.what is not None or stage is None or not stage.plan.asking_stops_clock:
            continue
        if _open_questions(world.log[: step.before.seq]) and stage.settles_at is None:
            moved = ReminderDue | TaskEscalated | TaskExpired
            assert not any(isinstance(event, moved) for event in step.events)


def _open_questions(log: list[Event]) -> set[str]:
    open_tasks: set[str] = set()
    for event in log:
        if isinstance(event, InformationAsked):
            assert event.task_id not in open_tasks
            open_tasks.add(event.task_id)
        elif isinstance(event, InformationGiven):
            open_tasks.remove(event.task_id)
        elif isinstance(event, TaskDecided | TaskExpired | TaskWithdrawn):
            open_tasks.discard(event.task_id)
        elif isinstance(event, RequestAmended):
            open_tasks.clear()
    return open_tasks


RULES = (
    *CONTENT_RULES,
    an_override_is_no_approval,
    a_move_keeps_what_is_the_same,
    rule_1_pure_and_folded,
    rule_2_a_next_thing,
    all_time_is_spent_once,
    rule_3_decided_once,
    rule_4_nobody_excluded,
    rule_5_twice_is_once,
    rule_6_never_early,
    deadlines_stay,
    rule_7_reachable,
    rule_9_only_what_is_needed_is_asked,
    stored_and_read_again,
    undoing_touches_one_task,
    the_clock_stands_while_information_is_wanted,
)
