"""Evidence packs for auditors."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from portal.domain.marked import msgid
from portal.domain.proof import merkle, notes
from portal.domain.proof.acts import ActKind
from portal.extensions import db
from portal.proof import beginning, pack
from portal.proof.packed import PackedPeriod
from portal.proof.tiles import LogBroken
from portal.queries.audit_entries import AuditEntry
from portal.services import acts
from portal.translation import _

NO_LOG = msgid("No log of the record was begun yet, so there is no evidence to hand out.")
NOT_YET = msgid("The newest events of this request are not sealed yet. Try again in a few minutes.")
NOTHING = msgid("Nothing was recorded and sealed on these days. Choose others.")
NOT_SEALED = msgid("The newest entries are not sealed yet. Try again in a few minutes.")
TOO_MANY_ENTRIES = msgid(
    "These days have %(n)s entries, and a pack made here takes at most %(most)s. Choose fewer "
    "days, or have it made on the server, without a limit: flask portal audit pack-period."
)
MOST_ENTRIES = 20_000
BROKEN = msgid(
    "The files of the log cannot be read, or are damaged. An administrator has to look at them "
    "first."
)


class NoEvidence(Exception):
    """There is no pack now; the message is a sentence for people."""


def of_request(request_id: str, number: str, log_dir: Path) -> bytes:
    """The pack of a request, a ZIP archive; that it was taken is recorded. Raises NoEvidence."""
    try:
        log = beginning.current(log_dir)
        if log is None:
            raise NoEvidence(NO_LOG)
        with db.engine.connect() as connection:
            body = pack.pack(connection, log, request_id)
    except pack.NotSealedYet as error:
        raise NoEvidence(NOT_YET) from error
    except LogBroken as error:
        raise NoEvidence(BROKEN) from error
    acts.keep(ActKind.EXPORTED, number, what="evidence")
    return body


def of_period(since: datetime, until: datetime, log_dir: Path) -> bytes:
    """The pack of what was recorded from one moment on and before another. The act that tells
    of it is where the next one goes on from. Raises NoEvidence."""
    try:
        log = beginning.current(log_dir)
        if log is None:
            raise NoEvidence(_(NO_LOG))
        with db.engine.connect() as connection:
            body, found = pack.pack_period(
                connection, log, PackedPeriod(since, until), MOST_ENTRIES
            )
    except pack.NothingThere as error:
        raise NoEvidence(_(NOTHING)) from error
    except pack.TooManyEntries as error:
        said = _(TOO_MANY_ENTRIES, n=error.count, most=MOST_ENTRIES)
        raise NoEvidence(said) from error
    except pack.NotSealedYet as error:
        raise NoEvidence(_(NOT_SEALED)) from error
    except LogBroken as error:
        raise NoEvidence(_(BROKEN)) from error
    acts.keep(ActKind.EXPORTED, "evidence.zip", **pack.told(found, body))
    return body


@dataclass(frozen=True, slots=True)
class LeafProof:
    """That an entry is in the log: the leaf's text and hash, the way from it to the root of the
    newest checkpoint, and whether it leads there."""

    number: int
    entry: str
    leaf: str
    size: int
    root: str
    path: tuple[str, ...]
    holds: bool


def proof_of(entry: AuditEntry, digest: str, log_dir: Path) -> LeafProof | None:
    """The proof of a sealed entry; None where the log's files cannot be read from here, or have no
    checkpoint that counts it yet."""
    try:
        log = beginning.current(log_dir)
        point = None if log is None else log.checkpoint()
        if log is None or point is None or entry.number >= point.size:
            return None
        path = merkle.inclusion(entry.number, point.size, log.node)
    except LogBroken:
        return None
    told = notes.entry(entry.subject_id, entry.seq, digest)
    leaf = merkle.leaf_hash(told)
    return LeafProof(
        entry.number,
        told.decode(),
        leaf.hex(),
        point.size,
        point.root.hex(),
        tuple(each.hex() for each in path),
        merkle.includes(leaf, entry.number, point.size, path, point.root),
    )
