"""Reading the record back: events as they were given to it, with their free text."""

from typing import Any

from psycopg.rows import dict_row
from sqlalchemy import Connection

from portal.activities.driver import driver_of
from portal.domain.codec import decode, encode
from portal.domain.request.events import EVENTS, Event
from portal.models.texts import with_texts
from portal.workflows.messages import RecordedEvent

EVENTS_FROM = """
SELECT request_id::text, seq, at, kind, actor, on_behalf_of, command_id::text, data,
    (SELECT jsonb_object_agg(name, text) FROM portal.audit_texts t
        WHERE t.request_id = e.request_id AND t.seq = e.seq) AS texts
FROM portal.audit_events e WHERE request_id = %(request)s::uuid AND seq >= %(first)s ORDER BY seq
"""


def recorded_events(connection: Connection, request_id: str, first: int = 1) -> list[Event]:
    """The recorded events of a request from number `first` on, free text joined back.

    Text that was erased reads "(erased)". Raises CannotDecode if an event does not fit its class.
    """
    parameters = {"request": request_id, "first": first}
    with driver_of(connection).cursor(row_factory=dict_row) as cursor:
        return [_event(row) for row in cursor.execute(EVENTS_FROM, parameters)]


def as_messages(events: list[Event]) -> list[RecordedEvent]:
    """Events in the form in which they travel."""
    return [RecordedEvent(kind=type(event).__name__, data=encode(event)) for event in events]


def _event(row: dict[str, Any]) -> Event:
    texts = row.pop("texts") or {}
    data = with_texts(row["kind"], row.pop("data"), texts)
    return decode(EVENTS[row.pop("kind")], {**row, **data})
