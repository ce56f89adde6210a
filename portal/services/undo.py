"""Take one's own decision back while its undo window is open."""

from datetime import UTC, datetime

from sqlalchemy import select

from portal.domain.errors import Refusal
from portal.domain.request.click import Click
from portal.domain.request.commands import Retract
from portal.extensions import db
from portal.models import Request, Task
from portal.services.commands import Receipt, issue
from portal.services.errors import Refused


def undo(task_id: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Record the wish; the workflow knows whether there is still time.

    Raises Refused where the task is unknown or somebody else's.
    """
    columns = (Task.request_id, Task.assignee_id, Task.acting_for, Task.decided_by)
    row = db.session.execute(
        select(*columns, Request.number, Request.workflow)
        .join(Request, Request.id == Task.request_id)
        .where(Task.id == task_id)
    ).one_or_none()
    if row is None:
        raise Refused(Refusal.UNKNOWN_TASK)
    if actor_id != (row.decided_by or row.assignee_id):
        raise Refused(Refusal.NOT_YOURS)
    command = Retract(
        command_id=command_id,
        request_id=row.request_id,
        actor_id=actor_id,
        on_behalf_of=row.acting_for,
        at=datetime.now(UTC),
        task_id=task_id,
    )
    return issue(command, click, row.number, row.workflow)
