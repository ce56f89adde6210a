"""A person's files of the log: how far each has come, and whether it can go on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from portal.extensions import db
from portal.models import LogExport

SHOWN = 30
# It says every second how far it is; who says nothing for so long has broken off.
SILENT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """A file of the leaves from `first_leaf` on and below `end_leaf`; `next_leaf`: where it is."""

    id: str
    kind: str
    filters: dict[str, str]
    first_leaf: int
    next_leaf: int
    end_leaf: int
    entries: int
    begun_at: datetime
    seen_at: datetime
    ended_at: datetime | None

    @property
    def is_whole(self) -> bool:
        """Everything was written."""
        return self.next_leaf >= self.end_leaf

    @property
    def percent(self) -> int:
        """How far it is."""
        return 100 * (self.next_leaf - self.first_leaf) // max(1, self.end_leaf - self.first_leaf)

    def is_under_way(self, now: datetime) -> bool:
        """Whether more of it comes."""
        return self.ended_at is None and not self.is_whole and now - self.seen_at < SILENT


def of_person(person_id: str) -> tuple[ExportRecord, ...]:
    """Theirs, the newest first."""
    each = LogExport
    rows: Select[*tuple[Any, ...]] = (
        select(
            each.id, each.kind, each.filters, each.first_leaf, each.next_leaf, each.end_leaf,
            each.entries, each.begun_at, each.seen_at, each.ended_at,
        )
        .where(each.person_id == person_id)
        .order_by(each.id.desc())
        .limit(SHOWN)
    )  # fmt: skip
    return tuple(ExportRecord(*row) for row in db.session.execute(rows))
