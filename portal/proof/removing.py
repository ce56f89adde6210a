"""Removing whole requests after their retention, a month of the record at a time.

1. An administrator takes the evidence pack of the month, and says that it is to go: acts name each
   request with the events that it has in the month (`begin`).
2. The acts are sealed, and an anchor has them.
3. What people wrote in these requests is erased, then each request is removed from every table by
   the owner's `remove_request`, and last the month is detached and dropped by `drop_audit_month`
   (`go_on`). Both functions look for themselves.

Each step may break off and be done again; verification accepts what is in between. A hold that is
placed meanwhile keeps its request, and so the month. Events that a removed request has in other
months stay until these go. Leaves, tiles, the index and what the acts say stay for good, and so do
the shells of erased texts.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from portal.domain.proof.acts import ActKind, ActRecord
from portal.domain.proof.removal import KeptMonth, Month, MonthBar, MonthBegun, spans
from portal.models.acts import record_act
from portal.models.columns import new_id
from portal.proof import erasing
from portal.proof.erasing import ErasedBy

AT_ONCE = 500
OLDEST = 12

# Raw: partitions of the record by name, functions of the owner's, JSON within rows.
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('portal.removing'))")
PARTITIONS = text("""
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = CAST('portal.audit_events' AS regclass)
    AND c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$' ORDER BY 1
""")
DEFAULT = text("""
SELECT DISTINCT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM') FROM portal.audit_events_default
""")
HELD = """
    EXISTS (SELECT FROM portal.legal_holds h
        WHERE h.lifted_at IS NULL AND (h.until IS NULL OR h.until > now()) AND (
            (h.scope = 'request' AND h.subject = CAST(r.id AS text))
            OR (h.scope = 'type' AND h.subject = r.type_code)
            OR (h.scope = 'person' AND h.subject IN (SELECT CAST(p.user_id AS text)
                FROM portal.participants p WHERE p.request_id = r.id))))
"""
# Of a submission that was refused there is no request: it is kept as long as the longest.
BAR = f"""
    CASE WHEN said.request_id IS NOT NULL AND r.id IS NULL THEN NULL
    WHEN r.id IS NULL THEN CASE WHEN (SELECT max(requests_days) FROM portal.request_types) IS NULL
            THEN 'for_ever'
        WHEN mine.last_at + (SELECT make_interval(days => max(requests_days))
            FROM portal.request_types) > now() THEN 'not_due' END
    WHEN r.closed_at IS NULL THEN 'open'
    WHEN {HELD} THEN 'held'
    WHEN t.requests_days IS NULL THEN 'for_ever'
    WHEN r.closed_at + greatest(make_interval(days => t.requests_days), interval '1 hour') > now()
        THEN 'not_due' END
"""  # noqa: S608 - our own words
MONTH = f"""
FROM (SELECT e.request_id, max(e.at) AS last_at, array_agg(e.seq) AS numbers
    FROM portal.audit_events e WHERE e.at >= :begins AND e.at < :ends GROUP BY 1) mine
LEFT JOIN portal.requests r ON r.id = mine.request_id
LEFT JOIN portal.request_types t ON t.code = r.type_code
LEFT JOIN (SELECT DISTINCT CAST(q ->> 'request' AS uuid) AS request_id FROM portal.audit_acts a,
        jsonb_array_elements(a.data -> 'requests') q
    WHERE a.kind = 'records_dropped' AND a.data ? 'month') said
    ON said.request_id = mine.request_id
CROSS JOIN LATERAL (SELECT {BAR} AS bar) barred
"""  # noqa: S608 - our own words
COUNTS = text(f"SELECT barred.bar, count(*) {MONTH} GROUP BY 1")
REQUESTS = text(f"""
SELECT CAST(mine.request_id AS text) AS id, COALESCE(r.number, '') AS number,
    COALESCE(r.type_code, '') AS type_code, t.requests_days AS days, mine.numbers, barred.bar
{MONTH} ORDER BY r.number, 1
""")
UNSEALED = text("""
SELECT count(*) FROM portal.audit_events e WHERE e.at >= :begins AND e.at < :ends
    AND NOT EXISTS (SELECT FROM portal.audit_leaves l
        WHERE l.subject_id = e.request_id AND l.seq = e.seq)
""")
IS_ANCHORED = text("SELECT EXISTS (SELECT FROM portal.audit_anchors WHERE size > 0)")
# The newest pack of the whole month that was taken after its end.
PACKED = text("""
SELECT a.at, a.data ->> 'root' AS root, CAST(a.data ->> 'size' AS bigint) AS size,
    CAST(a.data ->> 'count' AS bigint) AS count, a.data ->> 'sha256' AS sha256
FROM portal.audit_acts a WHERE a.kind = 'exported' AND a.data ->> 'what' = 'evidence of a period'
    AND a.data ->> 'sha256' IS NOT NULL AND a.at >= :ends
    AND CAST(a.data ->> 'since' AS timestamptz) <= :begins
    AND CAST(a.data ->> 'until' AS timestamptz) >= :ends
ORDER BY a.id DESC LIMIT 1
""")
ACTS = text("""
SELECT CAST(a.id AS text) AS id, a.at, a.actor, a.data ->> 'month' AS month,
    COALESCE(l.number < (SELECT max(size) FROM portal.audit_anchors), false) AS is_anchored
FROM portal.audit_acts a LEFT JOIN portal.audit_leaves l ON l.subject_id = a.id AND l.seq = 0
WHERE a.kind = 'records_dropped' AND a.data ? 'month' ORDER BY a.id
""")
LEFT = text("""
SELECT s.id FROM portal.audit_acts a, jsonb_array_elements(a.data -> 'requests') q,
    LATERAL (SELECT q ->> 'request' AS id) s
WHERE a.id = CAST(:act AS uuid) AND (
    EXISTS (SELECT FROM portal.requests r WHERE r.id = CAST(s.id AS uuid))
    OR EXISTS (SELECT FROM portal.request_states x WHERE x.request_id = CAST(s.id AS uuid)))
""")
REMOVE = text("SELECT portal.remove_request(CAST(:id AS uuid), CAST(:act AS uuid))")
DROP = text("SELECT portal.drop_audit_month(CAST(:month AS date))")

log = structlog.get_logger("portal.worker")


class NotRemovable(Exception):
    """The month stays for now; `bars` says why."""

    def __init__(self, bars: Sequence[MonthBar]) -> None:
        super().__init__(", ".join(bars))
        self.bars = tuple(bars)


class NoPack(Exception):
    """Nobody took the evidence pack of the whole month yet."""


def months(connection: Connection) -> list[Month]:
    """Every month of the record that lies apart or among the rest, the oldest first."""
    apart = _apart(connection)
    among = {Month.named(each) for each in connection.scalars(DEFAULT)}
    return sorted(apart | among)


def examine(connection: Connection, month: Month) -> KeptMonth:
    """What is in a month, and what stands against dropping it."""
    given = _span(month)
    counted: Counter[MonthBar | None] = Counter()
    for bar, count in connection.execute(COUNTS, given):
        counted[None if bar is None else MonthBar(bar)] = count
    return KeptMonth(
        month,
        is_apart=month in _apart(connection),
        unsealed=int(connection.scalar(UNSEALED, given) or 0),
        is_anchored=bool(connection.scalar(IS_ANCHORED)),
        requests=counted,
    )


def oldest(connection: Connection) -> list[KeptMonth]:
    """The oldest months that hold anything."""
    found: list[KeptMonth] = []
    for month in months(connection):
        if len(found) == OLDEST:
            break
        kept = examine(connection, month)
        if kept.requests:
            found.append(kept)
    return found


def packed(connection: Connection, month: Month) -> Mapping[str, Any] | None:
    """What is known of the evidence pack of a month that somebody took; None before."""
    row = connection.execute(PACKED, _span(month)).mappings().one_or_none()
    return None if row is None else dict(row)


def begun(connection: Connection) -> list[MonthBegun]:
    """Months that are to go, or are gone, the newest word last."""
    apart = _apart(connection)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(ACTS):
        found.setdefault(row.month, []).append(row)
    return [
        MonthBegun(
            month, rows[-1].at, rows[-1].actor, tuple(row.id for row in rows),
            all(row.is_anchored for row in rows), month not in apart,
        )
        for month, rows in ((Month.named(name), rows) for name, rows in found.items())
    ]  # fmt: skip


def begin(connection: Connection, month: Month, by: ErasedBy, now: datetime) -> int:
    """Say, in the caller's transaction, that a month is to go with all its requests; how many, 0
    where that was said before.

    Raises NotRemovable and NoPack."""
    connection.execute(LOCK)
    connection.execute(erasing.LOCK)
    if any(each.month == month and not each.is_dropped for each in begun(connection)):
        return 0
    kept = examine(connection, month)
    if not kept.may_go(now):
        raise NotRemovable(kept.bars(now))
    pack = packed(connection, month)
    if pack is None:
        raise NoPack
    rows = connection.execute(REQUESTS, _span(month)).mappings().all()
    said = [
        {
            "request": row["id"], "number": row["number"], "type": row["type_code"],
            "days": row["days"], "events": spans(row["numbers"]),
        }
        for row in rows
    ]  # fmt: skip
    parts = [said[first : first + AT_ONCE] for first in range(0, len(said), AT_ONCE)]
    for part, requests in enumerate(parts, start=1):
        data = {
            "month": str(month), "reason": by.reason, "count": len(said), "part": part,
            "parts": len(parts), "requests": requests,
            "pack": {name: pack[name] for name in ("sha256", "size", "root", "count")},
        }  # fmt: skip
        act = ActRecord(
            id=new_id(), at=datetime.now(UTC), kind=ActKind.RECORDS_DROPPED, actor=by.actor,
            session_id=by.session_id, address=by.address, subject=str(month), data=data,
        )  # fmt: skip
        record_act(connection, act)
    return len(said)


@dataclass(frozen=True, slots=True)
class Gone:
    """What a pass removed: requests, and months; `failed`: requests and months that stay for now,
    such as by a hold."""

    requests: int = 0
    months: int = 0
    failed: int = 0


def go_on(
    engine: Engine, by: ErasedBy, files: Callable[[], int], alive: Callable[[], None]
) -> Gone:
    """Remove what acts say that anchors have: requests one by one, then their months. `files`
    removes the bytes of erased files. What cannot be now stays, and is tried again the next time.
    """
    requests = dropped = failed = 0
    with engine.connect() as connection:
        waiting = [each for each in begun(connection) if not each.is_dropped and each.is_anchored]
    for each in waiting:
        left = [(act, id_) for act in each.acts for id_ in _left(engine, act)]
        failed += sum(not _emptied(engine, id_, by, alive) for _act, id_ in left)
        if left:
            files()
        for act, id_ in left:
            alive()
            done = _called(engine, REMOVE, id=id_, act=act)
            requests, failed = requests + done, failed + (not done)
        done = _called(engine, DROP, month=each.month.first)
        dropped, failed = dropped + done, failed + (not done)
    return Gone(requests, dropped, failed)


def _left(engine: Engine, act_id: str) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(LEFT, {"act": act_id}))


def _emptied(engine: Engine, request_id: str, by: ErasedBy, alive: Callable[[], None]) -> bool:
    """Erase what is left of its texts and files by its retention; False where that failed."""
    alive()
    try:
        with engine.begin() as connection:
            erasing.erase_due(connection, request_id, by)
    except DBAPIError:
        log.exception("removing.failed", request=request_id)
        return False
    return True


def _called(engine: Engine, function: Any, **given: Any) -> bool:
    """Whether the owner's function did it; it refuses what is not due, or held."""
    try:
        with engine.begin() as connection:
            return bool(connection.scalar(function, given))
    except DBAPIError as error:
        log.warning("removing.refused", error=str(error.orig).split("\n")[0], of=str(given))
        return False


def _apart(connection: Connection) -> set[Month]:
    names = connection.scalars(PARTITIONS)
    return {Month.named(name.removeprefix("audit_events_").replace("_", "-")) for name in names}


def _span(month: Month) -> dict[str, datetime]:
    return {"begins": month.begins, "ends": month.ends}
