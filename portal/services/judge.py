"""What a request's workflow would answer to a command: the domain's own rules, asked
beforehand, and the directory's word on rights.

A courtesy: nothing is recorded that has no chance. The workflow judges again, and its word counts.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Uuid, bindparam, select

from portal.directory.planner import Lost, all_may, lost
from portal.directory.receivers import reach
from portal.directory.staff import name_of
from portal.domain.deciding.decide import find_task
from portal.domain.errors import Refusal
from portal.domain.people.permissions import Permission, Role, permissions_of
from portal.domain.request import apply as approval
from portal.domain.request import commands
from portal.domain.request.catalogue import COMMAND_ENTRIES
from portal.domain.request.commands import Command, NamingCommand, TaskCommand
from portal.domain.request.events import CommandRefused, Event
from portal.domain.request.state import Approval, Task, TaskStatus
from portal.extensions import Question, db
from portal.models import User
from portal.services.errors import Refused, text_of
from portal.services.snapshots import RequestSnapshot

_PERSON = bindparam("person", type_=Uuid(as_uuid=False))
_ROLES = Question(select(User.roles).where(User.id == _PERSON, User.is_active))
DECISIONS = (commands.Approve, commands.Reject, commands.SendBack)


def confirmed(about: RequestSnapshot, command: Command) -> Command:
    """The command, with the directory's word that the person may give it now.

    Raises Refused, with what was typed, where they may not (any more).
    """
    if isinstance(command, commands.Retract):
        return _undoing(about, command)
    found = find_task(about.state, command.task_id) if isinstance(command, TaskCommand) else None
    # Whoever may decide a task is active and may decide: `ended_for` looks at both.
    if found is None or not isinstance(command, DECISIONS):
        _require_permission(command)
    if isinstance(command, commands.AddApprover):
        _require_part(about, command)
    if not isinstance(command, TaskCommand) or isinstance(command, commands.AnswerInformation):
        return command
    if isinstance(command, commands.Reassign) and command.as_admin:
        return command
    if found is None:
        # What waits will bring the task about: its workflow asks the directory.
        return command
    ended = ended_for(about, found[1], command.actor_id)
    if ended is not None:
        raise Refused(Refusal.NO_LONGER_YOURS, text_of(command), ended.sentence)
    return replace(command, entitled=True)


def _undoing(about: RequestSnapshot, command: commands.Retract) -> Command:
    """Whoever decided may undo that, whatever became of their right; without it, the task does not
    come back to them. While the stage was settling others may have lost theirs, too."""
    found, may = find_task(about.state, command.task_id), None
    if found is not None:
        may = all_may(db.session.connection(), about.state, found[1], about.now)
    # Whoever may decide the task once it is open again is active and may decide.
    if not may:
        _require_permission(command)
    return replace(command, entitled=may)


def ended_for(about: RequestSnapshot, task: Task, person_id: str) -> Lost | None:
    """Why a person's right to an open task of theirs has ended; None while it has not."""
    return lost(db.session.connection(), about.state, task, person_id, about.now)


def _require_permission(command: Command) -> None:
    needed = COMMAND_ENTRIES[type(command)].needs
    if isinstance(command, commands.Reassign) and command.as_admin:
        needed = Permission.REASSIGN
    mine = _ROLES.one_or_none(db.session.connection(), {"person": command.actor_id})
    granted = permissions_of(frozenset(role for role in Role if mine and role in mine.roles))
    if mine is None or needed not in granted:
        raise Refused(Refusal.NOT_ALLOWED, text_of(command))


def _require_part(about: RequestSnapshot, command: commands.AddApprover) -> None:
    """Who asked, or who is asked and still may decide, or has decided."""
    if about.state.is_by(command.actor_id):
        return
    mine = _tasks_of(about.state, command.actor_id)
    if any(task.status is TaskStatus.DECIDED for task in mine):
        return
    ended = [ended_for(about, task, command.actor_id) for task in mine]
    if ended and all(ended):
        raise Refused(Refusal.NO_LONGER_YOURS, command.comment, getattr(ended[0], "sentence", ""))


def _tasks_of(state: Approval, person_id: str) -> list[Task]:
    asked = (TaskStatus.OPEN, TaskStatus.DECIDED)
    tasks = () if state.stage is None else state.stage.tasks
    return [
        task
        for task in tasks
        if task.status in asked and person_id in (task.assignee_id, task.owner_id)
    ]


def ended_now(state: Approval, task_id: str, person_id: str) -> Refused | None:
    """What a person would be told who acted on an open task of theirs at this moment; None: they
    may. For pages, which show at once that a task is no longer somebody's."""
    found = find_task(state, task_id)
    if found is None or found[1].status is not TaskStatus.OPEN:
        return None
    ended = lost(db.session.connection(), state, found[1], person_id, datetime.now(UTC))
    return None if ended is None else Refused(Refusal.NO_LONGER_YOURS, detail=ended.sentence)


def admitted(about: RequestSnapshot, command: Command) -> Command:
    """The command as it may be stored now. Raises Refused, with what was typed, where the domain
    would refuse it, or the directory says that the person may not do this (any more)."""
    refusal = refusal_of(about, command)
    if refusal is Refusal.LATE and _was_taken(about.state, command):
        refusal = Refusal.NO_LONGER_YOURS
    if refusal is not None:
        raise Refused(refusal, text_of(command))
    return confirmed(about, command)


def _was_taken(state: Approval, command: Command) -> bool:
    """Whether it is about a task that was withdrawn because its owner lost the right to it."""
    found = find_task(state, command.task_id) if isinstance(command, TaskCommand) else None
    return found is not None and found[1].dropped and command.actor_id == found[1].assignee_id


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
