"""Commands as they come in: decoded and applied, or refused when they make no sense here."""

from dataclasses import replace
from datetime import datetime

from portal.domain import codec
from portal.domain.errors import CannotDecode, Refusal
from portal.domain.request import apply as approval
from portal.domain.request.commands import COMMANDS, Approve, NamingCommand, Reject, SendBack
from portal.domain.request.events import SYSTEM, CommandRefused, Event
from portal.domain.request.state import Approval
from portal.workflows.messages import CommandMessage, StaffAnswer

DECISIONS = frozenset(each.__name__ for each in (Approve, Reject, SendBack))


def apply(state: Approval, message: CommandMessage, now: datetime) -> list[Event]:
    """What a command makes happen; one that this version cannot read is refused, never an error."""
    kind = COMMANDS.get(message.kind)
    if kind is None:
        return _unsupported(state, message, now)
    try:
        command = codec.decode(kind, message.payload)
    except CannotDecode:
        return _unsupported(state, message, now)
    if command.command_id != message.command_id:
        return _unsupported(state, message, now)
    return approval.apply(state, command, now)


def person_named(message: CommandMessage) -> str | None:
    """The person to whom the command gives a task, as long as the directory was not asked."""
    kind = COMMANDS.get(message.kind)
    if kind is None or not issubclass(kind, NamingCommand):
        return None
    person = message.payload.get("to_id")
    known = message.payload.get("to_name") is not None
    return person if isinstance(person, str) and not known else None


def task_named(message: CommandMessage) -> str | None:
    """The task that the command is about, if it is about one."""
    task_id = message.payload.get("task_id")
    return task_id if isinstance(task_id, str) else None


def introduced(message: CommandMessage, answer: StaffAnswer) -> CommandMessage:
    """The command with what the directory says of the person it names."""
    said = {"to_name": answer.name, "to_reach": answer.reach}
    return replace(message, payload={**message.payload, **said})


def task_decided(message: CommandMessage) -> str | None:
    """The task that the command decides, as long as nobody asked whether the person had the right
    to it when the command was recorded."""
    if message.kind not in DECISIONS or message.payload.get("entitled") is not None:
        return None
    return task_named(message)


def vouched(message: CommandMessage, *, is_entitled: bool) -> CommandMessage:
    """The command with what the directory says of the right to it."""
    return replace(message, payload={**message.payload, "entitled": is_entitled})


def given_at(message: CommandMessage, now: datetime) -> datetime:
    """When a person gave the command; now, if it does not say."""
    try:
        given = datetime.fromisoformat(message.payload["at"])
    except (KeyError, TypeError, ValueError):
        return now
    return given if given.tzinfo is not None else now


def _unsupported(state: Approval, message: CommandMessage, now: datetime) -> list[Event]:
    if message.command_id in state.handled:
        return []
    actor = message.payload.get("actor_id")
    refused = CommandRefused(
        request_id=state.request_id,
        seq=state.seq + 1,
        at=now,
        actor=actor if isinstance(actor, str) else SYSTEM,
        command_id=message.command_id,
        kind=message.kind,
        reason=Refusal.UNSUPPORTED.value,
    )
    return [refused]
