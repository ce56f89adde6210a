"""Where a request's time went: its life in stretches, each decision and how long it took. Pure.

Read off the states between the events, not off the events themselves: a new verb changes nothing
here as long as it says whose turn it is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from portal.domain.policy.policy import Decision
from portal.domain.request.apply import evolve
from portal.domain.request.events import Event, TaskDecided, TaskEscalated
from portal.domain.request.state import Approval, OpenStage, Status, Task, TaskStatus, Via
from portal.domain.time.working_time import Calendar, business_minutes_between

CalendarOf = Callable[[str | None], Calendar | None]


class Use(StrEnum):
    """What a stretch was spent on. REVIEW: somebody was asked to decide. NOBODY: no approver could
    be found. QUESTION: the stage's times stood still for the requester's answer. RETURNED and HELD:
    until it was sent again, or resumed. SETTLING: decided, and the decision could be undone."""

    REVIEW = "review"
    NOBODY = "nobody"
    QUESTION = "question"
    RETURNED = "returned"
    HELD = "held"
    SETTLING = "settling"


# The organisation's own time. The rest is the requester's, or nobody's by an administrator's word.
COUNTED = frozenset({Use.REVIEW, Use.NOBODY, Use.SETTLING})


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpent:
    """A stretch from `start` to `end`; `stage` is the name and `key` the key of the open one."""

    use: Use
    start: datetime
    end: datetime
    round: int
    key: str = ""
    stage: str = ""

    @property
    def minutes(self) -> int:
        """Whole minutes by the wall clock."""
        return elapsed_minutes(self.start, self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTaken:
    """A task that was decided. `asked_at`: when its person came to have it. `by_link`: on the page
    of a link, which shows what is asked."""

    task_id: str
    round: int
    key: str
    stage: str
    group: str | None
    person_id: str
    decision: Decision
    asked_at: datetime
    decided_at: datetime
    is_late: bool
    by_link: bool = False


@dataclass(frozen=True, slots=True)
class Life:
    """A request from its beginning to its last event. `sent_back`: how often it was."""

    state: Approval
    spent: tuple[TimeSpent, ...] = ()
    decisions: tuple[DecisionTaken, ...] = ()
    escalations: int = 0
    sent_back: int = 0

    def minutes(self, use: Use) -> int:
        """Whole minutes by the wall clock that were spent on it."""
        return sum(each.minutes for each in self.spent if each.use is use)


@dataclass
class _Walk:
    """What is known while the events go by."""

    spent: list[TimeSpent] = field(default_factory=list)
    asked: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    decided: dict[str, DecisionTaken] = field(default_factory=dict)
    escalations: int = 0
    sent_back: int = 0


def life_of(request_id: str, events: Iterable[Event], until: datetime | None = None) -> Life:
    """The life that these events tell; of an open request the last stretch goes on to `until`."""
    walk, state, since = _Walk(), Approval(request_id=request_id), None
    for event in events:
        after = evolve(state, event)
        if since is not None and state.is_open and state.round:
            _add(walk.spent, state, since, event.at)
        by_link = isinstance(event, TaskDecided) and event.via is Via.LINK
        _note_tasks(walk, after, event.at, by_link=by_link)
        walk.escalations += isinstance(event, TaskEscalated)
        walk.sent_back += after.status is Status.RETURNED and state.status is not Status.RETURNED
        state, since = after, event.at
    if until is not None and since is not None and state.is_open and state.round:
        _add(walk.spent, state, since, until)
    decisions = sorted(walk.decided.values(), key=lambda each: (each.decided_at, each.task_id))
    return Life(state, tuple(walk.spent), tuple(decisions), walk.escalations, walk.sent_back)


def _add(spent: list[TimeSpent], state: Approval, start: datetime, end: datetime) -> None:
    if end <= start:
        return
    stage = state.stage
    key, name = ("", "") if stage is None else (stage.plan.key, stage.plan.name)
    new = TimeSpent(use=_use(state), start=start, end=end, round=state.round, key=key, stage=name)
    last = spent[-1] if spent else None
    if last is not None and last.end == start and _same(last, new):
        spent[-1] = replace(last, end=end)
    else:
        spent.append(new)


def _same(one: TimeSpent, other: TimeSpent) -> bool:
    return (one.use, one.round, one.key) == (other.use, other.round, other.key)


def _use(state: Approval) -> Use:
    if state.status is not Status.PENDING:
        return Use.RETURNED if state.status is Status.RETURNED else Use.HELD
    if state.attention is not None:
        return Use.NOBODY
    if state.stage is None:
        return Use.REVIEW
    if state.stage.settles_at is not None:
        return Use.SETTLING
    return Use.REVIEW if state.stage.paused_at is None else Use.QUESTION


def _note_tasks(walk: _Walk, state: Approval, at: datetime, *, by_link: bool) -> None:
    for stage in state.under_way:
        for task in stage.tasks:
            person, asked_at = walk.asked.get(task.id, ("", at))
            if person != task.assignee_id:
                asked_at = at
                walk.asked[task.id] = task.assignee_id, at
            if task.status is not TaskStatus.DECIDED:
                walk.decided.pop(task.id, None)
            elif task.id not in walk.decided and task.decision is not None:
                taken = _taken(task, task.decision, stage, state, asked_at, at)
                walk.decided[task.id] = replace(taken, by_link=by_link)


def _taken(
    task: Task, decision: Decision, stage: OpenStage, state: Approval, asked: datetime, at: datetime
) -> DecisionTaken:
    return DecisionTaken(
        task_id=task.id,
        round=state.round,
        key=stage.plan.key,
        stage=stage.plan.name,
        group=task.group,
        person_id=task.decided_by or task.assignee_id,
        decision=decision,
        asked_at=asked,
        decided_at=at,
        is_late=task.due_at is not None and at > task.due_at,
    )


def decision_minutes(life: Life, taken: DecisionTaken, calendar: Calendar | None) -> int:
    """Working minutes from asked to decided, without the time that was not the organisation's.

    Without a calendar every minute is a working one.
    """
    spans = ((each.start, each.end) for each in life.spent if each.use in COUNTED)
    within = ((max(a, taken.asked_at), min(b, taken.decided_at)) for a, b in spans)
    return _between(calendar, within)


def working_minutes(life: Life, calendar_of: CalendarOf) -> int:
    """Working minutes of the organisation's own time, each stage by the calendar of who decided it
    last; where nobody did, by that of nobody (`calendar_of(None)`: the type's)."""
    deciders = {(each.round, each.key): each.person_id for each in life.decisions}
    return sum(
        _between(calendar_of(deciders.get((each.round, each.key))), [(each.start, each.end)])
        for each in life.spent
        if each.use in COUNTED
    )


def _between(calendar: Calendar | None, spans: Iterable[tuple[datetime, datetime]]) -> int:
    return sum(
        elapsed_minutes(a, b) if calendar is None else business_minutes_between(calendar, a, b)
        for a, b in spans
        if a < b
    )


def elapsed_minutes(start: datetime, end: datetime) -> int:
    """Whole minutes by the wall clock; 0 if `end` is not later."""
    return max(0, int((end - start).total_seconds()) // 60)


def share(part: int, whole: int) -> int | None:
    """Whole per cent, rounded half up; None of nothing."""
    return None if whole == 0 else (200 * part + whole) // (2 * whole)
