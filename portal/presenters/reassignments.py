"""Tasks that changed hands: from whom, by whom and why, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.domain.request.values import TaskStatus
from portal.queries.request import TaskRecord
from portal.translation import _


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a task that was the reader's: a sentence, and the reason that was given.

    `task_id`: of one that is still theirs, so that they can take it back.
    """

    text: str
    because: str
    at: datetime | None
    task_id: str = ""


def away_from(tasks: Iterable[TaskRecord], names: Mapping[str, str], me: str) -> list[Handed]:
    """The open tasks that the reader had and that somebody gave to someone else."""
    return [
        _away(task, names, me)
        for task in tasks
        if task.status == TaskStatus.OPEN
        and given_of(task).get("from") == me
        and task.assignee_id != me
    ]


def given_of(task: TaskRecord) -> Mapping[str, Any]:
    """Who gave the task to somebody, from whom, when and why; empty for one nobody gave."""
    given = task.why.get("given")
    return given if isinstance(given, dict) else {}


def _away(task: TaskRecord, names: Mapping[str, str], me: str) -> Handed:
    given, name = given_of(task), task.assignee_name
    lent = task.acting_for is not None and task.delegation_id is None
    if lent:
        text = _("You delegated this to %(name)s, who decides for you.", name=name)
    elif given.get("by") == me:
        text = _("You reassigned this to %(name)s, who decides now.", name=name)
    else:
        by = names.get(given.get("by") or "", _("Somebody"))
        text = _("%(by)s reassigned your task to %(name)s, who decides now.", by=by, name=name)
    return Handed(
        text=text,
        because=str(given.get("because") or ""),
        at=datetime.fromisoformat(given["at"]) if given.get("at") else None,
        task_id=task.id if lent else "",
    )
