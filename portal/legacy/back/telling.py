"""Telling the old rows what happened here: one event after the other."""

from collections.abc import Callable
from typing import Any

from portal.domain.request import events as happened
from portal.domain.request.events import SYSTEM, Event
from portal.legacy.back import deciding, handing, marks, rounds
from portal.legacy.back.openings import Opening, Sitting
from portal.legacy.back.teller import Teller
from portal.legacy.records import Step
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


def tell(teller: Teller, event: Event) -> None:
    """What this event means for the old rows."""
    handler = HANDLERS.get(type(event))
    if handler is not None:
        handler(teller, event)
    elif teller.is_since(event) and not isinstance(event, SILENT):
        said = " ".join(str(getattr(event, name)) for name in event.TEXTS)
        words = WORDS.get(type(event), type(event).__name__)
        teller.act(event, "COMMENT", f"{words}: {said}".rstrip(": "))


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
