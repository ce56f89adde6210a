"""What pages hand to the component macros; any record with the same attributes does as well."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's part in a step. `decision` is None while the task is open."""

    name: str
    decision: str | None = None
    at: datetime | None = None
    acting_for: str | None = None
    comment: str = ""
    is_you: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the progress list.

    `state`: done, failed, returned, again, current, future or skipped. `rule` says how many must
    approve; `reason` why the step is here or is not needed. `votes` may be empty for a future step.
    """

    state: str
    title: str
    rule: str = ""
    reason: str = ""
    at: datetime | None = None
    since: datetime | None = None
    due_at: datetime | None = None
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment in the conversation. `label` says what it came with, such as "sent it back"."""

    name: str
    at: datetime
    text: str
    acting_for: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A field before and after. None means it was empty."""

    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Tab:
    """One view of a list."""

    label: str
    url: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter and the address of the page without it."""

    label: str
    value: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One audit event as listed. `who` is a full name, or "The system"."""

    number: int
    at: datetime
    who: str
    kind: str
    words: str
    tone: str = "neutral"
    icon: str = "minus-circle"
    detail: str = ""
    acting_for: str | None = None
    standing: str = ""
    comment: str = ""
    changes: tuple[Change, ...] = ()
    url: str | None = None
