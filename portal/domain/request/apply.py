"""The aggregate: a request's state, and what commands, routing and the clock make happen to it.

Everything here is pure. `apply`, `route` and `tick` answer with events, numbered after the state's
last one, and with an empty list when there is nothing to do; the caller folds them with `evolve`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from portal.domain.deciding import decide, override
from portal.domain.deciding.decide import Verdict, verdict
from portal.domain.errors import Refusal
from portal.domain.people import add_approver, delegation, reassignment
from portal.domain.policy import move
from portal.domain.request import amend, commands, information, lifecycle
from portal.domain.request.catalogue import COMMAND_ENTRIES, text_of
from portal.domain.request.commands import Command
from portal.domain.request.events import CommandRefused, Event
from portal.domain.request.evolve import EventRecorder, evolve, fold
from portal.domain.request.state import Approval
from portal.domain.routing import rerouting
from portal.domain.routing.step import question, question_ahead, route, task_id
from portal.domain.time.clock import next_due, tick

__all__ = [
    "Approval", "Verdict", "apply", "evolve", "fold", "next_due", "question",
    "question_ahead", "route", "task_id", "tick", "verdict",
]  # fmt: skip

# A handler adds events to the recorder, or adds none and says why not.
Handler = Callable[[EventRecorder, Any], Refusal | None]

HANDLERS: dict[type[Command], Handler] = {
    commands.Submit: lifecycle.submit,
    commands.Approve: decide.decide,
    commands.Reject: decide.decide,
    commands.SendBack: decide.decide,
    commands.Retract: decide.retract,
    commands.Resubmit: lifecycle.resubmit,
    commands.Amend: amend.amend,
    commands.Override: override.override,
    commands.MoveToPolicy: move.move,
    commands.Comment: lifecycle.comment,
    commands.Withdraw: lifecycle.withdraw,
    commands.Cancel: lifecycle.cancel,
    commands.Hold: lifecycle.hold,
    commands.Resume: lifecycle.resume,
    commands.Remind: lifecycle.remind,
    commands.Reassign: reassignment.reassign,
    commands.Delegate: reassignment.delegate,
    commands.TakeBack: reassignment.take_back,
    commands.AddApprover: add_approver.add_approver,
    commands.AskInformation: information.ask,
    commands.AnswerInformation: information.answer,
    commands.StartDelegation: delegation.start,
    commands.EndDelegation: delegation.end,
    commands.ReviewPeople: rerouting.question_route,
}


# The commands that one request takes. Their ids travel with its state, which Temporal takes up to
# 2 MiB: beside the largest form (1.5 MB, escaped) and everybody who may be asked there is room for
# so many. What brings a request to an end goes on, and so does what the portal itself has to say.
MOST_HANDLED = 5_000
FINISHING = frozenset(
    {commands.Approve, commands.Reject, commands.SendBack, commands.Override, commands.Withdraw,
     commands.Cancel}
)  # fmt: skip


def apply(state: Approval, command: Command, now: datetime) -> list[Event]:
    """What a command makes happen now: events, one CommandRefused, or nothing if it was handled."""
    if command.command_id in state.handled:
        return []
    recorder = EventRecorder(state, now, command)
    refusal = _not_at_all(state, command) or HANDLERS[type(command)](recorder, command)
    if refusal is not None:
        _refuse(recorder, command, refusal)
    return recorder.events


def _not_at_all(state: Approval, command: Command) -> Refusal | None:
    kind = type(command)
    if kind not in HANDLERS:
        return Refusal.UNSUPPORTED
    if command.request_id != state.request_id:
        return Refusal.NOT_ALLOWED
    if not state.is_open:
        return COMMAND_ENTRIES[kind].when_closed
    if state.round == 0 and kind is not commands.Submit:
        return Refusal.NOT_ALLOWED
    if _is_full(state) and kind not in FINISHING and COMMAND_ENTRIES[kind].needs is not None:
        return Refusal.FULL
    return None


def _is_full(state: Approval) -> bool:
    return len(state.handled) >= MOST_HANDLED


def _refuse(recorder: EventRecorder, command: Command, refusal: Refusal) -> None:
    recorder.by_actor(
        CommandRefused,
        kind=commands.kind_of(command),
        reason=refusal.value,
        task_id=getattr(command, "task_id", None),
        comment=text_of(command),
    )
