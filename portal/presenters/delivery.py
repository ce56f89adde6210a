"""What was sent to a person about their task: never an address, never a server's answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from portal.presentation.labels import words_of
from portal.queries.asked import Told

KINDS = {
    "assigned": "Asked to decide",
    "reminder": "Reminded",
    "escalated": "Told that it is theirs now",
    "reassigned": "Told that it is theirs now",
    "delegated": "Asked to decide for somebody",
    "given_back": "Told that it is theirs again",
    "amended": "Told of a change",
    "answer": "Told of the answer",
}
NOWHERE = "only in the portal: nothing else is wanted or set up"


@dataclass(frozen=True, slots=True)
class Way:
    """How a notice left the portal: words that end in `at`, if there is a time."""

    words: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One notice: what it said and when, whether it was read, and each way that it took. `hidden`:
    the person wants none of these in the portal."""

    what: str
    at: datetime
    read_at: datetime | None
    hidden: bool
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """All that was sent about one task, the newest first. `is_read`: some of it was, in the
    portal; `reminders`: how many there were."""

    lines: tuple[Line, ...] = ()
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


def _line(rows: tuple[Told, ...], now: datetime) -> Line:
    first = rows[0]
    what = KINDS.get(first.kind, "Told")
    return Line(what, first.at, first.read_at, first.hidden, tuple(_way(row, now) for row in rows))


def _way(row: Told, now: datetime) -> Way:
    if row.channel is None or row.status is None:
        return Way(NOWHERE if row.is_handed else "on its way out of the portal")
    by = words_of(row.channel.partition(":")[0]).lower()
    if row.status == "SENT":
        return Way(f"{by} sent", row.sent_at)
    if row.status == "DROPPED":
        # Our own sentence; whatever else might stand there is nobody's business here.
        why = row.error if row.error and "@" not in row.error else "It was not true any more."
        return Way(f"no {by} sent. {why}")
    if row.status == "FAILED":
        return Way(f"{by} failed; the administrators see why and can send it again")
    if row.error:
        return Way(f"{by} not taken yet, tried again by itself", row.due_at)
    if row.due_at is not None and row.due_at > now and not row.is_taken:
        with_others = f"comes with the {row.digest} one" if row.digest else "waits for their hours"
        return Way(f"{by} {with_others}, not before", row.due_at)
    return Way(f"{by} on its way")
