"""Plain words for what the domain names in capitals. Unknown names become words, never blanks."""

import re
from dataclasses import dataclass
from enum import Enum

from portal.domain.request.catalogue import COMMANDS_BY_NAME
from portal.translation import _


@dataclass(frozen=True, slots=True)
class Label:
    """Words with an icon and a tone (neutral, info, ok, warn, bad): colour never stands alone."""

    words: str
    tone: str = "neutral"
    icon: str = "minus-circle"
    sentence: str = ""


STATUSES = {
    "STARTING": Label(
        "Recorded, being started", "info", "arrow-path", "Recorded. It is being started."
    ),
    "PENDING": Label("Waiting for approval", "info", "clock", "Waiting for someone to decide."),
    "ON_HOLD": Label("On hold", "warn", "pause-circle", "On hold. All deadlines are stopped."),
    "RETURNED": Label("Sent back", "warn", "arrow-uturn-left", "Sent back to be changed."),
    "APPROVED": Label("Approved", "ok", "check-circle", "Approved by everyone who had to."),
    "REJECTED": Label("Rejected", "bad", "x-circle", "Rejected."),
    "TIMEOUT": Label(
        "Ran out of time", "bad", "clock", "Every deadline passed without a decision."
    ),
    "WITHDRAWN": Label("Withdrawn", "neutral", "minus-circle", "Withdrawn by the requester."),
    "CANCELLED": Label("Cancelled", "neutral", "no-symbol", "Cancelled by an administrator."),
    "FAILED": Label("Failed", "bad", "exclamation-triangle", "Failed in the old system."),
    "QUESTION": Label(
        "Waiting for an answer", "warn", "question-mark-circle", "An approver asked something."
    ),
    "ATTENTION": Label(
        "Needs attention", "bad", "exclamation-triangle", "An administrator must look."
    ),
}
PRIORITIES = {
    "LOW": Label("Low", "neutral", "chevron-down", "priority"),
    "MEDIUM": Label("Normal", "neutral", "minus", "priority"),
    "HIGH": Label("High", "warn", "chevron-up", "priority"),
    "URGENT": Label("Urgent", "bad", "chevron-double-up"),
    "CRITICAL": Label("Critical", "bad", "fire"),
}
DECISIONS = {
    "APPROVE": Label("Approved", "ok", "check"),
    "REJECT": Label("Rejected", "bad", "x-mark"),
    "SEND_BACK": Label("Sent back", "warn", "arrow-uturn-left"),
}


def words_of(name: str) -> str:
    """`TaskEscalated`, `TASK_ESCALATED` and `task:escalated` all read `Task escalated`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_:.\-\s]+", " ", name).strip().lower()
    return spaced[:1].upper() + spaced[1:]


def _look_up(table: dict[str, Label], name: str | Enum) -> Label:
    text = str(name.value if isinstance(name, Enum) else name)
    return table.get(text.upper()) or Label(words_of(text))


def status(name: str | Enum) -> Label:
    """The label of a request's status."""
    return _look_up(STATUSES, name)


def priority(name: str | Enum) -> Label:
    """The label of a priority."""
    return _look_up(PRIORITIES, name)


def decision(name: str | Enum) -> Label:
    """The label of a decision: approve, reject or send back."""
    return _look_up(DECISIONS, name)


def people(count: int) -> str:
    """`1 person`, `4 people`."""
    return "1 person" if count == 1 else f"{count} people"


def mode(name: str | Enum, total: int, needed: int | None = None, place: str | None = None) -> str:
    """How many must say yes: `Any one of 4 people in Finance`, `2 of 4 people`. `total` is how many
    were asked (groups, for `per_group`); `needed` is read by quorum only."""
    text = str(name.value if isinstance(name, Enum) else name).lower()
    where = f" in {place}" if place else ""
    if text == "per_group":
        return f"One from each of {total} groups" if total != 1 else "One from the group"
    if total == 1:
        return f"1 person{where}"
    wanted = {"any": "Any one of", "all": "All", "quorum": f"{needed} of"}.get(text, words_of(text))
    return f"{wanted} {people(total)}{where}"


def count(number: int) -> str:
    """A counter in the navigation. Nobody counts past 99, and no query has to."""
    return str(number) if number < 100 else "99+"


def command_name(kind: str) -> str:
    """What a command is called to its sender: `Your approval`."""
    entry = COMMANDS_BY_NAME.get(kind)
    return _("What you sent") if entry is None else _(entry.label)
