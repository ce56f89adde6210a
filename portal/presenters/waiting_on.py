"""Whom a request is waiting for, in words for its requester."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from portal.domain.request.state import Status
from portal.presentation.labels import listed, said
from portal.translation import _

NAMED = 2
SHOWN = 120


class WaitingFacts(Protocol):
    """What the words are made of: a row of a list, or a request's record."""

    @property
    def status(self) -> Status: ...
    @property
    def waiting_for(self) -> list[dict[str, Any]]: ...
    @property
    def settles_at(self) -> datetime | None: ...
    @property
    def questions(self) -> list[dict[str, Any]]: ...
    @property
    def attention(self) -> str | None: ...
    @property
    def stage_name(self) -> str | None: ...
    @property
    def closed_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class WaitingFor:
    """For whom it waits, and what they have to do where that is not just to decide."""

    name: str
    todo: str = ""


def turn_of(waiting: WaitingFacts, me: str) -> WaitingFor:
    """Full names; "You" for oneself. Nobody's turn is an empty name."""
    if waiting.closed_at is not None:
        return WaitingFor("")
    if waiting.status is Status.ON_HOLD:
        return WaitingFor(_("Administrator"), _("resumes it"))
    if waiting.status is Status.PENDING and waiting.attention:
        return WaitingFor(_("Administrator"), _("finds an approver"))
    if waiting.status is Status.PENDING and waiting.settles_at is not None:
        return WaitingFor("", _("Decided, being applied"))
    name = whose(waiting, me)
    if waiting.status is Status.RETURNED:
        return WaitingFor(name, _("edit and submit again") if name == _("You") else "")
    if waiting.questions:
        first = waiting.questions[0]
        return WaitingFor(
            name, _("%(name)s asks: %(text)s", name=first["name"], text=_short(first["text"]))
        )
    return WaitingFor(name, "" if name else _("Finding the next approver"))


def whose(waiting: WaitingFacts, me: str) -> str:
    """The names; the first of many."""
    names = [_named(each, me) for each in waiting.waiting_for]
    if len(names) > NAMED + 1:
        shown = ", ".join(names[:NAMED])
        return _("%(names)s and %(n)s others", names=shown, n=len(names) - NAMED)
    return listed(names)


def _named(person: dict[str, Any], me: str) -> str:
    """ "You", or a full name; with the name of the person in whose place they are asked."""
    name = _("You") if person.get("id") == me else str(person["name"])
    if not person.get("for"):
        return name
    return _("%(name)s for %(other)s", name=name, other=person["for"])


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SHOWN else f"{words[:SHOWN].rstrip()}…"


def receipt_words(waiting: WaitingFacts, me: str) -> str:
    """One or two sentences for a receipt: for whom it waits now, and what follows."""
    if waiting.closed_at is not None:
        return _("It is decided already.")
    name = whose(waiting, me)
    if waiting.status is Status.PENDING and waiting.attention:
        return _(
            "No approver was found yet: %(reason)s Administrators were notified.",
            reason=said(waiting.attention),
        )
    if waiting.status is Status.PENDING and name and waiting.stage_name:
        return _(
            "Waiting for %(names)s (%(stage)s). You are notified of every step;"
            " you can close this page.",
            names=name, stage=waiting.stage_name,
        )  # fmt: skip
    return _("It is on its way. You are notified of every step; you can close this page.")
