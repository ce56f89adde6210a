"""A request's audit events: typed, with what people wrote, and as they are recorded and hashed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Integer, Select, Uuid, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from portal.domain.request.catalogue import COURSE
from portal.domain.request.events import Event
from portal.extensions import db
from portal.models import AuditEvent, AuditText
from portal.models.recorded import event_of
from portal.queries.audit_chain import RecordProblem, verify

PAGE = 200
_SLACK = timedelta(days=1)
_END = datetime(9999, 1, 1, tzinfo=UTC)


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
    request_id: str, submitted_at: datetime, after: int = 0, until: datetime | None = None
) -> tuple[tuple[EventRecord, ...], int | None]:
    """Up to `PAGE` events after that number, and where the next page begins (None at the end);
    none that came after `until`."""
    values = _span(request_id, submitted_at) | {"after": after, "until": until or _END}
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
    until = bindparam("until", type_=DateTime(timezone=True))
    after = AuditEvent.seq > bindparam("after")
    return _events().where(after, AuditEvent.at <= until).limit(PAGE + 1)


def at_places(places: Sequence[tuple[str, int, datetime]]) -> dict[tuple[str, int], EventRecord]:
    """Events by request and number, of which the moments are known, too: each is found in the
    partition of its month."""
    if not places:
        return {}
    ids, numbers, moments = zip(*places, strict=True)
    given = {"ids": list(ids), "numbers": list(numbers), "moments": list(moments)}
    rows = db.session.execute(_at_places(), given)
    return {(row[0], row[1]): EventRecord(*row) for row in rows}


@cache
def _at_places() -> Select[*tuple[Any, ...]]:
    wanted = (
        func.unnest(
            bindparam("ids", type_=ARRAY(Uuid(as_uuid=False))),
            bindparam("numbers", type_=ARRAY(Integer)),
            bindparam("moments", type_=ARRAY(DateTime(timezone=True))),
        )
        .table_valued(
            column("id", Uuid(as_uuid=False)), column("number", Integer),
            column("moment", DateTime(timezone=True)),
        )
        .render_derived("wanted")
    )  # fmt: skip
    return _columns().join(
        wanted,
        (AuditEvent.request_id == wanted.c.id)
        & (AuditEvent.seq == wanted.c.number)
        & (AuditEvent.at == wanted.c.moment),
    )


def _columns() -> Select[*tuple[Any, ...]]:
    texts = (
        select(func.jsonb_object_agg(AuditText.name, AuditText.text))
        .where(AuditText.request_id == AuditEvent.request_id, AuditText.seq == AuditEvent.seq)
        .scalar_subquery()
    )
    return select(
        AuditEvent.request_id, AuditEvent.seq, AuditEvent.at, AuditEvent.kind, AuditEvent.tag,
        AuditEvent.actor, AuditEvent.on_behalf_of, AuditEvent.command_id, AuditEvent.data,
        AuditEvent.prev_hash, AuditEvent.hash, texts,
    )  # fmt: skip


def _events() -> Select[*tuple[Any, ...]]:
    return (
        _columns()
        .where(
            AuditEvent.request_id == bindparam("request", type_=Uuid(as_uuid=False)),
            AuditEvent.at >= bindparam("from_at", type_=DateTime(timezone=True)),
        )
        .order_by(AuditEvent.seq)
    )


def all_of(request_id: str, submitted_at: datetime) -> Iterator[EventRecord]:
    """Every event, page by page."""
    after: int | None = 0
    while after is not None:
        events, after = page_of(request_id, submitted_at, after)
        yield from events


def problems_of(request_id: str) -> tuple[RecordProblem, ...]:
    """What is wrong with the request's chain; empty where it is whole."""
    return tuple(verify(db.session.connection(), request_id))
