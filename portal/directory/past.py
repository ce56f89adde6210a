"""How long the stages of a type's newest requests took, kept in the process for a while."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from time import monotonic

from sqlalchemy import Connection, text

from portal.directory.planner import SETTING, calendar_by, load_policy
from portal.domain.time.expected_finish import Past
from portal.domain.time.working_time import Calendar, business_minutes_between

LOOKED_AT = 200
# Seconds for which the answer is kept; while a type is young, each new end of a stage counts.
LIFETIME, YOUNG, GROWN = 300.0, 5.0, 40
MOST_KEPT = 200

# A range of one, not an equal: else the planner may walk through the requests of all types. A
# stage whose request was withdrawn under it did not end.
# Raw: its shape is what makes the planner take the index.
ENDED = text("""
SELECT t.stage_key, min(t.opened_at) AS opened_at, min(r.submitted_at) AS submitted_at,
    max(COALESCE(t.decided_at, CASE WHEN t.status = 'EXPIRED' THEN r.closed_at END)) AS ended_at
FROM (
    SELECT id, status, submitted_at, closed_at FROM portal.requests
    WHERE type_code >= :type AND type_code <= :type
    ORDER BY type_code DESC, submitted_at DESC, id DESC LIMIT :most
) r JOIN portal.tasks t ON t.request_id = r.id
GROUP BY r.id, r.status, t.round, t.stage_key
HAVING bool_and(t.status <> 'OPEN')
    AND NOT (r.status IN ('WITHDRAWN', 'CANCELLED') AND bool_or(t.status = 'WITHDRAWN'))
    AND max(COALESCE(t.decided_at, CASE WHEN t.status = 'EXPIRED' THEN r.closed_at END))
        IS NOT NULL
""")


@dataclass(frozen=True)
class History:
    """By stage key: how long it took, and the calendar by which it counts (None: the clock)."""

    past: Mapping[str, Past] = field(default_factory=dict)
    calendars: Mapping[str, Calendar | None] = field(default_factory=dict)


_known: dict[tuple[str, str], tuple[float, History]] = {}
_lock = Lock()


def history_of(
    connection: Connection, type_code: str, policy_version_id: str, now: datetime
) -> History:
    """The past of a type's stages, measured as this version of its policy counts.

    Raises InvalidPolicy if the version is unknown or its calendar makes no sense.
    """
    key = (type_code, policy_version_id)
    found = _known.get(key)
    if found is not None and found[0] > monotonic():
        return found[1]
    history, count = _read(connection, type_code, policy_version_id, now)
    lifetime = LIFETIME if count >= GROWN else YOUNG
    with _lock:
        if len(_known) >= MOST_KEPT:
            _known.clear()
        _known[key] = (monotonic() + lifetime, history)
    return history


def _read(
    connection: Connection, type_code: str, policy_version_id: str, now: datetime
) -> tuple[History, int]:
    policy = load_policy(connection, policy_version_id)
    setting = connection.execute(SETTING, {"id": policy_version_id}).one()
    calendar = calendar_by(setting, now.year)
    calendars = {each.key: None if each.elapsed else calendar for each in policy.stages}
    minutes: dict[str, list[int]] = {}
    since: dict[str, datetime] = {}
    rows = connection.execute(ENDED, {"type": type_code, "most": LOOKED_AT}).all()
    for row in rows:
        if row.stage_key in calendars:
            took = _minutes(calendars[row.stage_key], row.opened_at, row.ended_at)
            minutes.setdefault(row.stage_key, []).append(took)
            earliest = since.setdefault(row.stage_key, row.submitted_at)
            since[row.stage_key] = min(earliest, row.submitted_at)
    past = {
        key: Past(minutes=tuple(sorted(each)), since=since[key]) for key, each in minutes.items()
    }
    return History(past, calendars), len(rows)


def _minutes(calendar: Calendar | None, start: datetime, end: datetime) -> int:
    if calendar is None:
        return max(0, int((end - start).total_seconds()) // 60)
    return business_minutes_between(calendar, start, end)
