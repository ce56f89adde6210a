"""What happens to a stage and its tasks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from portal.domain.event import Event
from portal.domain.plan import StagePlan
from portal.domain.policy import Decision
from portal.domain.request import Via


@dataclass(frozen=True, kw_only=True)
class StageSkipped(Event):
    """A stage was not needed, and why."""

    tag: ClassVar[str] = "stage:skipped"
    index: int
    key: str
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class StageOpened(Event):
    """A stage began; `opening` counts the stages opened so far in this request, from 1."""

    tag: ClassVar[str] = "stage:opened"
    round: int
    opening: int
    plan: StagePlan


@dataclass(frozen=True, kw_only=True)
class TaskAssigned(Event):
    """A person was asked to decide."""

    tag: ClassVar[str] = "task:assigned"
    task_id: str
    round: int
    index: int
    stage_key: str
    person_id: str
    group: str | None = None
    due_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskDecided(Event):
    """A task got its decision. `settles_at`: when the stage moves on unless undone, if it can."""

    tag: ClassVar[str] = "task:decided"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    decision: Decision
    content_version: int
    content_hash: str
    comment: str = ""
    settles_at: datetime | None = None
    via: Via = Via.WEB
    files: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class DecisionRetracted(Event):
    """A decision was undone inside its undo window; its task is open again.

    `settles_at`: when the stage still moves on, if it has its verdict without this decision.
    """

    tag: ClassVar[str] = "task:retracted"
    task_id: str
    settles_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DecisionCarried(Event):
    """A decision stands in a stage that was interrupted and is opened anew.

    It did not depend on what changed. `task_id` is the task it was made on; `settles_at`: when
    the stage moves on, if this completes what it needs and somebody can still undo.
    """

    tag: ClassVar[str] = "task:carried"
    task_id: str
    person_id: str
    decision: Decision
    decided_by: str
    acting_for: str | None = None
    delegation_id: str | None = None
    group: str | None = None
    due_at: datetime | None = None
    undo_until: datetime | None = None
    settles_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TaskEscalated(Event):
    """A task moved to another person because of time."""

    tag: ClassVar[str] = "task:escalated"
    task_id: str
    level: int
    from_id: str
    to_id: str
    message: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskReassigned(Event):
    """A task moved to another person for good, with its ownership.

    `comment`: what the person who moved it said. `reason`: why the portal moved it by itself.
    `why`: why it came to this person.
    """

    tag: ClassVar[str] = "task:reassigned"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    from_id: str
    to_id: str
    comment: str = ""
    reason: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskDelegated(Event):
    """Somebody acts for a task's owner (`from_id`), whose it stays.

    `delegation_id` and `until`: the owner's absence that brought it about; None for this task only.
    """

    tag: ClassVar[str] = "task:delegated"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    from_id: str
    to_id: str
    comment: str = ""
    why: str = ""
    delegation_id: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TaskGivenBack(Event):
    """A delegated task is with its owner (`to_id`) again, and why.

    `comment`: what the person who ended the delegation said. `reason`: why the portal ended it.
    """

    tag: ClassVar[str] = "task:given-back"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    from_id: str
    to_id: str
    reason: str = ""
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskExpired(Event):
    """A task's last deadline passed undecided."""

    tag: ClassVar[str] = "task:expired"
    task_id: str


@dataclass(frozen=True, kw_only=True)
class TaskWithdrawn(Event):
    """A task is no longer needed, and why. `dropped`: since who had it may not decide any more."""

    tag: ClassVar[str] = "task:withdrawn"
    task_id: str
    reason: str
    dropped: bool = False


@dataclass(frozen=True, kw_only=True)
class ReminderDue(Event):
    """People are reminded: by the clock, or by the requester's nudge (then `actor` is a person).

    `number` counts the clock's reminders of this stage, from 1. `escalation` is the level this
    reminder goes with (the tasks that did not move), and 0 for every other reminder.
    """

    tag: ClassVar[str] = "task:reminded"
    task_ids: tuple[str, ...]
    number: int = 0
    escalation: int = 0


@dataclass(frozen=True, kw_only=True)
class StageContinued(Event):
    """The route was looked at anew and still leads here: the stage goes on as it was."""

    tag: ClassVar[str] = "stage:continued"
    index: int
    key: str
    opening: int


@dataclass(frozen=True, kw_only=True)
class StagePassed(Event):
    """A stage has the approvals it needs (or told its people, for a notify stage).

    `deciders`: who approved; `acted_for`: in whose place some of them did. `overridden_by`: the
    admin who let it pass without enough approvals.
    """

    tag: ClassVar[str] = "stage:passed"
    index: int
    key: str
    deciders: tuple[str, ...] = ()
    acted_for: tuple[str, ...] = ()
    overridden_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class StageFailed(Event):
    """A stage was rejected, or can no longer get the approvals it needs."""

    tag: ClassVar[str] = "stage:failed"
    index: int
    key: str
    reason: str
