"""Locking many tables at once without making people wait long behind it."""

import time
from collections.abc import Sequence

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from portal.legacy.cutover.errors import CutoverRefused

TIMEOUT = "2s"
TRIES = 20
PAUSE = 0.5
"""Seconds between two tries; whoever waited behind the last one goes first."""

HOLDERS = """
SELECT DISTINCT format('%s (process %s, since %s)', coalesce(nullif(a.application_name, ''),
    a.usename, 'unknown'), a.pid, coalesce(to_char(a.xact_start, 'HH24:MI:SS'), '?'))
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.pid <> pg_backend_pid() AND l.relation = ANY(
    SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) name)
"""


def lock(connection: Connection, tables: Sequence[str]) -> float:
    """Lock these tables against everybody, within the transaction; returns when it was begun.

    A try waits two seconds for each table at most and then lets go of all of them. Raises
    CutoverRefused, naming who is in the way, when no try succeeds.
    """
    connection.execute(text(f"SET LOCAL lock_timeout = '{TIMEOUT}'"))
    statement = text(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE)
        begun = time.perf_counter()
        savepoint = connection.begin_nested()
        try:
            connection.execute(statement)
        except OperationalError as error:
            savepoint.rollback()
            if not isinstance(error.orig, LockNotAvailable | DeadlockDetected):
                raise
        else:
            savepoint.commit()
            return begun
    holders = ", ".join(connection.scalars(text(HOLDERS), {"tables": list(tables)}))
    raise CutoverRefused(
        f"The old tables are in use, by {holders or 'somebody who has just left'}: "
        "end that and run it again; nothing was changed."
    )
