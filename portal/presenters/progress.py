"""The course of a request, a line a stage: what happened, where it is now, what follows, what is
skipped. The past comes from the typed events, the present from the kept state, the future from
routing's forecast."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.domain.policy.policy import Decision, Mode, StageKind
from portal.domain.request import events as e
from portal.domain.request.events import Event
from portal.domain.request.state import Approval, Status
from portal.domain.routing.plan import Attention, StagePlan, StageSkip
from portal.presentation.labels import field_label, listed, people, said
from portal.presentation.parts import Step
from portal.queries.request import RequestRecord, TaskRecord
from portal.translation import _, current, ngettext, own

Forecast = Sequence[StageSkip | StagePlan | Attention]
NAMED = 12


def did(decision: str, names: str) -> str:
    """ "Ana Ruiz approved"."""
    if decision == Decision.APPROVE:
        return _("%(names)s approved", names=names)
    if decision == Decision.REJECT:
        return _("%(names)s rejected", names=names)
    return _("%(names)s returned it", names=names)


@dataclass
class _Stage:
    """A stage that was opened and not closed yet, while the events are read.

    `newly`: why it is needed, if it was not before the request changed. `place`: its line, while
    it is interrupted by a change.
    """

    plan: StagePlan
    tasks: list[TaskRecord] = field(default_factory=list)
    newly: str = ""
    place: Step | None = None


@dataclass
class ProgressReader:
    """Reads events one after the other; `steps` is what has been understood so far.

    `needed`: of each stage's key whether it was when routing last came by; `carried`: keys of those
    that stay approved after a change.
    """

    record: RequestRecord
    tasks: Mapping[str, TaskRecord]
    names: Mapping[str, str]
    me: str
    steps: list[Step] = field(default_factory=list)
    stage: _Stage | None = None
    interrupted: dict[str, _Stage] = field(default_factory=dict)
    needed: dict[str, bool] = field(default_factory=dict)
    carried: tuple[str, ...] = ()
    stage_names: dict[str, str] = field(default_factory=dict)

    def read(self, events: Iterable[Event]) -> "ProgressReader":
        """Take in all events, in order."""
        for event in events:
            READERS[type(event)](self, event)
        return self

    def finish(self, state: Approval, forecast: Forecast) -> tuple[Step, ...]:
        """The lines, with the one where it is now and what routing expects after it."""
        steps = list(self.steps)
        if state.stage is not None:
            plan, newly = state.stage.plan, self.stage.newly if self.stage else ""
            # Once it settles nobody is asked any more, so that its line says who decided.
            is_decided = state.stage.settles_at is not None
            who = self._votes(self.stage) if self.stage and is_decided else ""
            steps.append(Step("current", own(plan.name), who, number=plan.index + 1, note=newly))
        elif state.attention:
            steps.append(Step("current", _("Needs an administrator"), note=said(state.attention)))
        elif state.status is Status.RETURNED:
            is_me = self.record.is_by(self.me)
            whose = _("you") if is_me else self.record.requester_name
            steps.append(Step("current", _("Returned"), _("Waiting for %(name)s", name=whose)))
        return (*steps, *(expected(entry) for entry in forecast))

    def _subject(self, person: str | None, name: str | None = None) -> str:
        if person is not None and person == self.me:
            return _("You")
        return name or self.names.get(person or "", _("The system"))

    def _line(self, state: str, title: str, event: Event, who: str = "", note: str = "") -> None:
        self.steps.append(Step(state, title, who, at=event.at, note=note))

    def _submitted(self, event: e.RequestSubmitted) -> None:
        who = self._subject(event.actor)
        if self.record.on_behalf_of_name:
            who = _("%(name)s for %(other)s", name=who, other=self.record.on_behalf_of_name)
        self._line("done", _("Submitted"), event, who)

    def _resubmitted(self, event: e.RequestResubmitted) -> None:
        self.carried = event.carried
        note = self._changed(event.changed)
        self._line("done", _("Submitted again"), event, self._subject(event.actor), note)

    def _changed(self, changed: Sequence[str]) -> str:
        fields = listed([field_label(name, self.record.form) for name in changed])
        return _("Changed: %(fields)s.", fields=fields) if fields else _("Nothing was changed.")

    def _amended(self, event: e.RequestAmended) -> None:
        self._looked_at_anew(event, _("Edited"), self._changed(event.changed))

    def _moved_to_policy(self, event: e.RequestMovedToPolicy) -> None:
        title = _("Moved to version %(version)s of the policy", version=event.version)
        self._looked_at_anew(event, title, "")

    def _looked_at_anew(
        self, event: e.RequestAmended | e.RequestMovedToPolicy, title: str, note: str
    ) -> None:
        """What was open stands as interrupted until the events tell that it goes on."""
        if self.stage is not None:
            key, stage = self.stage.plan.key, self.stage
            is_asked_again = key in event.asked_again
            again = _("Asked again after a change")
            why = again if is_asked_again else _("Interrupted by a change")
            self._close("again", event, note=why)
            stage.place = self.steps[-1]
            self.interrupted[key] = stage
        self.carried = event.carried
        stages = listed([own(self.stage_names.get(key, key)) for key in event.asked_again])
        notes = [note, _("Asked again: %(stages)s.", stages=stages) if stages else ""]
        text = " ".join(each for each in notes if each)
        self._line("done", title, event, self._subject(event.actor), text)

    def _continued(self, event: e.StageContinued) -> None:
        found = self.interrupted.pop(event.key, None)
        if found is not None:
            self.steps = [step for step in self.steps if step is not found.place]
            self.stage = found

    def _skipped(self, event: e.StageSkipped) -> None:
        if event.key in self.carried:
            self.steps.append(
                Step("done", own(event.name), _("Stays approved"), note=said(event.reason))
            )
            return
        is_new = self.needed.get(event.key)
        self.needed[event.key] = False
        self.steps.append(skipped(own(event.name), said(event.reason), after_change=bool(is_new)))

    def _opened(self, event: e.StageOpened) -> None:
        plan = event.plan
        was_needless = self.needed.get(plan.key) is False
        newly = _("After the change: %(reason)s", reason=lowered(said(plan.reason)))
        self.needed[plan.key] = True
        self.stage_names[plan.key] = plan.name
        notes = (newly if was_needless else "", fallback(plan))
        self.stage = _Stage(plan, newly=" ".join(filter(None, notes)))

    def _assigned(self, event: e.TaskAssigned | e.ApproverAdded | e.DecisionCarried) -> None:
        task = self.tasks.get(event.task_id)
        if self.stage is not None and task is not None:
            self.stage.tasks.append(task)

    def _passed(self, event: e.StagePassed) -> None:
        if self.stage is None:
            return
        if self.stage.plan.kind is StageKind.NOTIFY:
            self._close("done", event, some([each.name for each in self.stage.plan.people]))
        elif event.overridden_by:
            name = self._subject(event.overridden_by)
            who = _("%(name)s decided, as an administrator", name=name)
            self._close("done", event, who)
        else:
            self._close("done", event)

    def _failed(self, event: e.StageFailed) -> None:
        self._close("failed", event, note=said(event.reason))

    def _returned(self, event: e.RequestReturned) -> None:
        self._close("returned", event)

    def _timed_out(self, event: e.RequestTimedOut) -> None:
        self._close("failed", event, _("Expired: no decision in time"))

    def _overridden(self, event: e.RequestOverridden) -> None:
        """Decided by an administrator; of a stage only, its passing tells."""
        if event.stage_key is not None:
            return
        self._close("again", event, _("Passed over"))
        is_yes = event.decision is Decision.APPROVE
        title = _("Approved") if is_yes else _("Rejected")
        who = _("%(name)s, an administrator", name=self._subject(event.actor))
        self._line("done" if is_yes else "failed", title, event, who)

    def _withdrawn(self, event: e.RequestWithdrawn) -> None:
        self._ended(event, _("Withdrawn"))

    def _cancelled(self, event: e.RequestCancelled) -> None:
        self._ended(event, _("Cancelled"))

    def _ended(self, event: Event, title: str) -> None:
        self._close("failed", event, _("No longer needed"))
        self._line("failed", title, event, self._subject(event.actor))

    def _approved(self, event: e.RequestApproved) -> None:
        """Nothing: the last stage's line says it."""

    def _close(self, state: str, event: Event, who: str = "", note: str = "") -> None:
        if self.stage is None:
            return
        plan, stage = self.stage.plan, self.stage
        votes = self._votes(stage)
        parts = [who, votes] if state == "again" else [who or votes]
        self.steps.append(
            Step(
                state,
                own(plan.name),
                ". ".join(part for part in parts if part),
                at=event.at,
                number=plan.index + 1,
                note=note or stage.newly,
            )
        )
        self.stage = None

    def _votes(self, stage: _Stage) -> str:
        """ "Ana Ruiz and Mei Tanaka approved (2 of 4 were needed)": what was decided, in order."""
        decided = [task for task in stage.tasks if task.decision and task.decided_at]
        decided.sort(key=lambda task: task.decided_at or task.opened_at)
        parts = []
        for decision in Decision:
            names = [self._voter(task) for task in decided if task.decision == decision]
            if names:
                parts.append(did(decision, some(names)))
        asked = len(stage.plan.people)
        if parts and stage.plan.mode is Mode.QUORUM and asked > 1:
            needed = _("%(n)s of %(all)s were needed", n=stage.plan.needed, all=asked)
            parts[0] += f" ({needed})"
        return "; ".join(parts)

    def _voter(self, task: TaskRecord) -> str:
        return voter(task, self._subject(task.decided_by, task.decided_by_name))


def voter(task: TaskRecord, name: str) -> str:
    """Who decided a task, of this name, and for whom: "Dan Example for Ben Example"."""
    owner = owner_of_vote(task)
    return _("%(name)s for %(other)s", name=name, other=owner) if owner else name


def owner_of_vote(task: TaskRecord) -> str | None:
    """Whose task it was, where somebody else decided it."""
    decider = task.decided_by or task.assignee_id
    return task.assignee_name if decider != task.assignee_id else task.acting_for_name


READERS: dict[type[Event], Callable[[ProgressReader, Any], None]] = {
    e.RequestSubmitted: ProgressReader._submitted,
    e.RequestResubmitted: ProgressReader._resubmitted,
    e.RequestAmended: ProgressReader._amended,
    e.RequestMovedToPolicy: ProgressReader._moved_to_policy,
    e.StageSkipped: ProgressReader._skipped,
    e.StageOpened: ProgressReader._opened,
    e.StageContinued: ProgressReader._continued,
    e.TaskAssigned: ProgressReader._assigned,
    e.ApproverAdded: ProgressReader._assigned,
    e.DecisionCarried: ProgressReader._assigned,
    e.StagePassed: ProgressReader._passed,
    e.StageFailed: ProgressReader._failed,
    e.RequestReturned: ProgressReader._returned,
    e.RequestTimedOut: ProgressReader._timed_out,
    e.RequestOverridden: ProgressReader._overridden,
    e.RequestWithdrawn: ProgressReader._withdrawn,
    e.RequestCancelled: ProgressReader._cancelled,
    e.RequestApproved: ProgressReader._approved,
}
# The kinds of events that make the course; the rest is for the activity log.
KINDS = tuple(kind.__name__ for kind in READERS)


def skipped(name: str, reason: str, *, after_change: bool = False) -> Step:
    """A stage that is not needed."""
    reason = lowered(reason)
    if after_change:
        return Step("skipped", name, _("Skipped after the change: %(reason)s", reason=reason))
    return Step("skipped", name, _("Skipped: %(reason)s", reason=reason))


def expected(entry: StageSkip | StagePlan | Attention) -> Step:
    """A stage that is still to come, as routing sees it today."""
    number = entry.index + 1
    if isinstance(entry, StageSkip):
        return skipped(own(entry.name), said(entry.reason))
    if isinstance(entry, Attention):
        return Step("future", own(entry.name), note=said(entry.reason), number=number)
    names, rule = some([each.name for each in entry.people]), rule_of(entry)
    if rule and names:
        names = _("%(rule)s: %(names)s", rule=rule, names=names)
    return Step("future", own(entry.name), names, number=number, note=fallback(entry))


def fallback(plan: StagePlan) -> str:
    """Why others than the policy's own people are asked; nothing where they are not."""
    if not plan.used_fallback:
        return ""
    gaps = [each for each in plan.left_out if each.person_id is None]
    why = [said(each.reason).rstrip(".") for each in gaps]
    if not why:
        why = [f"{each.name} {said(each.reason).rstrip('.')}" for each in plan.left_out]
    because = some(list(dict.fromkeys(why))) or _("too few approvers were found")
    return _("Fallback: %(because)s.", because=because)


def rule_of(plan: StagePlan) -> str:
    """How many must approve; nothing where one person is asked, or people are only notified."""
    count = len(plan.people)
    if plan.kind is StageKind.NOTIFY or count < 2:
        return ""
    if plan.mode is Mode.PER_GROUP:
        return ngettext("One from the group", "One from each of %(n)s groups", len(plan.groups))
    if plan.mode is Mode.ALL:
        return _("All of %(n)s", n=count)
    needed = plan.needed if plan.mode is Mode.QUORUM else 1
    return _("Any %(needed)s of %(n)s", needed=needed, n=count)


def lowered(sentence: str) -> str:
    """A sentence as it goes on after a colon."""
    return sentence[:1].lower() + sentence[1:] if current().is_english else sentence


def some(names: Sequence[str]) -> str:
    """A few of many names."""
    hidden = len(names) - NAMED
    if hidden > 0:
        shown = ", ".join(names[:NAMED])
        return _("%(names)s and %(people)s more", names=shown, people=people(hidden))
    return listed(names)
