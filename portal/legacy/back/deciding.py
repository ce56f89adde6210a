"""Decisions, and those that were taken back: rows of workflow_actions."""

from collections.abc import Callable
from typing import Any

from portal.domain.policy.policy import Decision
from portal.domain.request import events as happened
from portal.domain.request.events import Event
from portal.legacy.back import marks
from portal.legacy.back.openings import Opening, Said, Sitting
from portal.legacy.back.teller import Teller
from portal.legacy.records import Step

ACTIONS = {
    Decision.APPROVE: "APPROVE",
    Decision.REJECT: "REJECT",
    Decision.SEND_BACK: "RETURN",
}


def _decided(teller: Teller, event: happened.TaskDecided) -> None:
    opening = teller.opening
    sitting = None if opening is None else opening.sittings.get(event.task_id)
    if opening is None or sitting is None:
        if teller.is_since(event):
            teller.act(event, ACTIONS[event.decision], event.comment)
        return
    sitting.is_open = False
    steps = teller.steps_of(sitting)
    person = teller.profile(event.actor)
    said = Said(event.task_id, person, sitting.owner, event.decision, event.comment, steps)
    opening.said.append(said)
    if teller.is_since(event):
        _write(teller, event, said)
        if opening.is_group and event.decision is Decision.APPROVE:
            _end_parts(teller, event, opening, steps)


def _carried(teller: Teller, event: happened.DecisionCarried) -> None:
    """A decision that stands in a stage that is opened anew: its row is there."""
    if teller.opening is None:
        return
    owner = teller.profile(event.acting_for or event.person_id)
    person = teller.profile(event.decided_by)
    sitting = Sitting(person, owner, owner, event.group, is_open=False)
    teller.opening.sittings[event.task_id] = sitting
    steps = teller.steps_of(sitting)
    teller.opening.said.append(Said(event.task_id, person, owner, event.decision, "", steps))


def _overridden(teller: Teller, event: happened.RequestOverridden) -> None:
    """An administrator decided in place of those who were asked: the steps under way end so."""
    admin, approved = teller.profile(event.actor), event.decision is Decision.APPROVE
    passed_over = [teller.profile(each) for each in event.passed_over]
    opening = teller.opening
    waiting = [] if opening is None else list(opening.steps)
    waiting = [step for step in waiting if not teller.rows.is_finished(step)]
    steps: list[Step | None] = [*waiting] or [None]
    for step in steps:
        teller.act(event, ACTIONS[event.decision], event.reason, step, passedOver=passed_over)
    for step in waiting:
        verdict = marks.Verdict(approved, (admin,), event.reason)
        marks.end(teller.rows.steps[step.id], event.at, verdict)


def _write(teller: Teller, event: happened.TaskDecided, said: Said) -> None:
    """A row for each step that the decision is about."""
    acting = {} if said.person == said.owner else {"onBehalfOf": said.owner}
    steps: list[Step | None] = list(said.steps) or [None]
    for step in steps:
        row = teller.act(event, ACTIONS[event.decision], event.comment, step, **acting)
        said.rows += [] if row is None else [row]


def _end_parts(teller: Teller, event: Event, opening: Opening, steps: list[Step]) -> None:
    """One approval of a PARALLEL step's child is enough."""
    for step in steps:
        if not teller.rows.is_finished(step):
            marks.end(teller.rows.steps[step.id], event.at, opening.verdict(step, approved=True))


def _retracted(teller: Teller, event: happened.DecisionRetracted) -> None:
    opening = teller.opening
    if opening is None:
        return
    taken = [each for each in opening.said if each.task_id == event.task_id]
    opening.said = [each for each in opening.said if each.task_id != event.task_id]
    if event.task_id in opening.sittings:
        opening.sittings[event.task_id].is_open = True
    for said in taken:
        for row in said.rows:
            words = f"Said {row['action']} and took it back. {said.comment}".strip()
            row.update(action="COMMENT", comment=words)
        for step in said.steps:
            if not step.is_finished and teller.rows.is_finished(step):
                marks.reopen(teller.rows.steps[step.id], step.row)


Handler = Callable[[Any, Any], None]
HANDLERS: dict[type[Event], Handler] = {
    happened.TaskDecided: _decided,
    happened.DecisionCarried: _carried,
    happened.RequestOverridden: _overridden,
    happened.DecisionRetracted: _retracted,
}
