"""The course of a request as steps: what happened, who is asked now, what follows, what is skipped.

The past comes from the audit events, the votes from the tasks, the future from routing's forecast.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from portal.domain.codec import decode
from portal.domain.plan import Attention, StagePlan, StageSkip
from portal.domain.policy import Mode, StageKind
from portal.domain.request import Status, TaskStatus
from portal.presentation.labels import mode, people, words_of
from portal.presentation.parts import Step, Vote
from portal.presentation.times import span
from portal.queries.audit import EventRecord
from portal.queries.request import RequestRecord, TaskRecord

VOTES_SHOWN = 12

Forecast = Sequence[StageSkip | StagePlan | Attention]


@dataclass
class _Open:
    """A stage that was opened and not closed yet, while the events are read."""

    plan: StagePlan
    at: datetime
    tasks: list[TaskRecord] = field(default_factory=list)


@dataclass
class Course:
    """Reads events one after the other; `steps` is what has been understood so far."""

    record: RequestRecord
    tasks: Mapping[str, TaskRecord]
    names: Mapping[str, str]
    me: str
    steps: list[Step] = field(default_factory=list)
    stage: _Open | None = None

    def read(self, events: Iterable[EventRecord]) -> "Course":
        """Take in all events, in order."""
        for event in events:
            reader = getattr(self, f"_{words_of(event.kind).lower().replace(' ', '_')}", None)
            if reader is not None:
                reader(event)
        return self

    @property
    def current_plan(self) -> StagePlan | None:
        """The plan of the stage under way."""
        return self.stage.plan if self.stage else None

    def _name(self, person: str | None) -> str:
        return self.names.get(person or "", "The system")

    def _request_submitted(self, event: EventRecord) -> None:
        who = self._name(event.actor)
        behalf = f" for {self.record.on_behalf_of_name}" if self.record.on_behalf_of_name else ""
        self.steps.append(Step("done", f"Submitted by {who}{behalf}", at=event.at))

    def _request_resubmitted(self, event: EventRecord) -> None:
        title = f"Submitted again by {self._name(event.actor)}"
        self.steps.append(Step("done", title, at=event.at, reason=self._changed(event)))

    def _changed(self, event: EventRecord) -> str:
        labels = {each.name: each.label for each in self.record.form}
        changed = [labels.get(name, words_of(name)) for name in event.data.get("changed", ())]
        return f"Changed: {', '.join(changed)}." if changed else "Nothing was changed."

    def _stage_skipped(self, event: EventRecord) -> None:
        self.steps.append(skipped(event.data["name"], event.data["reason"]))

    def _stage_opened(self, event: EventRecord) -> None:
        self.stage = _Open(decode(StagePlan, event.data["plan"]), event.at)

    def _task_assigned(self, event: EventRecord) -> None:
        task = self.tasks.get(event.data["task_id"])
        if self.stage is not None and task is not None:
            self.stage.tasks.append(task)

    def _stage_passed(self, event: EventRecord) -> None:
        if self.stage is not None and self.stage.plan.kind is StageKind.NOTIFY:
            told = f"Told {_some([person.name for person in self.stage.plan.people])}."
            self._close("done", f"{self.stage.plan.name}: told", event.at, told)
        elif self.stage is not None:
            self._close("done", f"{self.stage.plan.name} approved", event.at)

    def _stage_failed(self, event: EventRecord) -> None:
        if self.stage is not None:
            reason = str(event.data.get("reason", ""))
            self._close("failed", f"{self.stage.plan.name} rejected", event.at, reason)

    def _request_returned(self, event: EventRecord) -> None:
        if self.stage is not None:
            self._close("returned", f"{self.stage.plan.name} sent it back", event.at)

    def _request_timed_out(self, event: EventRecord) -> None:
        if self.stage is not None:
            title = f"{self.stage.plan.name}: no decision in time"
            self._close("failed", title, event.at, "Every deadline and escalation passed.")

    def _request_withdrawn(self, event: EventRecord) -> None:
        self._ended(event, f"Withdrawn by {self._name(event.actor)}")

    def _request_cancelled(self, event: EventRecord) -> None:
        self._ended(event, f"Cancelled by {self._name(event.actor)}")

    def _request_approved(self, event: EventRecord) -> None:
        self.steps.append(Step("done", "Approved", at=event.at))

    def _ended(self, event: EventRecord, title: str) -> None:
        if self.stage is not None:
            self._close("failed", f"{self.stage.plan.name}: not decided any more", event.at)
        self.steps.append(Step("failed", title, at=event.at))

    def _close(self, state: str, title: str, at: datetime, reason: str = "") -> None:
        assert self.stage is not None
        votes = votes_of([task for task in self.stage.tasks if task.decision], self.me)
        took = f"Took {span(at - self.stage.at)}" if votes else ""
        rule = ", ".join(filter(None, (rule_of(self.stage.plan), took)))
        # A single vote says when; said twice it would only be noise.
        shown_at = None if len(votes) == 1 else at
        self.steps.append(Step(state, title, rule, reason, at=shown_at, votes=votes))
        self.stage = None

    def finish(self, forecast: Forecast) -> tuple[Step, ...]:
        """The steps, with the stage under way and what routing expects after it."""
        record, steps = self.record, list(self.steps)
        if self.stage is not None:
            steps.append(self._current(self.stage))
        elif record.attention:
            steps.append(Step("current", "Needs an administrator", reason=record.attention))
        elif record.status is Status.RETURNED:
            steps.append(self._returned())
        return (*steps, *(expected(entry) for entry in forecast))

    def _returned(self) -> Step:
        whose = "you" if self.record.is_by(self.me) else self.record.requester_name
        reason = "After a change the request goes along its route again."
        return Step("current", f"Back with {whose}", reason=reason, since=self.record.waiting_since)

    def _current(self, stage: _Open) -> Step:
        asked = [task for task in stage.tasks if task.status == TaskStatus.OPEN]
        decided = [task for task in stage.tasks if task.decision]
        # What has its verdict waits for nobody; who is asked alone stands in the title.
        shown = decided if self.record.settles_at else stage.tasks
        votes = votes_of(shown, self.me) if decided or len(asked) > 1 else ()
        asked = [] if self.record.settles_at else asked
        title = stage.plan.name
        if any(task.assignee_id == self.me for task in asked):
            title += ": you"
        elif len(asked) == 1:
            owner = asked[0].acting_for_name
            title += f": {asked[0].assignee_name}" + (f" for {owner}" if owner else "")
        due_at = None if self.record.hold_reason else self.record.stage_due_at
        step = Step("current", title, rule_of(stage.plan), since=stage.at, due_at=due_at)
        hidden = len(shown) - len(votes) if votes else 0
        more = f"And {people(hidden)} more." if hidden > 0 else ""
        return replace(step, votes=votes, reason=more)


def skipped(name: str, reason: str) -> Step:
    """A stage that is not needed."""
    return Step("skipped", name, reason=reason)


def expected(entry: StageSkip | StagePlan | Attention) -> Step:
    """A stage that is still to come, as routing sees it today."""
    if isinstance(entry, StageSkip):
        return skipped(entry.name, entry.reason)
    if isinstance(entry, Attention):
        return Step("future", entry.name, reason=entry.reason)
    votes = tuple(Vote(person.name) for person in entry.people[:VOTES_SHOWN])
    return Step("future", entry.name, rule_of(entry), votes=votes)


def rule_of(plan: StagePlan) -> str:
    """How many must say yes; nothing where only one person is asked."""
    if plan.kind is StageKind.NOTIFY:
        return "Is told, nothing waits for it"
    if plan.mode is Mode.PER_GROUP:
        return mode(plan.mode, len(plan.groups))
    return mode(plan.mode, len(plan.people), plan.needed) if len(plan.people) > 1 else ""


def votes_of(tasks: Sequence[TaskRecord], me: str) -> tuple[Vote, ...]:
    """What was decided, in order, then who has not decided; a few of many."""
    decided = sorted(
        (task for task in tasks if task.decided_at), key=lambda task: task.decided_at or task.id
    )
    waiting = [task for task in tasks if task.status == TaskStatus.OPEN]
    waiting.sort(key=lambda task: task.assignee_id != me)
    return tuple(_vote(task, me) for task in [*decided, *waiting][:VOTES_SHOWN])


def _vote(task: TaskRecord, me: str) -> Vote:
    decider = task.decided_by or task.assignee_id
    acting = task.assignee_name if decider != task.assignee_id else task.acting_for_name
    return Vote(
        name=task.decided_by_name or task.assignee_name,
        decision=task.decision,
        at=task.decided_at,
        acting_for=acting,
        comment=task.comment,
        is_you=decider == me,
    )


def people_in(events: Iterable[EventRecord]) -> set[str]:
    """Ids of the people who did something in the events."""
    actors: set[Any] = {event.actor for event in events}
    return actors - {"system"}


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:VOTES_SHOWN])
    hidden = len(names) - VOTES_SHOWN
    return f"{shown} and {people(hidden)} more" if hidden > 0 else shown
