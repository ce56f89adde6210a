"""What was sent to a person about their task: never an address, never a server's answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from portal.presentation.filters import trouble
from portal.presentation.labels import words_of
from portal.queries.asked import Told
from portal.translation import _, lazy

KINDS = {
    "assigned": lazy("Notified"),
    "reminder": lazy("Reminded"),
    "escalated": lazy("Notified of the escalation"),
    "reassigned": lazy("Notified of the reassignment"),
    "delegated": lazy("Notified of the delegation"),
    "given_back": lazy("Notified that it is theirs again"),
    "amended": lazy("Notified of a change"),
    "answer": lazy("Notified of the answer"),
}


@dataclass(frozen=True, slots=True)
class DeliveryWay:
    """How a notice left the portal: words that end in `at`, if there is a time."""

    words: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice: what it said and when, whether it was read, and each way that it took. `hidden`:
    the person wants none of these in the portal."""

    what: str
    at: datetime
    read_at: datetime | None
    hidden: bool
    ways: tuple[DeliveryWay, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """All that was sent about one task, the newest first. `is_read`: some of it was, in the
    portal; `reminders`: how many there were."""

    lines: tuple[NoticeLine, ...] = ()
    reminders: int = 0
    is_read: bool = False
    is_troubled: bool = False


def sent(notices: Sequence[Told], now: datetime) -> Sent:
    """Put notices into words."""
    lines = tuple(
        _line(tuple(rows), now) for _, rows in groupby(notices, lambda each: (each.kind, each.at))
    )
    return Sent(
        lines=lines,
        reminders=len({each.at for each in notices if each.kind == "reminder"}),
        is_read=any(line.read_at for line in lines),
        is_troubled=any(each.status == "FAILED" for each in notices),
    )


def _line(rows: tuple[Told, ...], now: datetime) -> NoticeLine:
    first = rows[0]
    what = str(KINDS.get(first.kind, _("Notified")))
    return NoticeLine(
        what, first.at, first.read_at, first.hidden, tuple(_way(row, now) for row in rows)
    )


def _way(row: Told, now: datetime) -> DeliveryWay:
    if row.channel is None or row.status is None:
        return DeliveryWay(_("no email (turned off)") if row.is_handed else _("being sent"))
    by = words_of(row.channel.partition(":")[0]).lower()
    by = _("email") if by == "mail" else by
    if row.status == "SENT":
        return DeliveryWay(_("%(by)s sent", by=by), row.sent_at)
    if row.status == "DROPPED":
        # Our own sentence; whatever else might stand there is nobody's business here.
        ours = row.error is not None and "@" not in row.error
        why = trouble(row.error) if ours else _("It was no longer true.")
        return DeliveryWay(_("no %(by)s sent. %(why)s", by=by, why=why))
    if row.status == "FAILED":
        return DeliveryWay(_("%(by)s failed; administrators see why and can send it again", by=by))
    if row.error:
        return DeliveryWay(_("%(by)s not accepted yet, next try", by=by), row.due_at)
    if row.due_at is not None and row.due_at > now and not row.is_taken:
        if row.digest:
            digest = _("hourly") if row.digest == "hourly" else _("daily")
            words = _("%(by)s comes with the %(digest)s summary", by=by, digest=digest)
            return DeliveryWay(words, row.due_at)
        return DeliveryWay(_("%(by)s waits for their hours", by=by), row.due_at)
    return DeliveryWay(_("%(by)s being sent", by=by))
