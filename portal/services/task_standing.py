"""How a task stands, as far as a service has to know before it records a command about it.

These are courtesies: the workflow judges again, and its word counts.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, Uuid, bindparam, select

from portal.domain.errors import Refusal
from portal.domain.request.values import Status, TaskStatus
from portal.extensions import db
from portal.models import Command, Request, Task
from portal.services.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStanding:
    """A task with its request. `request_for`: whom the request is for, beside who asked.

    `is_asking`: it waits for information. `sent_before`: the form's key was used, and its result
    stands.
    """

    task_id: str
    request_id: str
    number: str
    workflow: str
    status: Status
    requester_id: str
    request_for: str | None
    round: int
    content_version: int
    assignee_id: str
    acting_for: str | None
    task_status: str
    is_settling: bool
    is_asking: bool
    sent_before: bool

    def is_owner(self, person_id: str) -> bool:
        """Whether the task is that person's, whoever has it."""
        return person_id == (self.acting_for or self.assignee_id)

    def is_own_request(self, person_id: str) -> bool:
        """Whether that person asked, or it is asked on their behalf."""
        return person_id in (self.requester_id, self.request_for)

    @property
    def over(self) -> Refusal | None:
        """LATE, unless the task can still be decided."""
        decidable = self.task_status == TaskStatus.OPEN and not self.is_settling
        return None if decidable and self.status.is_open else Refusal.LATE


def task_standing(task_id: str, command_id: str, actor_id: str) -> TaskStanding:
    """The task of that id, for a command of that id.

    Raises Refused where there is no such task, or where the id belongs to another command.
    """
    row = db.session.execute(_statement(), {"task": task_id, "command": command_id}).one_or_none()
    if row is None:
        raise Refused(Refusal.UNKNOWN_TASK)
    if row.sender_id is not None and (row.sender_id, row.sent_about) != (actor_id, task_id):
        raise Refused(Refusal.NOT_ALLOWED)
    return TaskStanding(
        task_id=task_id,
        request_id=row.request_id,
        number=row.number,
        workflow=row.workflow,
        status=Status(row.status),
        requester_id=row.requester_id,
        request_for=row.request_for,
        round=row.round,
        content_version=row.content_version,
        assignee_id=row.assignee_id,
        acting_for=row.acting_for,
        task_status=row.task_status,
        is_settling=row.settles_at is not None,
        is_asking=row.asked_at is not None,
        sent_before=row.sender_id is not None,
    )


@cache
def _statement() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Task.request_id, Task.assignee_id, Task.acting_for, Task.asked_at, Task.round,
            Task.status.label("task_status"), Request.number, Request.workflow, Request.status,
            Request.requester_id, Request.content_version, Request.settles_at,
            Request.on_behalf_of.label("request_for"), Command.actor_id.label("sender_id"),
            Command.task_id.label("sent_about"),
        )
        .join(Request, Request.id == Task.request_id)
        .outerjoin(Command, Command.id == bindparam("command", type_=Uuid(as_uuid=False)))
        .where(Task.id == bindparam("task", type_=Uuid(as_uuid=False)))
    )  # fmt: skip
