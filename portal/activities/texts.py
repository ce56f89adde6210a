"""What a batch of events says that is no part of the state: comments, reasons, answers. Pure."""

from collections.abc import Sequence
from typing import Any

from portal.activities.projection import Row, Rows, steps_of
from portal.domain.codec import encode
from portal.domain.request import events
from portal.domain.request.catalogue import UNDONE, comment_of
from portal.domain.request.events import SYSTEM, Event
from portal.domain.request.state import Approval
from portal.models.columns import new_id


def project(before: Approval, recorded: Sequence[Event]) -> tuple[Rows, Approval]:
    """The rows around a request that these events bring about, and the state after them."""
    rows, state = Rows(), before
    for event, after, changes in steps_of(before, recorded):
        rows.follow(changes)
        for comment in rows.comments:
            if comment["task_id"] in changes.undone:
                comment["about"] = UNDONE
        _explain(rows, event, after)
        _say(rows, event)
        state = after
    return rows, state


def _say(rows: Rows, event: Event) -> None:
    """The answer to the event's command, and what its person wrote."""
    if event.command_id is not None:
        reason = event.reason if isinstance(event, events.CommandRefused) else None
        rows.outcomes[event.command_id] = {
            "id": event.command_id,
            "outcome": "applied" if reason is None else "refused",
            "reason": reason,
        }
    said = comment_of(event)
    if said is None:
        return
    about, text = said
    task_id = getattr(event, "task_id", None)
    if isinstance(event, events.TaskDecided):
        rows.change_task(event.task_id, comment=text)
    rows.comments.append(
        {
            "id": new_id(),
            "request_id": event.request_id,
            "seq": event.seq,
            "author_id": None if event.actor == SYSTEM else event.actor,
            "about": about,
            "text": text,
            "task_id": task_id,
            "created_at": event.at,
        }
    )


def _explain(rows: Rows, event: Event, state: Approval) -> None:
    """Why a task is with somebody, where the event gave it to them."""
    match event:
        case events.TaskAssigned():
            rows.explain_task(event.task_id, **_why_assigned(event, state))
        case events.ApproverAdded():
            by = {"by": event.actor, "how": "added", "at": event.at, "because": event.comment}
            rows.explain_task(event.task_id, why="", given=by)
        case events.TaskEscalated():
            rows.change_task(event.task_id, escalation_level=event.level)
            rows.explain_task(
                event.task_id,
                given=_given(event),
                why=event.why,
                message=event.message,
                escalated_from=event.from_id,
                source="",
            )
        case events.TaskReassigned():
            rows.explain_task(
                event.task_id,
                given=_given(event),
                why=event.why,
                message="",
                reassigned_from=event.from_id,
                moved=event.reason,
                source="",
                delegated="",
            )
        case events.TaskDelegated():
            rows.explain_task(event.task_id, given=_given(event), delegated=event.why)
        case events.TaskGivenBack():
            rows.explain_task(event.task_id, given=_given(event), delegated=None)


def _given(event: Any) -> Row | None:
    """Who gave a task to somebody; None where the portal did by itself."""
    if event.actor == SYSTEM:
        return None
    said = getattr(event, "comment", "")
    return {"by": event.actor, "from": event.from_id, "at": event.at, "because": said}


def _why_assigned(event: events.TaskAssigned, state: Approval) -> Row:
    """The sentence, the stage's reason and facts, and who was left out."""
    if state.stage is None:
        return {"why": event.why}
    plan = state.stage.plan
    named = next((each for each in plan.people if each.person_id == event.person_id), None)
    return {
        "why": event.why,
        "source": "" if named is None else named.source,
        "place": "" if named is None else named.place,
        "reason": plan.reason,
        "facts": encode(plan.facts),
        "left_out": encode(plan.left_out),
        "used_fallback": plan.used_fallback,
        "mode": plan.mode,
        "needed": plan.needed,
        "asking_stops_clock": plan.asking_stops_clock,
    }
