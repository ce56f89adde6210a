"""The instance itself: its outcome, its rest, or that it goes on."""

from datetime import datetime

from portal.domain.request import events as happened
from portal.domain.request.events import Event
from portal.domain.request.state import Approval
from portal.domain.request.values import Status
from portal.legacy.back import marks
from portal.legacy.back.keys import stamp
from portal.legacy.back.teller import Teller
from portal.legacy.note import with_note
from portal.legacy.records import Finding
from portal.legacy.route import route_of
from portal.legacy.units import Part

STATES = {
    Status.APPROVED: "COMPLETED",
    Status.REJECTED: "COMPLETED",
    Status.CANCELLED: "CANCELLED",
    Status.WITHDRAWN: "CANCELLED",
    Status.TIMEOUT: "FAILED",
    Status.FAILED: "FAILED",
}
TIMED_OUT = "Nobody decided in time, and every escalation had passed."
WITHDRAWN = "Withdrawn by the requester."


def close(teller: Teller, state: Approval, events: list[Event]) -> None:
    """The request has an outcome: it ends here, and what was still to come is left out."""
    row = teller.rows.instance
    row["state"] = STATES[state.status]
    assert state.closed_at is not None
    row["completed_at"] = stamp(state.closed_at)
    words = _words(state.status, events)
    row["error"] = words if row["state"] == "FAILED" else None
    for step in teller.rows.before.steps:
        passed = step.type in ("CONDITION", "PARALLEL") and state.status is Status.APPROVED
        if teller.rows.is_finished(step):
            continue
        if passed:
            marks.end(teller.rows.steps[step.id], state.closed_at, None)
        else:
            marks.leave_out(teller.rows.steps[step.id])
    note = {"number": state.number, "status": state.status.value, "state": row["state"]}
    row["metadata"] = with_note(row, **note)
    if row["state"] == "CANCELLED":
        row["metadata"]["cancellationReason"] = words


def go_on(teller: Teller, state: Approval, now: datetime) -> None:
    """The request is open: it rests where it was held since, and otherwise it is in progress."""
    row = teller.rows.instance
    if state.status is Status.ON_HOLD and teller.held is not None:
        row["state"], row["error"] = "SUSPENDED", teller.held
    elif state.status is not Status.ON_HOLD:
        if row.get("state") in ("WAITING", "SUSPENDED"):
            row["error"] = None
        row["state"] = "IN_PROGRESS"
    if teller.resumed:
        row["metadata"] = with_note(row, number=state.number, resumed=True)
    if teller.opening is None:
        _begin_next(teller, now)


def _begin_next(teller: Teller, now: datetime) -> None:
    """No stage is open: the next approval of the old route begins, as the engine should have."""
    instance = teller.rows.as_instance()
    if not instance.steps or any(step.is_under_way for step in instance.steps):
        return
    for unit in route_of(instance, Finding()).ahead:
        if unit.part is Part.LEFT_OUT:
            for step in unit.steps:
                marks.leave_out(teller.rows.steps[step.id])
        elif unit.part is Part.APPROVAL:
            for step in (*unit.around, *unit.steps):
                marks.begin(teller.rows.steps[step.id], now)
            return


def _words(status: Status, events: list[Event]) -> str:
    for event in reversed(events):
        match event:
            case happened.RequestCancelled(reason=reason):
                return reason or "Cancelled."
            case happened.RequestWithdrawn(comment=comment):
                return f"{WITHDRAWN} {comment}".strip()
            case happened.RequestFailed(reason=reason):
                return reason
    return TIMED_OUT if status is Status.TIMEOUT else ""
