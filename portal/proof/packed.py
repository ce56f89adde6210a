"""What an evidence pack is made of, as it was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from portal.domain.marked import msgid
from portal.domain.proof import notes
from portal.proof.tiles import LogFiles

LIMITS = (
    msgid("That what people wrote is true, or that nothing was left unrecorded."),
    msgid("Anything before the log was begun, or after its last anchor."),
    msgid("Against somebody who has the key and the machine: what they forged afterwards."),
    msgid("That the clock was right, where no outside time stamp says so."),
    msgid("That it was the person who decided, and not somebody at their session."),
    msgid("The summary and the lists beside the events: only events, acts and texts are sealed."),
)


@dataclass(frozen=True)
class PackedPeriod:
    """What was recorded from one moment on and before another: the leaves from `first` on and below
    `end`. `earlier`: the checkpoint of the pack before, as the act says that tells of it."""

    since: datetime
    until: datetime
    first: int = 0
    end: int = 0
    earlier: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Anchor:
    """A checkpoint of the log that others signed. `note`: the checkpoint as they got it, or with
    their signature below; `stamp`: an answer by RFC 3161."""

    note: str
    at: datetime
    stamp: bytes = b""

    @property
    def size(self) -> int:
        """How many leaves it is over."""
        return notes.read(self.note).size


@dataclass(frozen=True)
class Packed:
    """What is read for a pack, in one snapshot, and the checkpoint that it is proven by."""

    note: str
    key: str
    log: LogFiles
    leaves: Sequence[RowMapping]
    requests: Sequence[Mapping[str, Any]]
    types: Sequence[Mapping[str, Any]]
    decisions: Sequence[Mapping[str, Any]]
    attachments: Sequence[Mapping[str, Any]]
    acts: Sequence[Mapping[str, Any]]
    names: Mapping[str, str]
    one_role: tuple[str, ...]
    anchors: Mapping[str, "Anchor"] = field(default_factory=dict)
    period: PackedPeriod | None = None
    proofs: dict[str, Any] = field(default_factory=dict)

    @property
    def point(self) -> notes.Checkpoint:
        """What the checkpoint says."""
        return notes.read(self.note)
