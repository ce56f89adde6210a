"""Reading the record back: events as they were given to it, with their free text."""

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy import Connection

from portal.domain.codec import decode
from portal.domain.errors import CannotDecode
from portal.domain.request.events import EVENTS, Event
from portal.extensions import driver_of, for_driver

ERASED = "(erased)"
# Raw: run in the driver's pipeline, which SQLAlchemy does not know.
EVENTS_FROM = """
SELECT request_id::text, seq, at, kind, actor, on_behalf_of, command_id::text, data,
    (SELECT jsonb_object_agg(name, text) FROM portal.audit_texts t
        WHERE t.request_id = e.request_id AND t.seq = e.seq) AS texts
FROM portal.audit_events e WHERE request_id = ANY(CAST(:requests AS uuid[])) AND seq >= :first
ORDER BY request_id, seq
"""


def recorded_events(connection: Connection, request_id: str, first: int = 1) -> list[Event]:
    """The recorded events of a request from number `first` on, free text joined back.

    Text that was erased reads "(erased)". Raises CannotDecode if an event does not fit its class.
    """
    return events_of(connection, [request_id], first).get(request_id, [])


def events_of(
    connection: Connection, request_ids: Iterable[str], first: int = 1
) -> dict[str, list[Event]]:
    """The recorded events of several requests, by request id; see `recorded_events`."""
    parameters = {"requests": list(request_ids), "first": first}
    with driver_of(connection).cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(for_driver(EVENTS_FROM), parameters).fetchall()
    return {
        request_id: [_event(row) for row in group]
        for request_id, group in groupby(rows, key=lambda row: str(row["request_id"]))
    }


def _event(row: dict[str, Any]) -> Event:
    return event_of(row.pop("kind"), row, row.pop("data"), row.pop("texts"))


def event_of(
    kind: str, common: Mapping[str, Any], data: dict[str, Any], texts: Mapping[str, Any] | None
) -> Event:
    """A recorded event, its free text joined back. `common`: what every event has.

    Raises CannotDecode for one that this version of the portal does not know, or that does not fit.
    """
    known = EVENTS.get(kind)
    if known is None:
        raise CannotDecode(f"{kind}: there is no such event")
    return decode(known, {**common, **with_texts(kind, data, texts or {})})


def with_texts(kind: str, data: dict[str, Any], texts: Mapping[str, str | None]) -> dict[str, Any]:
    """An event's own fields with its free text in place of the hashes.

    `texts` by field name, as in `portal.audit_texts`; None or missing = erased.
    """
    whole = dict(data)
    for name in EVENTS[kind].TEXTS:
        if isinstance(whole.get(name), dict) and "sha256" in whole[name]:
            whole[name] = _text(name, texts.get(name))
    return whole


def _text(name: str, text: str | None) -> Any:
    """The content of a request is kept as JSON text; everything else as it was typed."""
    if name == "content":
        return {"title": ERASED} if text is None else json.loads(text)
    return ERASED if text is None else text
