"""Sent back and sent again, changed meanwhile, held and resumed."""

from collections.abc import Callable
from typing import Any

from portal.domain.request import events as happened
from portal.domain.request.events import Event
from portal.domain.request.values import Content
from portal.legacy.back import marks
from portal.legacy.back.teller import Teller
from portal.legacy.records import Row
from portal.legacy.values import text


def _returned(teller: Teller, _event: happened.RequestReturned) -> None:
    """The old engine did nothing on RETURN: the step stays open."""
    teller.opening = None


def _resubmitted(teller: Teller, event: happened.RequestResubmitted) -> None:
    """Every stage that does not stay approved is to come again."""
    teller.interrupted.clear()
    _start_over(teller, event, set(event.carried))
    _change(teller, event)


def _amended(teller: Teller, event: happened.RequestAmended) -> None:
    """It was changed while it waited. A stage under way that did not read the change waits on."""
    _interrupt(teller, event.asked_again)
    _start_over(teller, event, {*event.carried, *teller.interrupted})
    _change(teller, event)


def _moved_to_policy(teller: Teller, event: happened.RequestMovedToPolicy) -> None:
    """It goes on by another version of its policy; what is the same there stands."""
    _interrupt(teller, event.asked_again)
    _start_over(teller, event, {*event.carried, *teller.interrupted})
    words = f"Goes on by version {event.version} of the portal's policy. {event.reason}"
    teller.act(event, "COMMENT", words)


def _interrupt(teller: Teller, asked_again: tuple[str, ...]) -> None:
    if teller.opening is not None:
        teller.interrupted[teller.opening.plan.key] = teller.opening
    for key in asked_again:
        teller.interrupted.pop(key, None)


def _continued(teller: Teller, event: happened.StageContinued) -> None:
    teller.opening = teller.interrupted.pop(event.key, None)
    if teller.opening is not None and teller.opening.steps:
        teller.anchor = teller.opening.steps[0]


def _start_over(teller: Teller, event: Event, kept: set[str]) -> None:
    """The route is gone along anew; what these stages came to stays."""
    teller.opening = teller.last = None
    for key, unit in teller.places.units.items():
        if key not in kept:
            for step in (*unit.around, *unit.steps):
                _again(teller, event, step.id)
    for step in teller.rows.before.steps:
        if step.type == "CONDITION":
            _again(teller, event, step.id)


def _change(teller: Teller, event: happened.RequestResubmitted | happened.RequestAmended) -> None:
    """What is asked for now, and what was said to it."""
    if event.changed:
        instance = teller.rows.instance
        instance["context"] = context_of(event.content, instance.get("context"))
    if event.comment.strip():
        teller.act(event, "COMMENT", event.comment)


def _again(teller: Teller, event: Event, step_id: str) -> None:
    row = teller.rows.steps[step_id]
    if row.get("status") != "PENDING" or row.get("started_at") is not None:
        marks.begin_anew(row, event.at)


def context_of(content: Content, before: Any) -> Row:
    """What is asked for as the old engine keeps it: the context, with a title and an amount."""
    kept = content.fields
    context = kept["context"] if set(kept) == {"context"} and not isinstance(before, dict) else kept
    if not isinstance(context, dict):
        context = {"context": context}
    said = {text(context.get(key)) for key in ("title", "subject", "name")}
    added: Row = context if content.title in said else {**context, "title": content.title}
    if content.amount is not None:
        added = added | {"amountMinor": content.amount, "currency": content.currency}
    return added


def _held(teller: Teller, event: happened.RequestHeld) -> None:
    if teller.is_since(event):
        teller.held = event.reason


def _resumed(teller: Teller, event: happened.RequestResumed) -> None:
    if teller.is_since(event):
        teller.held, teller.resumed = None, True
        if event.comment.strip():
            teller.act(event, "COMMENT", event.comment)


Handler = Callable[[Any, Any], None]
HANDLERS: dict[type[Event], Handler] = {
    happened.RequestReturned: _returned,
    happened.RequestResubmitted: _resubmitted,
    happened.RequestAmended: _amended,
    happened.RequestMovedToPolicy: _moved_to_policy,
    happened.StageContinued: _continued,
    happened.RequestHeld: _held,
    happened.RequestResumed: _resumed,
}
