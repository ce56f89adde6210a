"""What pages hand to the component macros; any record with the same attributes does as well."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the progress list.

    `state`: done, failed, returned, again, current, future or skipped. `who` says in a line who did
    it or who will be asked; `note` why it is here or what followed; `number`: which stage it is,
    0 for what is no stage.
    """

    state: str
    title: str
    who: str = ""
    at: datetime | None = None
    due_at: datetime | None = None
    number: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment in the conversation. `label` says what it came with, such as "returned it"; of
    one's own (`is_own`), `name` is a sentence that says so."""

    name: str
    at: datetime
    text: str
    label: str = ""
    initials: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class FieldChange:
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
    """One audit event or act as listed. `who` is a full name, or "The system". `number`: its number
    in the list, "" for none yet; `on`: what it is about, with `on_note` below; `is_sealed`: it
    stands in the log, None where that is not asked."""

    number: int | str
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
    changes: tuple[FieldChange, ...] = ()
    url: str | None = None
    on: str = ""
    on_url: str | None = None
    on_note: str = ""
    is_sealed: bool | None = None
