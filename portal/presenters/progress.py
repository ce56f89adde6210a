"""The course of a request as steps: what happened, who is asked now, what follows, what is skipped.

The past comes from the audit events, the votes from the tasks, the future from routing's forecast.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from portal.domain.codec import decode
from portal.domain.policy.policy import Decision, StageKind
from portal.domain.request.values import Status, TaskStatus
from portal.domain.routing.plan import Attention, StagePlan, StageSkip
from portal.presentation.labels import people, words_of
from portal.presentation.parts import Step
from portal.presentation.times import span
from portal.presenters.steps import expected, lowered, rule_of, skipped, some, votes_of
from portal.queries.audit import EventRecord
from portal.queries.request import RequestRecord, TaskRecord

Forecast = Sequence[StageSkip | StagePlan | Attention]


@dataclass
class UnderWay:
    """A stage that was opened and not closed yet, while the events are read.

    `newly`: why it is needed, if it was not before the request changed.
    """

    plan: StagePlan
    at: datetime
    tasks: list[TaskRecord] = field(default_factory=list)
    newly: str = ""


@dataclass
class _Interrupted:
    """A stage that was open when the request changed; `place` is its step, if it does not go on."""

    stage: UnderWay
    place: Step


@dataclass
class Course:
    """Reads events one after the other; `steps` is what has been understood so far.

    `needed`: of each stage's key whether it was when routing last came by; `carried`: keys of those
    that stay approved after a change.
    """

    record: RequestRecord
    tasks: Mapping[str, TaskRecord]
    names: Mapping[str, str]
    me: str
    steps: list[Step] = field(default_factory=list)
    stage: UnderWay | None = None
    interrupted: dict[str, _Interrupted] = field(default_factory=dict)
    needed: dict[str, bool] = field(default_factory=dict)
    carried: tuple[str, ...] = ()
    stage_names: dict[str, str] = field(default_factory=dict)

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
        self.carried = tuple(event.data.get("carried", ()))
        title = f"Submitted again by {self._name(event.actor)}"
        self.steps.append(Step("done", title, at=event.at, reason=self._changed(event)))

    def _changed(self, event: EventRecord) -> str:
        labels = {each.name: each.label for each in self.record.form}
        changed = [labels.get(name, words_of(name)) for name in event.data.get("changed", ())]
        return f"Changed: {', '.join(changed)}." if changed else "Nothing was changed."

    def _request_amended(self, event: EventRecord) -> None:
        title = f"Changed by {self._name(event.actor)}"
        self._looked_at_anew(event, title, self._changed(event))

    def _request_moved_to_policy(self, event: EventRecord) -> None:
        title = f"Moved to version {event.data['version']} of the policy"
        self._looked_at_anew(event, title, f"By {self._name(event.actor)}.")

    def _looked_at_anew(self, event: EventRecord, title: str, reason: str) -> None:
        """What was open stands as interrupted until the events tell that it goes on."""
        if self.stage is not None:
            key, stage = self.stage.plan.key, self.stage
            is_asked_again = key in event.data.get("asked_again", ())
            what = "asked again, after a change" if is_asked_again else "interrupted by a change"
            self._close("again", f"{stage.plan.name}: {what}", event.at)
            self.interrupted[key] = _Interrupted(stage, self.steps[-1])
        asked = [self.stage_names.get(key, key) for key in event.data.get("asked_again", ())]
        self.carried = tuple(event.data.get("carried", ()))
        again = f" Asked again: {', '.join(asked)}." if asked else ""
        self.steps.append(Step("done", title, at=event.at, reason=reason + again))

    def _stage_continued(self, event: EventRecord) -> None:
        found = self.interrupted.pop(event.data["key"], None)
        if found is not None:
            self.steps = [step for step in self.steps if step is not found.place]
            self.stage = found.stage

    def _decision_carried(self, event: EventRecord) -> None:
        self._task_assigned(event)

    def _stage_skipped(self, event: EventRecord) -> None:
        key, name, reason = (str(event.data[part]) for part in ("key", "name", "reason"))
        if key in self.carried:
            self.steps.append(Step("done", f"{name}: stays as it was", reason=reason))
            return
        if self.needed.get(key):
            reason = f"After the change: {lowered(reason)}"
        self.needed[key] = False
        self.steps.append(skipped(name, reason))

    def _stage_opened(self, event: EventRecord) -> None:
        plan = decode(StagePlan, event.data["plan"])
        was_needless = self.needed.get(plan.key) is False
        newly = f"After the change: {lowered(plan.reason)}" if was_needless else ""
        self.needed[plan.key] = True
        self.stage_names[plan.key] = plan.name
        self.stage = UnderWay(plan, event.at, newly=newly)

    def _task_assigned(self, event: EventRecord) -> None:
        task = self.tasks.get(event.data["task_id"])
        if self.stage is not None and task is not None:
            self.stage.tasks.append(task)

    _approver_added = _task_assigned

    def _stage_passed(self, event: EventRecord) -> None:
        if self.stage is not None and self.stage.plan.kind is StageKind.NOTIFY:
            told = f"Told {some([person.name for person in self.stage.plan.people])}."
            self._close("done", f"{self.stage.plan.name}: told", event.at, told)
        elif self.stage is not None:
            by = event.data.get("overridden_by")
            how = f"decided by {self._name(by)}, an administrator" if by else "approved"
            self._close("done", f"{self.stage.plan.name} {how}", event.at)

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

    def _request_overridden(self, event: EventRecord) -> None:
        """Decided by an administrator; of a stage only, its passing tells."""
        if event.data.get("stage_key") is not None:
            return
        if self.stage is not None:
            self._close("again", f"{self.stage.plan.name}: passed over", event.at)
        is_yes = event.data["decision"] == Decision.APPROVE
        title = (
            f"{'Approved' if is_yes else 'Rejected'} by {self._name(event.actor)}, an administrator"
        )
        self.steps.append(Step("done" if is_yes else "failed", title, at=event.at))

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
        reason = reason or self.stage.newly
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

    def _current(self, stage: UnderWay) -> Step:
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
        return replace(step, votes=votes, reason=more or stage.newly)


def people_in(events: Iterable[EventRecord]) -> set[str]:
    """Ids of the people who did something in the events."""
    actors: set[Any] = {event.actor for event in events}
    return actors - {"system"}
