"""Open requests as their workflows know them, folded from the record: for looking ahead."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sqlalchemy import text

from portal.domain.codec import decode
from portal.domain.request.apply import fold
from portal.domain.request.events import EVENTS, Event
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models.texts import with_texts

EVENTS_OF = text("""
SELECT request_id::text, seq, at, kind, actor, on_behalf_of, command_id::text, data,
    (SELECT jsonb_object_agg(name, text) FROM portal.audit_texts t
        WHERE t.request_id = e.request_id AND t.seq = e.seq) AS texts
FROM portal.audit_events e WHERE request_id = ANY(CAST(:ids AS uuid[])) ORDER BY request_id, seq
""")


def states_of(request_ids: Iterable[str]) -> dict[str, Approval]:
    """The states by request id, in one statement. For a few at a time: each has all its events.

    Raises DomainError where the record of one does not fit together.
    """
    ids = sorted(set(request_ids))
    if not ids:
        return {}
    rows = db.session.execute(EVENTS_OF, {"ids": ids}).mappings()
    return {
        request_id: fold(request_id, [_event(dict(row)) for row in group])
        for request_id, group in groupby(rows, key=lambda row: row["request_id"])
    }


def _event(row: dict[str, Any]) -> Event:
    kind, data, texts = row.pop("kind"), row.pop("data"), row.pop("texts") or {}
    return decode(EVENTS[kind], {**row, **with_texts(kind, data, texts)})
