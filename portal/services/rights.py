"""May this person do this at this moment? The transaction that records asks the directory."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import text

from portal.directory.rights import Lost, lost
from portal.domain.deciding.decide import find_task
from portal.domain.errors import Refusal
from portal.domain.people.permissions import Permission, Role, permissions_of
from portal.domain.request import commands
from portal.domain.request.catalogue import COMMAND_ENTRIES
from portal.domain.request.commands import Command, TaskCommand
from portal.domain.request.state import Approval, Task
from portal.domain.request.values import TaskStatus
from portal.extensions import db
from portal.services.errors import Refused, text_of
from portal.services.snapshots import RequestSnapshot

DECISIONS = (commands.Approve, commands.Reject, commands.SendBack)
_ROLES = text("SELECT roles FROM portal.users WHERE id = CAST(:id AS uuid) AND is_active")


def confirmed(about: RequestSnapshot, command: Command) -> Command:
    """The command, with the directory's word that the person may give it now.

    Raises Refused, with what was typed, where they may not (any more).
    """
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


def ended_for(about: RequestSnapshot, task: Task, person_id: str) -> Lost | None:
    """Why a person's right to an open task of theirs has ended; None while it has not."""
    return lost(db.session.connection(), about.state, task, person_id, about.now)


def _require_permission(command: Command) -> None:
    needed = COMMAND_ENTRIES[type(command)].needs
    if isinstance(command, commands.Reassign) and command.as_admin:
        needed = Permission.REASSIGN
    roles = db.session.execute(_ROLES, {"id": command.actor_id}).scalar_one_or_none()
    granted = permissions_of(frozenset(role for role in Role if role in (roles or ())))
    if roles is None or needed not in granted:
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
