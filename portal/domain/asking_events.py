"""What people ask of each other beside a decision: information, and one approval more."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from portal.domain.event import Event


@dataclass(frozen=True, kw_only=True)
class ApproverAdded(Event):
    """Somebody beside the policy's people has to approve, too, and why."""

    tag: ClassVar[str] = "task:added"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    round: int
    index: int
    stage_key: str
    person_id: str
    due_at: datetime | None = None
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class InformationAsked(Event):
    """Whoever has a task asked the requester something; it stays to be decided."""

    tag: ClassVar[str] = "task:information:asked"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class InformationGiven(Event):
    """The requester answered what was asked about a task."""

    tag: ClassVar[str] = "task:information:given"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    comment: str
