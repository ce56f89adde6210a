"""What a request's workflow would answer to a command: the domain's own rules, asked beforehand.

A courtesy: nothing is recorded that has no chance. The workflow judges again, and its word counts.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from portal.directory.receivers import reach
from portal.directory.staff import name_of
from portal.domain.errors import Refusal
from portal.domain.request import apply as approval
from portal.domain.request.commands import Command, NamingCommand
from portal.domain.request.events import CommandRefused, Event
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.services.errors import Refused, text_of
from portal.services.rights import confirmed
from portal.services.snapshots import RequestSnapshot


def admitted(about: RequestSnapshot, command: Command) -> Command:
    """The command as it may be stored now. Raises Refused, with what was typed, where the domain
    would refuse it, or the directory says that the person may not do this (any more)."""
    refusal = refusal_of(about, command)
    if refusal is not None:
        raise Refused(refusal, text_of(command))
    return confirmed(about, command)


def refusal_of(about: RequestSnapshot, command: Command) -> Refusal | None:
    """Why the command would have no effect; None where it would have one.

    Whatever waits to be applied may still bring the request to where the command makes sense, such
    as a decision that is taken back before it was applied: only what makes sense neither now nor
    then is refused.
    """
    if isinstance(command, NamingCommand):
        command = _introduced(about, command)
    now = _refused(about.state, command, about.now)
    if now is None:
        return None
    ahead = _ahead(about)
    if ahead is not about.state and _refused(ahead, command, about.now) is None:
        return None
    return now


def _introduced(about: RequestSnapshot, command: NamingCommand) -> NamingCommand:
    """The command with what the directory says of the person it names, as the workflow asks it."""
    connection, task_id = db.session.connection(), getattr(command, "task_id", None)
    name = name_of(connection, command.to_id)
    near = reach(connection, about.state, task_id, command.to_id, about.now) if name else None
    return replace(command, to_name=name, to_reach=near)


def _refused(state: Approval, command: Command, now: datetime) -> Refusal | None:
    for event in approval.apply(state, command, now):
        if isinstance(event, CommandRefused):
            return Refusal(event.reason)
    return None


def _ahead(about: RequestSnapshot) -> Approval:
    """The state once everything is applied that is due or waits, as far as routing is not asked."""
    state = about.state
    while (due := approval.next_due(state)) is not None and due <= about.now:
        state = _after(state, approval.tick(state, about.now))
    for each in about.waiting:
        command = _introduced(about, each) if isinstance(each, NamingCommand) else each
        state = _after(state, approval.apply(state, command, about.now))
    return state


def _after(state: Approval, events: Iterable[Event]) -> Approval:
    for event in events:
        state = approval.evolve(state, event)
    return state
