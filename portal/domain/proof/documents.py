"""Entries of the log as programs read them, in files and in streams: the one shape of each. Pure.

An event and an act say everything that their hash covers. The texts that people wrote stand in an
event as hashes.
"""

from datetime import datetime
from typing import Any, Protocol

from portal.domain.proof.acts import ActRecord

MISSING = "missing"


class HashedEvent(Protocol):
    """An event as it was recorded."""

    @property
    def request_id(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def kind(self) -> str: ...
    @property
    def tag(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def on_behalf_of(self) -> str | None: ...
    @property
    def command_id(self) -> str | None: ...
    @property
    def data(self) -> dict[str, Any]: ...
    @property
    def prev_hash(self) -> str: ...
    @property
    def hash(self) -> str: ...


def event_document(event: HashedEvent) -> dict[str, Any]:
    """An event with everything that its hash covers, and both hashes."""
    return {
        "request_id": event.request_id, "seq": event.seq, "at": event.at.isoformat(),
        "kind": event.kind, "tag": event.tag, "actor": event.actor,
        "on_behalf_of": event.on_behalf_of, "command_id": event.command_id, "data": event.data,
        "prev_hash": event.prev_hash, "hash": event.hash,
    }  # fmt: skip


def act_document(act: ActRecord, hash_: str) -> dict[str, Any]:
    """An act with everything that its hash covers but the salt, and the hash."""
    return {
        "id": act.id, "at": act.at.isoformat(), "kind": str(act.kind), "actor": act.actor,
        "session_id": act.session_id, "address": act.address, "subject": act.subject,
        "data": act.data, "hash": hash_,
    }  # fmt: skip


def missing_document(subject_id: str, seq: int) -> dict[str, Any]:
    """What is left of an entry that was removed after its retention."""
    return {"id": subject_id, "seq": seq, "kind": MISSING}
