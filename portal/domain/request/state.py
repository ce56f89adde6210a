"""A request's content and the aggregate's state: frozen, folded from events, small enough to start
a workflow from."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.domain.policy.policy import Decision
from portal.domain.request.reasons import Kept
from portal.domain.routing.plan import StagePlan


@dataclass(frozen=True, kw_only=True)
class Click:
    """The address and the browser of a click; None where it did not come by the web."""

    ip: str | None = None
    user_agent: str | None = None


class Status(StrEnum):
    """Where a request is; the first three are open, the rest are outcomes."""

    PENDING = "PENDING"
    ON_HOLD = "ON_HOLD"
    RETURNED = "RETURNED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    TIMEOUT = "TIMEOUT"
    WITHDRAWN = "WITHDRAWN"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"

    @property
    def is_open(self) -> bool:
        """True while the request's workflow runs."""
        return self in OPEN


OPEN = frozenset({Status.PENDING, Status.ON_HOLD, Status.RETURNED})


class TaskStatus(StrEnum):
    """Where a task is. Only OPEN tasks stand in an inbox."""

    OPEN = "OPEN"
    DECIDED = "DECIDED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class Priority(StrEnum):
    """How pressing a request is, as the requester or its type says."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"
    CRITICAL = "CRITICAL"


class Via(StrEnum):
    """How a command came in; BULK: as one of many, through a review page."""

    WEB = "web"
    BULK = "bulk"
    LINK = "link"
    API = "api"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is asked for. `amount` is in minor units of `currency` (cents); both or neither."""

    title: str
    fields: dict[str, Any] = field(default_factory=dict)
    amount: int | None = None
    currency: str | None = None

    def fingerprint(self) -> str:
        """SHA-256 (hex) over the canonical JSON of the content: the same content, the same text."""
        document = {
            "title": self.title,
            "fields": self.fields,
            "amount": self.amount,
            "currency": self.currency,
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def changed_from(self, other: "Content") -> tuple[str, ...]:
        """Names of what differs, sorted: form field names, and "title", "amount", "currency"."""
        names = {
            name
            for name in self.fields.keys() | other.fields.keys()
            if self.fields.get(name) != other.fields.get(name)
        }
        for name in ("title", "amount", "currency"):
            if getattr(self, name) != getattr(other, name):
                names.add(name)
        return tuple(sorted(names))


@dataclass(frozen=True, kw_only=True)
class Task:
    """One person's to-do in a stage and round.

    `acting_for`: the task's owner, where a delegate has it. `delegation_id`: the owner's absence
    that brought it there; None for this task only. `undo_until`: the decision can be retracted
    before this time. `dropped`: withdrawn since its owner may not decide any more; the stage does
    without. `asked_at`: it waits for information from the requester since then;
    `question` is what `asked_by` asked.
    `added`: by a person and not by the policy, whose votes it does not count among.
    """

    id: str
    assignee_id: str
    group: str | None = None
    status: TaskStatus = TaskStatus.OPEN
    decision: Decision | None = None
    decided_by: str | None = None
    due_at: datetime | None = None
    undo_until: datetime | None = None
    acting_for: str | None = None
    delegation_id: str | None = None
    dropped: bool = False
    asked_at: datetime | None = None
    question: str = ""
    asked_by: str | None = None
    added: bool = False

    @property
    def owner_id(self) -> str:
        """Whose task it is, whoever has it."""
        return self.acting_for or self.assignee_id


@dataclass(frozen=True, kw_only=True)
class OpenStage:
    """The stage under way: its plan, its tasks, what the clock did so far, and when it settles.

    `settles_at` is set while the stage has what it needs and waits for its undo window to end.
    `paused_at` is set while its other times stand still, because information was asked for.
    """

    plan: StagePlan
    opening: int
    opened_at: datetime
    tasks: tuple[Task, ...] = ()
    reminders_sent: int = 0
    escalations_done: int = 0
    expired: bool = False
    settles_at: datetime | None = None
    paused_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PassedStage:
    """A stage that was approved: when (which round), by whom, and which fields it read.

    A notify stage stands here without deciders. `acted_for`: who was represented.
    `overridden_by`: the admin who let it pass.
    """

    key: str
    index: int
    round: int
    deciders: tuple[str, ...] = ()
    reads: tuple[str, ...] | None = None
    acted_for: tuple[str, ...] = ()
    overridden_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Everything the workflow knows about a request: the fold of its events (`approval.evolve`).

    `next_index`: the policy stage from which routing goes on. `wants_route`: routing has to be
    asked now. `passed`: the approvals that stand; `carried`: keys of those from earlier rounds.
    `interrupted`: stages that were under way when the request changed, until routing says whether
    each goes on, is opened anew with the decisions that stand, or is not needed any more.
    `attention`: why nobody could be asked, until `attention_retry_at`, and how many times in a
    row. `handled`: ids of the commands dealt with. `nudged_at`: the requester's last nudge.
    `waiting_since`: since when it is whoever's turn it is now. `hold_reason`: why it was held last.
    `returned_by`: who sent it back, until it is changed; `changed`: the fields changed last.
    """

    request_id: str
    seq: int = 0
    number: str = ""
    type_code: str = ""
    policy_version_id: str = ""
    requester_id: str = ""
    on_behalf_of: str | None = None
    content: Content = field(default_factory=lambda: Content(title=""))
    content_version: int = 0
    content_hash: str = ""
    priority: Priority = Priority.MEDIUM
    status: Status = Status.PENDING
    round: int = 0
    opening: int = 0
    next_index: int = 0
    wants_route: bool = False
    stage: OpenStage | None = None
    interrupted: tuple[OpenStage, ...] = ()
    passed: tuple[PassedStage, ...] = ()
    carried: tuple[str, ...] = ()
    attention: Kept | None = None
    attention_retry_at: datetime | None = None
    attention_count: int = 0
    held_at: datetime | None = None
    nudged_at: datetime | None = None
    waiting_since: datetime | None = None
    hold_reason: str | None = None
    returned_by: str | None = None
    changed: tuple[str, ...] = ()
    submitted_at: datetime | None = None
    closed_at: datetime | None = None
    handled: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """True until the request has an outcome."""
        return self.status.is_open

    def is_by(self, person_id: str) -> bool:
        """True for who asked, and for whom it is asked."""
        return person_id in (self.requester_id, self.on_behalf_of)

    @property
    def under_way(self) -> tuple[OpenStage, ...]:
        """The open stage, and those that were interrupted."""
        return (*(() if self.stage is None else (self.stage,)), *self.interrupted)

    def interrupted_stage(self, key: str) -> OpenStage | None:
        """The interrupted stage of that key."""
        return next((each for each in self.interrupted if each.plan.key == key), None)

    @property
    def has_approval(self) -> bool:
        """True if somebody's approval of an earlier stage stands, or an override of one."""
        return any(stage.deciders or stage.overridden_by for stage in self.passed)

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """The tasks somebody can decide now (or after a hold, or once the route is clear)."""
        tasks = (task for stage in self.under_way for task in stage.tasks)
        return tuple(task for task in tasks if task.status is TaskStatus.OPEN)
