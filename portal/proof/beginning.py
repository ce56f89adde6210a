"""Beginning a log: the existing record is taken into it by one act.

The first log takes up everything that was recorded before there was one. A later one, after an
older backup was put back, quotes the last checkpoint of the log before it, and begins anew from
what the database has now.
"""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from portal.domain.proof.acts import ActKind, ActRecord
from portal.models.acts import record_act
from portal.models.columns import new_id
from portal.proof import keys, tiles
from portal.proof.keys import Signer
from portal.proof.sealing import LOCK, UNLOCK, NotSealed
from portal.proof.tiles import LogFiles

# Raw: everything that has no leaf and does not wait for one, in the order of its time.
ADOPT = text("""
INSERT INTO portal.audit_queue (subject_id, seq, hash)
SELECT e.request_id, e.seq, e.hash FROM portal.audit_events e
WHERE NOT EXISTS (SELECT FROM portal.audit_leaves l
        WHERE l.subject_id = e.request_id AND l.seq = e.seq)
    AND NOT EXISTS (SELECT FROM portal.audit_queue q
        WHERE q.subject_id = e.request_id AND q.seq = e.seq)
ORDER BY e.at, e.request_id, e.seq
""")
COUNTS = text("""
SELECT (SELECT count(*) FROM portal.audit_events) AS events,
    (SELECT count(*) FROM portal.audit_leaves) AS leaves,
    (SELECT count(*) FROM portal.audit_queue) AS waiting
""")


def origin(public_url: str, number: int) -> str:
    """The name of a log: the portal's host, and which of its logs it is."""
    host = public_url.partition("://")[2].partition("/")[0] or "localhost"
    return f"{host}/audit/{number}"


def current(folder: Path) -> LogFiles | None:
    """The log that is being written; None before one was begun. Raises LogBroken."""
    return next(reversed(tiles.logs(folder)), None)


def number_of(files: LogFiles) -> int:
    """Which log of the portal it is, counted from 1."""
    return int(files.folder.name)


def signer_of(files: LogFiles, key: Path, public_url: str) -> Signer:
    """What signs for this log. Raises NoKey."""
    return Signer(origin(public_url, number_of(files)), keys.read(key))


def begin(engine: Engine, folder: Path, key: Path, actor: str = "system") -> LogFiles:
    """Begin the first log, or the next one. Raises NotSealed while a sealer is at work."""
    if not key.exists():
        keys.make(key)
    keys.read(key)
    before = current(folder)
    files = LogFiles(folder / str(1 if before is None else number_of(before) + 1))
    with engine.connect() as connection:
        if not connection.scalar(LOCK):
            raise NotSealed("A sealer is at work: try again in a moment.")
        try:
            _adopt(connection, before, files, actor)
            connection.commit()
            files.folder.mkdir(parents=True)
        finally:
            connection.rollback()
            connection.execute(UNLOCK)
            connection.commit()
    return files


def _adopt(connection: Connection, before: LogFiles | None, files: LogFiles, actor: str) -> None:
    counts = connection.execute(COUNTS).one()
    act = ActRecord(
        id=new_id(),
        at=datetime.now(UTC),
        kind=ActKind.LOG_BEGUN,
        actor=actor,
        subject=files.folder.name,
        data={
            "events": counts.events,
            "leaves": counts.leaves,
            "last_checkpoint": None if before is None else before.note(),
        },
    )
    record_act(connection, act)
    connection.execute(ADOPT)
