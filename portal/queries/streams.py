"""Streams of the log as pages read them, and which of them are behind; never a secret."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select

from portal.domain.proof.streams import BEHIND_AFTER, StreamState
from portal.extensions import db
from portal.models import AuditIndex, LogStream
from portal.models.columns import by_name


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRecord:
    """A stream. `size`: how many leaves can be sent by now; `next_at`: when the entry that it goes
    on with was recorded, None where nothing waits."""

    id: str
    name: str
    protocol: str
    address: str
    shape: str
    certificate: str
    state: str
    next_leaf: int
    size: int
    next_at: datetime | None
    changed_at: datetime
    old_until: datetime | None
    failing_since: datetime | None
    rest_until: datetime | None
    sent_at: datetime | None
    last_error: str | None
    test_asked_at: datetime | None
    tested_at: datetime | None
    test_error: str | None

    @property
    def is_on(self) -> bool:
        """Entries go out."""
        return self.state == StreamState.ON

    @property
    def waiting(self) -> int:
        """How many entries wait."""
        return max(0, self.size - self.next_leaf)

    @property
    def is_beyond(self) -> bool:
        """It has come further than the log: that was put back to an older state."""
        return self.next_leaf > self.size

    @property
    def mark(self) -> str:
        """Its present state, for a form that changes it."""
        return self.changed_at.isoformat()

    def is_behind(self, now: datetime) -> bool:
        """Whether it is on, and what it sends next has waited for long."""
        late = self.next_at is not None and now - self.next_at > BEHIND_AFTER
        return self.is_on and (late or self.is_beyond)

    def is_stuck(self, now: datetime) -> bool:
        """Whether it is behind, and nothing was taken for as long."""
        moves = self.sent_at is not None and now - self.sent_at <= BEHIND_AFTER
        return self.is_behind(now) and not moves


def listed() -> tuple[StreamRecord, ...]:
    """Streams by name; there are few."""
    found = _streams().order_by(by_name(LogStream.name), LogStream.id)
    return tuple(StreamRecord(**row) for row in db.session.execute(found).mappings())


def find(stream_id: str) -> StreamRecord | None:
    """The stream of that id."""
    found = _streams().where(LogStream.id == stream_id)
    row = db.session.execute(found).mappings().one_or_none()
    return None if row is None else StreamRecord(**row)


def _streams() -> Select[*tuple[Any, ...]]:
    each = LogStream
    size = select(func.coalesce(func.max(AuditIndex.number) + 1, 0)).scalar_subquery()
    at = select(AuditIndex.at).where(AuditIndex.number == each.next_leaf).correlate(each)
    return select(
        each.id, each.name, each.protocol, each.address, each.shape, each.certificate, each.state,
        each.next_leaf, size.label("size"), at.scalar_subquery().label("next_at"),
        each.changed_at, each.failing_since, each.rest_until, each.sent_at, each.last_error,
        each.test_asked_at, each.tested_at, each.test_error,
        case((each.old_until > func.now(), each.old_until)).label("old_until"),
    ).where(each.state != StreamState.REMOVED)  # fmt: skip
