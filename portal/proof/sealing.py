"""Sealing: what waits in the queue becomes leaves, leaves become tiles, a checkpoint is signed.

Under a lock of the database, so that there is one sealer at a time. Before it signs, the log that
is outside the database is compared with the one inside: a database that was put back to an older
state, or whose newest leaves were changed, is refused, and nothing is signed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection, Engine, insert, text

from portal.domain.proof import merkle, notes
from portal.models import AuditCheckpoint
from portal.proof import indexing, keys
from portal.proof.keys import Signer
from portal.proof.tiles import WIDTH, LogBroken, LogFiles

BATCH = 10_000
# A checkpoint is published so often even if nothing is new: a log that stands still is seen.
AT_LEAST = timedelta(hours=1)
# So many of the newest leaves are compared with the tiles each time; `verify` compares all.
COMPARED = 2 * WIDTH

# Raw: an advisory lock, and a move from one table into another in one statement.
LOCK = text("SELECT pg_try_advisory_lock(hashtext('portal.audit_log'))")
UNLOCK = text("SELECT pg_advisory_unlock(hashtext('portal.audit_log'))")
MOVE = text("""
WITH taken AS (
    DELETE FROM portal.audit_queue WHERE id IN (
        SELECT id FROM portal.audit_queue ORDER BY id LIMIT :batch
    ) RETURNING id, subject_id, seq, hash
), numbered AS (
    INSERT INTO portal.audit_leaves (number, subject_id, seq, hash)
    SELECT (SELECT COALESCE(max(number) + 1, 0) FROM portal.audit_leaves)
        + row_number() OVER (ORDER BY id) - 1, subject_id, seq, hash
    FROM taken RETURNING 1
)
SELECT count(*) FROM numbered
""")
LEAVES = text("""
SELECT subject_id::text, seq, hash FROM portal.audit_leaves
WHERE number >= :first ORDER BY number LIMIT :most
""")
COUNT = text("SELECT COALESCE(max(number) + 1, 0) FROM portal.audit_leaves")

log = structlog.get_logger("portal.sealer")


class NotSealed(Exception):
    """The log is refused: the database is not what was sealed. The message is for people."""


@dataclass(frozen=True)
class Sealed:
    """What came of a pass: how many leaves were added, and the newest checkpoint as a note.

    `is_new`: it was signed by this pass. Of a pass that met another under way, `note` is None.
    """

    added: int = 0
    note: str | None = None
    is_new: bool = False


def seal(engine: Engine, files: LogFiles, signer: Signer, now: datetime | None = None) -> Sealed:
    """Seal what waits. Raises NotSealed and LogBroken, and then nothing was signed."""
    with engine.connect() as connection:
        if not connection.scalar(LOCK):
            return Sealed()
        try:
            connection.commit()
            sealed = _sealed(connection, files, signer, now or datetime.now(UTC))
            connection.commit()
            indexing.follow(connection)
            return sealed
        finally:
            connection.rollback()
            connection.execute(UNLOCK)
            connection.commit()


def _sealed(connection: Connection, files: LogFiles, signer: Signer, now: datetime) -> Sealed:
    last = _last(files, signer)
    require_same(connection, files, last)
    connection.commit()
    while connection.execute(MOVE, {"batch": BATCH}).scalar_one() == BATCH:
        connection.commit()
    connection.commit()
    begin = 0 if last is None else last.size
    size = files.append(begin, _entries(connection, begin))
    connection.commit()
    if last is not None and size == last.size and now - _signed_at(connection, last) < AT_LEAST:
        return Sealed(0, files.note())
    root = merkle.root(size, files.node)
    note = signer.sign(notes.Checkpoint(signer.verifier.name, size, root))
    files.publish(note, str(signer.verifier))
    row = {"origin": signer.verifier.name, "size": size, "signed_at": now, "note": note}
    connection.execute(insert(AuditCheckpoint), row)
    connection.commit()
    log.info("log.sealed", size=size, added=size - begin)
    return Sealed(size - begin, note, is_new=True)


def _last(files: LogFiles, signer: Signer) -> notes.Checkpoint | None:
    """The newest checkpoint outside the database, once it is sure that it is ours."""
    note, last = files.note(), files.checkpoint()
    if note is None or last is None:
        return None
    if not keys.is_good(signer.verifier, note):
        raise NotSealed(f"The checkpoint in {files.folder} was not signed with this key.")
    if last.size and merkle.root(last.size, files.node) != last.root:
        raise LogBroken(f"The tiles in {files.folder} do not give the root of their checkpoint.")
    return last


def require_same(connection: Connection, files: LogFiles, last: notes.Checkpoint | None) -> None:
    """Raise NotSealed unless the database has all leaves that were signed, and the newest of them
    are the same."""
    if last is None or last.size == 0:
        return
    there = connection.execute(COUNT).scalar_one()
    if there < last.size:
        raise NotSealed(
            f"The database has {there} leaves of {last.size} that were signed: it was put back to "
            "an older state. An administrator begins the next log: flask portal audit begin."
        )
    first = max(0, last.size - COMPARED)
    given = {"first": first, "most": last.size - first}
    for number, row in enumerate(connection.execute(LEAVES, given), start=first):
        leaf = merkle.leaf_hash(notes.entry(row.subject_id, row.seq, row.hash))
        if leaf != files.leaf(number):
            raise NotSealed(
                f"Leaf {number} in the database is not the one that was signed: the record was "
                "changed, or put back to an older state. flask portal audit verify says more."
            )


def _entries(connection: Connection, first: int) -> Iterator[bytes]:
    while True:
        rows = connection.execute(LEAVES, {"first": first, "most": BATCH}).all()
        yield from (notes.entry(row.subject_id, row.seq, row.hash) for row in rows)
        if len(rows) < BATCH:
            return
        first += len(rows)


def _signed_at(connection: Connection, last: notes.Checkpoint) -> datetime:
    # Raw: one value.
    newest = text(
        "SELECT max(signed_at) FROM portal.audit_checkpoints"
        " WHERE origin = :origin AND size = :size"
    )
    found = connection.execute(newest, {"origin": last.origin, "size": last.size}).scalar_one()
    return found if isinstance(found, datetime) else datetime.min.replace(tzinfo=UTC)
