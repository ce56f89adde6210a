"""Telling the old rows what happened here: one event after the other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal.domain.request import events as happened
from portal.domain.request.events import SYSTEM, Event
from portal.legacy.back import deciding, handing, marks, rounds
from portal.legacy.back.keys import stamp
from portal.legacy.back.openings import Opening, Sitting
from portal.legacy.back.places import Places
from portal.legacy.back.rows import ACTIONS, TRANSITIONS, OldRows
from portal.legacy.note import NAME
from portal.legacy.records import Row, Step
from portal.legacy.units import Part

# What has no row of its own: it changed nothing, or the state after all events says it.
SILENT: tuple[type[Event], ...] = (
    happened.RequestSubmitted, happened.RequestImported, happened.LegacyRecorded,
    happened.CommandRefused, happened.AttentionNeeded, happened.RoutingRetried,
    happened.RouteQuestioned, happened.RouteReviewed,
    happened.TaskExpired, happened.RequestApproved, happened.RequestRejected,
    happened.RequestTimedOut, happened.RequestFailed, happened.RequestWithdrawn,
    happened.RequestCancelled,
)  # fmt: skip

# What the old engine had no action for is told as a comment that begins so.
WORDS: dict[type[Event], str] = {
    happened.InformationAsked: "Asked the requester",
    happened.InformationGiven: "Answered",
}


@dataclass
class Teller:
    """Changes the rows of one request. `moved_to`: the last event that the mover recorded.

    `profile` gives the old id of a user. `problems`: what the old tables have no place for.
    `anchor` is the step that a comment goes to; `held` the reason of a hold since the move.
    """

    rows: OldRows
    places: Places
    profile: Callable[[str], str]
    number: str
    moved_to: int
    problems: list[str] = field(default_factory=list)
    opening: Opening | None = None
    anchor: Step | None = None
    last: Step | None = None
    interrupted: dict[str, Opening] = field(default_factory=dict)
    held: str | None = None
    resumed: bool = False
    lost: bool = False

    def __post_init__(self) -> None:
        steps = self.rows.before.steps
        under_way = [step for step in steps if step.is_under_way]
        self.anchor = next(iter(under_way or steps), None)
        for step in self.places.past:
            marks.leave_out(self.rows.steps[step.id])  # nextSteps jumped over it

    def tell(self, event: Event) -> None:
        """What this event means for the old rows."""
        handler = HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)
        elif self.is_since(event) and not isinstance(event, SILENT):
            said = " ".join(str(getattr(event, name)) for name in event.TEXTS)
            words = WORDS.get(type(event), type(event).__name__)
            self.act(event, "COMMENT", f"{words}: {said}".rstrip(": "))

    def is_since(self, event: Event) -> bool:
        """Whether it happened here, and not at the move."""
        return event.seq > self.moved_to

    def problem(self, words: str) -> None:
        """Something that a person should know, once."""
        if words not in self.problems:
            self.problems.append(words)

    def sitting(self, task_id: str) -> Sitting | None:
        """Who has a task of the stage under way."""
        return None if self.opening is None else self.opening.sittings.get(task_id)

    def steps_of(self, sitting: Sitting) -> list[Step]:
        """The old steps that somebody's task is about."""
        unit = None if self.opening is None else self.opening.unit
        return [] if unit is None else self.places.steps_of(unit, sitting.first, sitting.group)

    def act(
        self, event: Event, action: str, comment: str, step: Step | None = None, **data: Any
    ) -> Row | None:
        """A row of workflow_actions; without a step it belongs to the one under way."""
        step = step or self.anchor
        if step is None:
            self.problem(f"{action}, with no step to write it to: {comment}")
            return None
        note = {"number": self.number, "seq": event.seq, **data}
        return self.rows.add(
            ACTIONS, event.at, event.seq, step_instance_id=step.id, action=action,
            actor_id=self.profile(event.actor), comment=comment.strip() or None,
            data={NAME: note}, performed_at=stamp(event.at),
        )  # fmt: skip

    def passed_on(self, event: Event, step: Step) -> None:
        """A row of workflow_transitions from the last step that was over to this one."""
        if self.last is not None and self.last.index != step.index and self.is_since(event):
            self.rows.add(
                TRANSITIONS, event.at, event.seq, instance_id=self.rows.before.id,
                from_step=self.last.index, to_step=step.index, transition_type="NEXT",
                transitioned_at=stamp(event.at), transitioned_by=self.profile(event.actor),
            )  # fmt: skip


def _opened(teller: Teller, event: happened.StageOpened) -> None:
    plan, since = event.plan, teller.is_since(event)
    unit = teller.places.units.get(plan.key)
    opening = teller.opening = Opening(plan, unit, since)
    if unit is None:
        teller.lost = True
        teller.problem(f"The stage “{plan.name}” is no step of the old workflow.")
        return
    first = opening.steps[0]
    pass_conditions(teller, event, first)
    for step in (*unit.around, *unit.steps):
        if teller.rows.is_finished(step):
            teller.problem(f"The step “{step.name}” was finished in the old engine as well.")
        else:
            due = plan.due_at if since and step in unit.steps else None
            marks.begin(teller.rows.steps[step.id], event.at, due)
    teller.passed_on(event, first)
    teller.anchor = first


def pass_conditions(teller: Teller, event: Event, first: Step) -> None:
    """Conditions before a step that is reached have been judged."""
    for step in teller.rows.before.steps:
        before = step.type == "CONDITION" and step.index < first.index
        if before and not teller.rows.is_finished(step):
            marks.end(teller.rows.steps[step.id], event.at, None)


def _assigned(teller: Teller, event: happened.TaskAssigned) -> None:
    if teller.opening is not None:
        person = teller.profile(event.person_id)
        teller.opening.sittings[event.task_id] = Sitting(person, person, person, event.group)


def _passed(teller: Teller, event: happened.StagePassed) -> None:
    opening = teller.opening
    if opening is None or opening.plan.key != event.key or opening.unit is None:
        return  # it lies behind the request from before the move, or has no old step
    for step in opening.unit.steps:
        row = teller.rows.steps[step.id]
        if teller.rows.is_finished(step):
            continue
        approval = step.type == "APPROVAL"
        marks.end(row, event.at, opening.verdict(step, approved=True) if approval else None)
    _end_around(teller, event)


def _failed(teller: Teller, event: happened.StageFailed) -> None:
    opening = teller.opening
    if opening is None or opening.unit is None:
        return
    waiting = [step for step in opening.steps if not teller.rows.is_finished(step)]
    rejected = [step for step in waiting if opening.rejected(step)] or waiting[:1]
    for step in waiting:
        row = teller.rows.steps[step.id]
        if step in rejected:
            marks.end(row, event.at, opening.verdict(step, approved=False))
        else:
            marks.leave_out(row)
    _end_around(teller, event)


def _end_around(teller: Teller, event: Event) -> None:
    """The PARALLEL steps are over with their children."""
    opening = teller.opening
    assert opening is not None
    assert opening.unit is not None
    for step in opening.unit.around:
        if not teller.rows.is_finished(step):
            marks.end(teller.rows.steps[step.id], event.at, None)
    teller.last, teller.opening = opening.steps[-1], None


def _skipped(teller: Teller, event: happened.StageSkipped) -> None:
    unit = teller.places.units.get(event.key)
    if unit is not None and (teller.is_since(event) or unit.part is Part.LEFT_OUT):
        for step in unit.steps:
            marks.leave_out(teller.rows.steps[step.id])


def _commented(teller: Teller, event: happened.CommentAdded) -> None:
    if teller.is_since(event):
        teller.act(event, "COMMENT", event.comment)


def _reminded(teller: Teller, event: happened.ReminderDue) -> None:
    if teller.is_since(event) and event.actor != SYSTEM:
        teller.act(event, "REMIND", "")


Handler = Callable[[Teller, Any], None]
HANDLERS: dict[type[Event], Handler] = {
    happened.StageOpened: _opened,
    happened.TaskAssigned: _assigned,
    happened.StagePassed: _passed,
    happened.StageFailed: _failed,
    happened.StageSkipped: _skipped,
    happened.CommentAdded: _commented,
    happened.ReminderDue: _reminded,
    **deciding.HANDLERS,
    **handing.HANDLERS,
    **rounds.HANDLERS,
}
