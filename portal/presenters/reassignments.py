"""Tasks that changed hands: from whom, by whom and why, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.domain.request.values import TaskStatus
from portal.queries.request import TaskRecord

NEEDED = "The stage passes only with your approval, whatever the others say."
BOTH_NAMES = "Your decision will stand with both your names."


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a task that was the reader's: a sentence, and the reason that was given.

    `task_id`: of one that is still theirs, so that they can take it back.
    """

    text: str
    because: str
    at: datetime | None
    task_id: str = ""


def people_in(tasks: Iterable[TaskRecord]) -> set[str]:
    """Ids of the people who gave tasks away, or had them before."""
    ids = (given_of(task).get(side) for task in tasks for side in ("by", "from"))
    return {person for person in ids if person}


def away_from(tasks: Iterable[TaskRecord], names: Mapping[str, str], me: str) -> list[Handed]:
    """The open tasks that the reader had and that somebody gave to someone else."""
    return [
        _away(task, names, me)
        for task in tasks
        if task.status == TaskStatus.OPEN
        and given_of(task).get("from") == me
        and task.assignee_id != me
    ]


def how_it_came(task: TaskRecord, names: Mapping[str, str]) -> list[str]:
    """Why a task that changed hands is with whom it is; nothing for one that did not."""
    given = given_of(task)
    if not given:
        return []
    by, before = _name(names, given.get("by")), _name(names, given.get("from"))
    whose = "" if given.get("by") == given.get("from") else f" in place of {before}"
    because = f": “{given['because']}”" if given.get("because") else "."
    if given.get("how") == "added":
        return [f"{by} wants your approval, too{because}", NEEDED]
    if task.acting_for is not None:
        return [f"{by} asks you to decide for them{because}", BOTH_NAMES]
    return [f"{by} handed this over to you{whose}{because}"]


def given_of(task: TaskRecord) -> Mapping[str, Any]:
    """Who gave the task to somebody, from whom, when and why; empty for one nobody gave."""
    given = task.why.get("given")
    return given if isinstance(given, dict) else {}


def _away(task: TaskRecord, names: Mapping[str, str], me: str) -> Handed:
    given = given_of(task)
    who = "You" if given.get("by") == me else _name(names, given.get("by"))
    what = "this" if given.get("by") == me else "your task"
    text = f"{who} handed {what} over to {task.assignee_name}, who decides now."
    lent = task.acting_for is not None and task.delegation_id is None
    if lent:
        text = f"You delegated this to {task.assignee_name}, who decides for you."
    return Handed(
        text=text,
        because=str(given.get("because") or ""),
        at=datetime.fromisoformat(given["at"]) if given.get("at") else None,
        task_id=task.id if lent else "",
    )


def _name(names: Mapping[str, str], person: str | None) -> str:
    return names.get(person or "", "Somebody")
