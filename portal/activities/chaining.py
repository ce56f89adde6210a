"""Events as rows of the record: free text apart, each row linked to the one before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.domain.request.catalogue import EVENTS_BY_NAME
from portal.domain.request.events import EVENTS, SYSTEM
from portal.models import chain
from portal.workflows.messages import RecordedEvent

COMMON = frozenset({"request_id", "seq", "at", "actor", "on_behalf_of", "command_id"})


@dataclass
class RecordRows:
    """Rows for `portal.audit_events` and `portal.audit_texts`, and the last event's hash."""

    last_hash: str
    events: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)


def chain_events(previous: str, events: Sequence[RecordedEvent]) -> RecordRows:
    """The rows that follow the event with hash `previous`.

    Raises ValueError for numbers or text that cannot be stored: NaN, lone surrogates.
    """
    rows = RecordRows(previous)
    for event in events:
        given = event.data
        link = chain.ChainLink(
            request_id=given["request_id"],
            seq=given["seq"],
            at=datetime.fromisoformat(given["at"]),
            kind=event.kind,
            tag=EVENTS_BY_NAME[event.kind].tag,
            actor=given.get("actor", SYSTEM),
            on_behalf_of=given.get("on_behalf_of"),
            command_id=given.get("command_id"),
            data=_own_fields(event, rows),
        )
        before, rows.last_hash = rows.last_hash, chain.next_hash(rows.last_hash, link)
        columns = {name: getattr(link, name) for name in chain.ChainLink.__slots__}
        rows.events.append(columns | {"prev_hash": before, "hash": rows.last_hash})
    return rows


def _own_fields(event: RecordedEvent, rows: RecordRows) -> dict[str, Any]:
    """The event's own fields; texts that say something are replaced by their salted hash."""
    data = {name: chain.storable(value) for name, value in event.data.items() if name not in COMMON}
    for name in EVENTS[event.kind].TEXTS:
        if data.get(name, "") != "":
            data[name] = _put_apart(event, name, data[name], rows)
    return data


def _put_apart(event: RecordedEvent, name: str, value: Any, rows: RecordRows) -> dict[str, str]:
    text = value if isinstance(value, str) else chain.canonical(value)
    salt = chain.new_salt()
    key = {"request_id": event.data["request_id"], "seq": event.data["seq"], "name": name}
    rows.texts.append(key | {"salt": salt, "text": text})
    return {"sha256": chain.text_hash(salt, text)}
