"""A request's audit events: typed, with what people wrote, and as they are recorded and hashed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Select, Uuid, bindparam, func, select

from portal.domain.request.catalogue import COURSE
from portal.domain.request.events import Event
from portal.extensions import db
from portal.models import AuditEvent, AuditText
from portal.models.recorded import event_of
from portal.queries.audit_chain import Problem, verify

PAGE = 200
_SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One recorded event. `actor`: a person's id or "system"; `data`: the event's own fields, with
    a hash for each text; `texts`: these by name, None where one was erased."""

    request_id: str
    seq: int
    at: datetime
    kind: str
    tag: str
    actor: str
    on_behalf_of: str | None
    command_id: str | None
    data: dict[str, Any]
    prev_hash: str
    hash: str
    texts: dict[str, str | None] | None

    def typed(self) -> Event:
        """The event itself. Raises CannotDecode for one that this version does not know."""
        common = {
            "request_id": self.request_id,
            "seq": self.seq,
            "at": self.at,
            "actor": self.actor,
            "on_behalf_of": self.on_behalf_of,
            "command_id": self.command_id,
        }
        return event_of(self.kind, common, self.data, self.texts)

    def is_erased(self, name: str) -> bool:
        """Whether the event had a text of that name that was erased since."""
        kept = self.data.get(name)
        return isinstance(kept, dict) and "sha256" in kept and not (self.texts or {}).get(name)


def course_of(request_id: str, submitted_at: datetime) -> tuple[EventRecord, ...]:
    """The events that moved the request along, in order."""
    rows = db.session.execute(_course(), _span(request_id, submitted_at))
    return tuple(EventRecord(*row) for row in rows)


def page_of(
    request_id: str, submitted_at: datetime, after: int = 0
) -> tuple[tuple[EventRecord, ...], int | None]:
    """Up to `PAGE` events after that number, and where the next page begins (None at the end)."""
    values = _span(request_id, submitted_at) | {"after": after}
    events = tuple(EventRecord(*row) for row in db.session.execute(_following(), values))
    return events[:PAGE], events[PAGE - 1].seq if len(events) > PAGE else None


def _span(request_id: str, submitted_at: datetime) -> dict[str, Any]:
    """Nothing of a request is older than its submission: the older partitions stay unread."""
    return {"request": request_id, "from_at": submitted_at - _SLACK}


@cache
def _course() -> Select[*tuple[Any, ...]]:
    return _events().where(AuditEvent.kind.in_(COURSE))


@cache
def _following() -> Select[*tuple[Any, ...]]:
    return _events().where(AuditEvent.seq > bindparam("after")).limit(PAGE + 1)


def _events() -> Select[*tuple[Any, ...]]:
    texts = (
        select(func.jsonb_object_agg(AuditText.name, AuditText.text))
        .where(AuditText.request_id == AuditEvent.request_id, AuditText.seq == AuditEvent.seq)
        .scalar_subquery()
    )
    return (
        select(
            AuditEvent.request_id, AuditEvent.seq, AuditEvent.at, AuditEvent.kind, AuditEvent.tag,
            AuditEvent.actor, AuditEvent.on_behalf_of, AuditEvent.command_id, AuditEvent.data,
            AuditEvent.prev_hash, AuditEvent.hash, texts,
        )
        .where(
            AuditEvent.request_id == bindparam("request", type_=Uuid(as_uuid=False)),
            AuditEvent.at >= bindparam("from_at", type_=DateTime(timezone=True)),
        )
        .order_by(AuditEvent.seq)
    )  # fmt: skip


def all_of(request_id: str, submitted_at: datetime) -> Iterator[EventRecord]:
    """Every event, page by page."""
    after: int | None = 0
    while after is not None:
        events, after = page_of(request_id, submitted_at, after)
        yield from events


def problems_of(request_id: str) -> tuple[Problem, ...]:
    """What is wrong with the request's chain; empty where it is whole."""
    return tuple(verify(db.session.connection(), request_id))
