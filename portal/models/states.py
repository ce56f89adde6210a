"""The kept state of a request: the fold of its events, written in the transaction that writes them.

Only here is a recorded request folded again: where its state is missing, behind, or of another
shape, because another version of the portal wrote the last events. So a new field of the state
fills itself from the events. The next batch of such a request brings its state; a closed one is
folded whenever it is asked for.
"""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any, get_args, get_type_hints

from sqlalchemy import Connection, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.domain.codec import decode_text, encode
from portal.domain.request.apply import fold
from portal.domain.request.state import Approval
from portal.extensions import Base
from portal.models.columns import Id
from portal.models.recorded import events_of


class RequestState(Base):
    """`state` in the JSON form of `portal.domain.codec`, after the event with number `seq`; `shape`
    tells which version of the state's classes wrote it (see `SHAPE`).

    Not bound to `portal.requests`: a submit that was refused is recorded and begins no request.
    """

    __tablename__ = "request_states"
    # Room on each page for new versions of a row, so that an update need not touch the index.
    __table_args__ = ({"postgresql_with": {"fillfactor": "70"}},)

    request_id: Mapped[Id]
    seq: Mapped[int] = mapped_column(Integer)
    shape: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[dict[str, object]] = mapped_column(JSONB)


def _shape(kind: Any, seen: set[Any]) -> str:
    """The names and types of the fields of a class and of the classes within it, as text."""
    within = [_shape(each, seen) for each in get_args(kind)]
    if not is_dataclass(kind) or kind in seen:
        return "".join([str(kind), *within])
    seen.add(kind)
    hints = get_type_hints(kind)
    return "".join(f"{each.name}:{_shape(hints[each.name], seen)};" for each in fields(kind))


SHAPE = sha256(_shape(Approval, set()).encode()).hexdigest()[:8]
# Whether a kept state `s` is good for its request `r`; a state that is not is to be had from
# `kept_state`.
IS_CURRENT = f"s.seq >= r.last_seq AND s.shape = '{SHAPE}'"
# Raw: the state as text: the codec reads it faster than the driver's JSON.
KEPT = text("""
SELECT s.request_id::text, s.seq, s.shape, CAST(s.state AS text) AS state,
    COALESCE(r.last_seq, s.seq) AS last_seq
FROM portal.request_states s LEFT JOIN portal.requests r ON r.id = s.request_id
WHERE s.request_id = ANY(CAST(:ids AS uuid[]))
""")


def kept_state(connection: Connection, request_id: str) -> Approval:
    """The state of a recorded request.

    Raises LookupError if nothing is recorded of it, and DomainError if its record does not fit
    together.
    """
    found = kept_states(connection, [request_id])
    if request_id not in found:
        raise LookupError(f"Nothing is recorded of request {request_id}.")
    return found[request_id]


def kept_states(connection: Connection, request_ids: Iterable[str]) -> dict[str, Approval]:
    """The states of several requests by request id, without those of which nothing is recorded.

    Raises DomainError where the record of one does not fit together.
    """
    ids = sorted(set(request_ids))
    if not ids:
        return {}
    rows = connection.execute(KEPT, {"ids": ids})
    found = {
        row.request_id: decode_text(Approval, row.state)
        for row in rows
        if (row.seq, row.shape) == (row.last_seq, SHAPE)
    }
    if len(found) < len(ids):
        missing = [each for each in ids if each not in found]
        for request_id, events in events_of(connection, missing).items():
            found[request_id] = fold(request_id, events)
    return found


def state_row(state: Approval) -> dict[str, Any]:
    """The row that keeps a state."""
    return {
        "request_id": state.request_id,
        "seq": state.seq,
        "shape": SHAPE,
        "state": encode(state),
    }
