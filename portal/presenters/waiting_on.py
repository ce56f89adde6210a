"""Whose turn it is and what happens next, in words for the requester."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from portal.domain.request.values import Status

NAMED = 2
SHOWN = 120


class Standing(Protocol):
    """What the words are made of: a row of a list, or a request's record."""

    @property
    def status(self) -> Status: ...
    @property
    def waiting_for(self) -> list[dict[str, Any]]: ...
    @property
    def settles_at(self) -> datetime | None: ...
    @property
    def next_at(self) -> datetime | None: ...
    @property
    def next_what(self) -> str | None: ...
    @property
    def questions(self) -> list[dict[str, Any]]: ...
    @property
    def attention(self) -> str | None: ...
    @property
    def stage_name(self) -> str | None: ...
    @property
    def closed_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next, and when (None where no clock runs)."""

    what: str
    at: datetime | None = None


def whose(standing: Standing, me: str) -> str:
    """Full names; "You" for oneself. Nobody's turn is an empty text."""
    if standing.attention and standing.status is Status.PENDING:
        return "The administrators"
    names = [_named(each, me) for each in standing.waiting_for]
    if len(names) > NAMED + 1:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} others"
    words = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return words[:1].upper() + words[1:]


def _named(person: dict[str, Any], me: str) -> str:
    """ "You", or a full name; with the name of the person in whose place they are asked."""
    name = "You" if person.get("id") == me else str(person["name"])
    return f"{name} for {person['for']}" if person.get("for") else name


def what_next(standing: Standing) -> Next:
    """What the requester can expect."""
    if standing.closed_at is not None:
        return Next("Closed", standing.closed_at)
    if standing.status is Status.RETURNED:
        return Next("Change it and submit it again")
    if standing.status is Status.ON_HOLD:
        return Next("Goes on when an administrator resumes it")
    if standing.attention:
        return Next("An administrator finds somebody who may decide")
    if standing.questions:
        first = standing.questions[0]
        return Next(f"{first['name']} asks: {_short(first['text'])}")
    if standing.next_what:
        return Next(standing.next_what, standing.next_at)
    return Next(f"Waits for a decision: {standing.stage_name}" if standing.stage_name else "")


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SHOWN else f"{words[:SHOWN].rstrip()}…"


def receipt_words(standing: Standing, me: str) -> str:
    """One or two sentences for a receipt: whose turn it is now, and what follows."""
    if standing.closed_at is not None:
        return "It has its outcome already."
    asked = whose(standing, me)
    if standing.status is Status.PENDING and standing.attention:
        return f"Nobody could be asked yet. {standing.attention} The administrators were told."
    if standing.status is Status.PENDING and asked and standing.stage_name:
        verb = "are" if len(standing.waiting_for) > 1 else "is"
        return (
            f"{asked} {verb} asked now ({standing.stage_name}). We tell you about every step; "
            "you can close this page."
        )
    return "It is on its way. We tell you about every step; you can close this page."
