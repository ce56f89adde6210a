"""Lists and events as files for other programs."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.domain.money import decimals
from portal.domain.spreadsheets import harmless
from portal.presentation.money import major
from portal.queries.audit import EventRecord
from portal.queries.history import HistoryRow

COLUMNS = (
    "Number", "Title", "Type", "Requester", "Amount", "Currency", "Status", "Stage", "Submitted",
    "Closed",
)  # fmt: skip


def as_csv(rows: Iterable[HistoryRow], zone: ZoneInfo) -> str:
    """RFC 4180 with a byte order mark, which spreadsheets need to read UTF-8. Times are ISO 8601
    with the offset of the reader's zone; amounts are in whole units with a point."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        amount = _amount(row)
        writer.writerow(
            (
                *map(harmless, (row.number, row.title, row.type_name, row.requester_name)),
                amount,
                harmless(row.currency or ""),
                row.status,
                harmless(row.stage_name or ""),
                _time(row.submitted_at, zone),
                _time(row.closed_at, zone),
            )
        )
    return "\ufeff" + text.getvalue()


def as_documents(events: Iterable[EventRecord]) -> Iterator[dict[str, Any]]:
    """Each event with everything that its hash covers, and both hashes."""
    for event in events:
        yield {
            "request_id": event.request_id,
            "seq": event.seq,
            "at": event.at.isoformat(),
            "kind": event.kind,
            "tag": event.tag,
            "actor": event.actor,
            "on_behalf_of": event.on_behalf_of,
            "command_id": event.command_id,
            "data": event.data,
            "prev_hash": event.prev_hash,
            "hash": event.hash,
        }


def _amount(row: HistoryRow) -> str:
    if row.amount is None or row.currency is None:
        return ""
    return f"{major(row.amount, row.currency):.{decimals(row.currency)}f}"


def _time(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else at.astimezone(zone).isoformat(timespec="seconds")
