"""Why a task is with somebody, as it is kept beside the task."""

from typing import Any

from portal.activities.rows import Row
from portal.domain.codec import encode
from portal.domain.request import events as asking_events
from portal.domain.request import events as stage_events
from portal.domain.request.events import SYSTEM
from portal.domain.routing.plan import StagePlan


def given(event: Any) -> Row | None:
    """Who gave a task to somebody; None where the portal did by itself."""
    if event.actor == SYSTEM:
        return None
    said = getattr(event, "comment", "")
    return {"by": event.actor, "from": event.from_id, "at": event.at, "because": said}


def why_of(event: stage_events.TaskAssigned, plan: StagePlan) -> Row:
    """Why this came to the person: the sentence, the stage's reason and facts, who was left out."""
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


def why_added(event: asking_events.ApproverAdded) -> Row:
    """Why this came to somebody whom a person added."""
    by = {"by": event.actor, "how": "added", "at": event.at, "because": event.comment}
    return {"why": "", "given": by}
