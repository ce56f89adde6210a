"""Requests that were removed after their retention: what the acts say that told of it.

The acts are the only place that knows: `records_dropped` with the month, and of each request its
number, its type, for how many days it was kept, and which events of it the month held.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

# Raw: rows within JSON, by the index of removals.
_OF = """
SELECT q ->> 'request' AS request_id, q ->> 'number' AS number, q ->> 'type' AS type_code,
    CAST(q ->> 'days' AS integer) AS days, q -> 'events' AS events, a.data ->> 'month' AS month,
    a.at, a.actor, a.data ->> 'reason' AS reason,
    to_regclass('portal.audit_events_' || replace(a.data ->> 'month', '-', '_')) IS NULL
        AS is_dropped
FROM unnest(CAST(:given AS text[])) r(given)
JOIN portal.audit_acts a ON a.kind = 'records_dropped'
    AND a.data -> 'requests' @> jsonb_build_array(jsonb_build_object('{0}', r.given)),
    jsonb_array_elements(a.data -> 'requests') q
WHERE q ->> '{0}' = r.given ORDER BY a.at, a.id
"""
_BY_ID = text(_OF.format("request"))
_BY_NUMBER = text(_OF.format("number"))


@dataclass(frozen=True, slots=True)
class Removal:
    """What an act says of a request that was, or will be, removed with a month. `number`: "" of a
    submission that was refused; `events`: the first and last number of each row of its events in
    that month; `is_dropped`: the month is gone."""

    request_id: str
    number: str
    type_code: str
    days: int | None
    events: Sequence[Sequence[int]]
    month: str
    at: datetime
    actor: str
    reason: str
    is_dropped: bool

    def has(self, seq: int) -> bool:
        """Whether the event went with the month."""
        return self.is_dropped and any(first <= seq <= last for first, last in self.events)


def removals(connection: Connection, request_ids: Iterable[str]) -> dict[str, list[Removal]]:
    """What acts say of these requests, by their ids; the earliest first."""
    return _read(connection, _BY_ID, request_ids)


def removals_numbered(connection: Connection, number: str) -> list[Removal]:
    """What acts say of the request of that number."""
    found = _read(connection, _BY_NUMBER, [number])
    return next(iter(found.values()), [])


def _read(connection: Connection, statement: Any, given: Iterable[str]) -> dict[str, list[Removal]]:
    wanted = sorted(set(given))
    found: dict[str, list[Removal]] = {}
    if wanted:
        for row in connection.execute(statement, {"given": wanted}):
            found.setdefault(row.request_id, []).append(Removal(**row._mapping))
    return found
