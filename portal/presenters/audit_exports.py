"""Entries of the log as files, made piece by piece in the order of the log."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.domain.proof.documents import act_document, event_document, missing_document
from portal.domain.spreadsheets import harmless
from portal.presentation.labels import Label, figure
from portal.presentation.parts import AuditRow
from portal.presenters.audit_entries import behind, rows_of, rows_with
from portal.queries import audit_entries
from portal.queries.audit_entries import AuditEntry, AuditFilters
from portal.queries.log_exports import ExportRecord
from portal.translation import _, lazy

# So many at once are asked about, well within the time that a statement has.
AT_ONCE = 500
# What is printed is read by people; more than so many entries is for programs.
PRINTED = 1_000
COLUMNS = (
    lazy("Leaf"), lazy("Time"), lazy("Who"), lazy("For whom"), lazy("What happened"), lazy("On"),
    lazy("Detail"), lazy("Comment"), lazy("Before and after"), lazy("Kind"), lazy("Who (id)"),
    lazy("For whom (id)"), lazy("Type code"), lazy("Event of request"), lazy("Command"),
    lazy("Session"), lazy("Address"), lazy("Hash"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """A file that the list can be taken as."""

    title: str
    text: str
    url: str
    icon: str


def export_label(export: ExportRecord, now: datetime) -> Label:
    """How far a file has come."""
    if export.is_whole:
        return Label(_("Whole"), "ok", "check")
    if export.is_under_way(now):
        return Label(_("Under way: %(percent)s %%", percent=export.percent), "info", "arrow-path")
    words = _("Broke off at %(percent)s %%", percent=export.percent)
    return Label(words, "warn", "exclamation-triangle")


@dataclass
class Going:
    """An export under way: leaves from `start` on and below `end` that match. `next`: the leaf to
    go on with, `entries`: how many were written; `said`: the filters in words."""

    filters: AuditFilters
    start: int
    end: int
    zone: ZoneInfo
    said: tuple[tuple[str, str], ...] = ()
    entries: int = 0
    next: int = field(init=False)

    def __post_init__(self) -> None:
        self.next = self.start

    def batches(self) -> Iterator[list[AuditEntry]]:
        """The entries, so many at a time; a batch counts as written once the next is asked for."""
        while self.next < self.end:
            found = audit_entries.ascending(self.filters, self.next, self.end, AT_ONCE)
            if found:
                yield found
                self.entries += len(found)
            self.next = found[-1].number + 1 if len(found) == AT_ONCE else self.end

    def is_more_than(self, most: int) -> bool:
        """Whether more than so many entries match."""
        return len(audit_entries.ascending(self.filters, self.start, self.end, most + 1)) > most


Pieces = Callable[[Going], Iterator[str] | Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A kind of file. `most`: how many entries it takes, None for any number."""

    kind: str
    title: str
    words: str
    mimetype: str
    icon: str
    pieces: Pieces
    most: int | None = None

    @property
    def text(self) -> str:
        """What it is for."""
        return _(self.words)


def as_csv(going: Going) -> Iterator[str]:
    """RFC 4180 with a byte order mark, in the reader's words and zone, codes and ids beside them;
    every line has its leaf, so that an export that broke off goes on with the next."""
    yield "\ufeff" + _line([str(each) for each in COLUMNS])
    for batch in going.batches():
        yield "".join(_line(cells) for cells in _cells(batch, going.zone))


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _cells(batch: Sequence[AuditEntry], zone: ZoneInfo) -> Iterator[list[str]]:
    known = behind(batch)
    for each, row in zip(batch, rows_with(batch, known), strict=True):
        event = known.events.get((each.subject_id, each.seq))
        kept = known.acts.get(each.subject_id)
        act = None if kept is None else kept.act
        yield [
            str(each.number),
            each.at.astimezone(zone).isoformat(timespec="seconds"),
            *map(harmless, (row.who, row.acting_for or "", row.words, row.on, row.detail)),
            harmless(row.comment),
            harmless(_sides(row)),
            each.kind,
            each.actor,
            each.on_behalf_of or "",
            each.type_code or "",
            str(each.seq or ""),
            (event.command_id or "") if event else "",
            (act.session_id or "") if act else "",
            (act.address or "") if act else "",
            event.hash if event else kept.hash if kept else "",
        ]


def _sides(row: AuditRow) -> str:
    return "; ".join(f"{x.label}: {x.before or '–'} → {x.after or '–'}" for x in row.changes)


def as_pdf(going: Going) -> Iterator[bytes]:
    """A list on A4, in the reader's words and zone, under the filters that it was made with."""
    from portal.presentation.paper import Paper  # its packages take a second to load

    rows = [row for batch in going.batches() for row in rows_of(batch)]
    title = _("Audit log")
    paper = Paper(title, title, landscape=True)
    zone = str(going.zone)
    moments = [row.at.astimezone(going.zone) for row in rows]
    paper.facts(
        [
            *going.said,
            (_("Entries"), figure(len(rows))),
            (_("Time zone"), zone),
            (_("Leaves"), f"{rows[0].number} – {rows[-1].number}" if rows else ""),
        ]
    )
    paper.table(
        [str(each) for each in (*COLUMNS[:3], *COLUMNS[4:7])],
        (
            (str(row.number), f"{at:%Y-%m-%d %H:%M:%S}", _who(row), row.words, _on(row), _told(row))
            for at, row in zip(moments, rows, strict=True)
        ),
        (7, 15, 16, 20, 22, 40),
    )
    yield paper.body()


def _who(row: AuditRow) -> str:
    if row.acting_for is None:
        return row.who
    return _("%(person)s for %(other)s", person=row.who, other=row.acting_for)


def _on(row: AuditRow) -> str:
    return "\n".join(filter(None, (row.on, row.on_note)))


def _told(row: AuditRow) -> str:
    return "\n".join(filter(None, (row.detail, row.comment, _sides(row))))


def as_ndjson(going: Going) -> Iterator[str]:
    """One JSON document a line with every field that is hashed, and the texts."""
    for batch in going.batches():
        lines = (json.dumps(each, ensure_ascii=False) for each in documents(batch))
        yield "\n".join(lines) + "\n"


def documents(batch: Sequence[AuditEntry]) -> Iterator[dict[str, Any]]:
    """Entries as programs read them; of what was removed after its retention only the leaf."""
    known = behind(batch)
    for each in batch:
        event = known.events.get((each.subject_id, each.seq))
        kept = known.acts.get(each.subject_id)
        said: dict[str, Any] = {"leaf": each.number, "type": each.type_code}
        if event is not None:
            named = known.requests.get(each.subject_id)
            said |= {"request": named.number if named else None, "texts": event.texts or {}}
            yield said | event_document(event)
        elif kept is not None:
            yield said | act_document(kept.act, kept.hash)
        else:
            yield said | missing_document(each.subject_id, each.seq)
