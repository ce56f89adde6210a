"""The summary of an evidence pack: the page that one hands to an auditor."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from portal.domain.marked import msgid
from portal.domain.request.catalogue import EVENTS_BY_NAME
from portal.domain.request.events import SYSTEM
from portal.presentation.labels import decision, status
from portal.proof.anchors import STAMP, WITNESS
from portal.proof.packed import LIMITS, Packed, PackedPeriod
from portal.translation import _, ngettext

if TYPE_CHECKING:
    from portal.presentation.paper import Paper

MOST_LISTED = 1_000
HOW = msgid(
    "Unpack the archive, then run: python3 verify.py --key KEY, with the key that you had from the "
    "portal's owner by another way. It needs Python 3.8 or newer, no network, and nothing else; it "
    "finds any byte that was changed."
)


def printed(found: Packed) -> bytes:
    """The summary as PDF."""
    period = found.period
    title = (
        _("Evidence for %(number)s", number=found.requests[0]["number"])
        if period is None
        else _("Evidence for %(first)s to %(last)s", first=_day(period.since), last=_last(period))
    )
    from portal.presentation.paper import Paper  # its packages take a second to load

    paper = Paper(title, f"{title} · {found.point.origin}, {found.point.size}")
    paper.facts(_request(found) if period is None else _period(found, period))
    paper.facts(_log(found))
    if period is not None:
        _sample(paper, found)
    paper.heading(_("Decisions"))
    _decisions(paper, found)
    if period is None:
        paper.heading(_("What was recorded"))
        _events(paper, found)
    paper.heading(_("How to check this"))
    paper.text(_(HOW))
    paper.heading(_("What this does not prove"))
    paper.points([*map(_, LIMITS), *found.one_role])
    return paper.body()


def _request(found: Packed) -> Iterator[tuple[str, str]]:
    row = found.requests[0]
    yield _("Request"), f"{row['number']}: {row['title']}"
    yield _("Type"), _("%(name)s, version %(n)s", name=row["type_name"], n=row["version"])
    yield _("Requester"), row["requester_name"]
    if row["amount"] is not None:
        yield _("Amount"), f"{row['amount']} {row['currency'] or ''}".strip()
    yield _("Submitted"), _moment(row["submitted_at"])
    yield _("Outcome"), f"{status(row['status']).words}, {_moment(row['closed_at'])}"
    if found.attachments:
        yield _("Files"), "\n".join(f"{x['name']} ({x['sha256'][:16]})" for x in found.attachments)


def _period(found: Packed, period: PackedPeriod) -> Iterator[tuple[str, str]]:
    events = sum(row["seq"] > 0 for row in found.leaves)
    yield _("Period"), _("%(since)s to before %(until)s", since=_moment(period.since),
        until=_moment(period.until))  # fmt: skip
    yield (
        _("Population"),
        _(
            "all %(n)s entries of the log from leaf %(first)s to leaf %(last)s, none left out",
            n=len(found.leaves), first=period.first, last=period.end - 1,
        ),
    )  # fmt: skip
    yield _("Of these"), ", ".join((
        ngettext("%(n)s event of requests", "%(n)s events of requests", events),
        ngettext("%(n)s other act", "%(n)s other acts", len(found.leaves) - events),
        ngettext("%(n)s request", "%(n)s requests", len(found.requests)),
        ngettext("%(n)s decision", "%(n)s decisions", len(found.decisions)),
    ))  # fmt: skip
    if period.earlier is not None:
        yield _("Goes on from"), _(
            "the pack before, of %(n)s entries, with the root %(root)s",
            n=period.earlier["size"], root=period.earlier["root"],
        )  # fmt: skip


def _log(found: Packed) -> Iterator[tuple[str, str]]:
    yield _("Log"), _("%(name)s, %(n)s entries", name=found.point.origin, n=found.point.size)
    yield _("Root"), found.point.root.hex()
    yield _("Key in this pack"), found.key
    words = {WITNESS: _("Signed by a witness"), STAMP: _("Time stamp")}
    for kind, each in found.anchors.items():
        said = _("the first %(n)s entries, %(time)s", n=each.size, time=_moment(each.at))
        yield words[kind], said
    yield _("Made"), _moment(datetime.now(UTC))


def _sample(paper: "Paper", found: Packed) -> None:
    """The requests that the later root draws, which nobody could choose."""
    known = {row["id"]: row for row in found.requests}
    rows = [known[each] for each in found.proofs["sample"] if each in known]
    paper.heading(_("A random sample of requests"))
    paper.text(_("Drawn by the root of the log, which nobody knew when they were recorded."))
    paper.table(
        (_("Number"), _("Title"), _("Type"), _("Requester"), _("Status"), _("Submitted")),
        [
            (x["number"], x["title"], x["type_name"], x["requester_name"],
             status(x["status"]).words,
             _moment(x["submitted_at"]))
            for x in rows
        ],
        (10, 30, 18, 16, 12, 16),
    )  # fmt: skip


def _decisions(paper: "Paper", found: Packed) -> None:
    if not found.decisions:
        paper.text(_("None."))
        return
    shown = found.decisions[:MOST_LISTED]
    paper.table(
        (_("Number"), _("Stage"), _("Person"), _("Decision"), _("Time"), _("By way of"),
         _("Signed in by"), _("Remark")),
        [
            (x["number"], x["stage_name"], x["decided_by"],
             decision(x["decision"]).words, _moment(x["decided_at"]),
             x["via"] or "", x["signed_in_by"] or "", x["comment"] or "")
            for x in shown
        ],
        (9, 14, 14, 10, 15, 8, 10, 22),
    )  # fmt: skip
    _rest(paper, len(found.decisions), "decisions.json")


def _events(paper: "Paper", found: Packed) -> None:
    shown: Sequence[Any] = found.leaves[:MOST_LISTED]
    paper.table(
        (_("No."), _("Time"), _("Event"), _("By"), _("Leaf"), _("Hash")),
        [
            (str(x["seq"]), _moment(x["at"]), _event(x["kind"]),
             _who(found, x["actor"]), str(x["number"]), x["leaf_hash"][:16])
            for x in shown
        ],
        (5, 19, 20, 30, 8, 17),
    )  # fmt: skip
    _rest(paper, len(found.leaves), "events.ndjson")


def _event(kind: str | None) -> str:
    if kind is None:
        return _("Removed after its retention")
    known = EVENTS_BY_NAME.get(kind)
    return kind if known is None else _(known.label)


def _who(found: Packed, actor: str | None) -> str:
    if actor in (None, SYSTEM):
        return _("The system")
    return found.names.get(actor or "", actor or "")


def _rest(paper: "Paper", count: int, name: str) -> None:
    if count > MOST_LISTED:
        paper.text(_("%(n)s more are in the file %(name)s.", n=count - MOST_LISTED, name=name))


def _moment(at: datetime | None) -> str:
    return _("not yet") if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _last(period: PackedPeriod) -> str:
    """The last day that is in it."""
    return _day(period.until - timedelta(microseconds=1))
