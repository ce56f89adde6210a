"""Locking many tables at once without making people wait long behind it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from psycopg.errors import DeadlockDetected, ForeignKeyViolation, LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, OperationalError

from portal.legacy.cutover import recording
from portal.legacy.cutover.chain import (
    CutoverRefused,
    engine_enums,
    engine_tables,
    has_schema,
    is_there,
)
from portal.legacy.cutover.recording import drop_tie, find_ties, restore_tie
from portal.legacy.tables import ARCHIVE, OPS

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


OURS, WAITING = f"{OPS}.workflow_history", f"{OPS}.workflow_history_next"

PORTAL_OWNER = """
SELECT quote_ident(r.rolname) FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
WHERE n.nspname = 'portal' AND r.rolname <> current_user AND pg_has_role(r.oid, 'MEMBER')
"""


@dataclass(frozen=True)
class CutoverPermit:
    """What the command has made sure of before the revision may run on an old engine.

    `recheck` runs when nobody can write to the old tables any more, and raises CutoverRefused.
    """

    by: str
    backup: str | None
    no_backup_reason: str | None
    accepted: tuple[str, ...] = ()
    recheck: Callable[[Connection], None] = field(default=lambda _connection: None)


def move_out(connection: Connection, warrant: CutoverPermit | None) -> None:
    """Move the old engine to the archive and give our table its name.

    Where there is no old engine, ours has its name, and nothing happens.
    """
    tables = engine_tables(connection)
    if not tables:
        return
    if warrant is None:
        raise CutoverRefused(
            "The old engine is in its place: run `flask portal cutover`, which looks first."
        )
    # Names in definitions are written with their schema when nothing is on the path.
    connection.execute(text("SET LOCAL search_path = pg_catalog"))
    ties = find_ties(connection)
    shared = {f"{OPS}.{tie.table}" for tie in ties}
    waits = is_there(connection, WAITING)
    names = [f"{OPS}.{name}" for name in tables] + sorted(shared) + [WAITING] * waits
    begun = lock(connection, names)
    warrant.recheck(connection)
    ties = find_ties(connection)
    for tie in ties:
        drop_tie(connection, tie)
    made = not has_schema(connection, ARCHIVE)
    if made:
        _make_archive(connection)
    enums = engine_enums(connection)
    _change_schema(connection, tables, enums, OPS, ARCHIVE)
    if waits:
        connection.execute(text(f"ALTER TABLE {WAITING} RENAME TO workflow_history"))
    recording.made(
        connection, warrant.by, warrant.backup, warrant.no_backup_reason, warrant.accepted,
        {"tables": tables, "enums": enums, "made_schema": made, "renamed": waits},
        [asdict(tie) for tie in ties],
        round((time.perf_counter() - begun) * 1000),
    )  # fmt: skip


def put_back(connection: Connection, by: str) -> None:
    """Put everything back as it was before the cutover.

    Where no cutover was made, nothing happens. Raises CutoverRefused where the archive is gone, or
    where others have used the old names or changed what a constraint needs.
    """
    cutover = recording.standing(connection)
    if cutover is None:
        return
    if cutover.purged_at is not None:
        raise CutoverRefused(
            f"The archive was removed for good on {cutover.purged_at:%Y-%m-%d}, so there is "
            f"nothing to put back; the last dump is {cutover.purge_backup or 'not there'}."
        )
    _require_room(connection, cutover)
    connection.execute(text("SET LOCAL search_path = pg_catalog"))
    shared = sorted({f"{OPS}.{tie.table}" for tie in cutover.ties})
    lock(connection, [*(f"{ARCHIVE}.{name}" for name in cutover.tables), *shared, OURS])
    if cutover.renamed:
        connection.execute(text(f"ALTER TABLE {OURS} RENAME TO workflow_history_next"))
    _change_schema(connection, cutover.tables, cutover.enums, ARCHIVE, OPS)
    for tie in cutover.ties:
        try:
            restore_tie(connection, tie)
        except IntegrityError as error:
            if not isinstance(error.orig, ForeignKeyViolation):
                raise
            raise CutoverRefused(
                f"{tie.name} cannot be put back, since {OPS}.{tie.table} was changed: "
                f"{error.orig.diag.message_detail} Nothing was changed."
            ) from error
    if cutover.made_schema:
        connection.execute(text(f"DROP SCHEMA {ARCHIVE}"))
    recording.taken_back(connection, cutover.id, by)


def _make_archive(connection: Connection) -> None:
    """Make the archive; it belongs to the portal's role, also where a superuser makes it."""
    connection.execute(text(f"CREATE SCHEMA {ARCHIVE}"))
    owner = connection.scalar(text(PORTAL_OWNER))
    if owner is not None:
        connection.execute(text(f"ALTER SCHEMA {ARCHIVE} OWNER TO {owner}"))


def _change_schema(
    connection: Connection, tables: tuple[str, ...], enums: tuple[str, ...], old: str, new: str
) -> None:
    for table in tables:
        connection.execute(text(f"ALTER TABLE {old}.{table} SET SCHEMA {new}"))
    for enum in enums:
        connection.execute(text(f'ALTER TYPE {old}."{enum}" SET SCHEMA {new}'))


def _require_room(connection: Connection, cutover: recording.StandingCutover) -> None:
    """The archive holds what was put there, and nobody has taken the old names."""
    missing = set(cutover.tables) - set(engine_tables(connection, ARCHIVE))
    if missing:
        raise CutoverRefused(f"The archive lacks {', '.join(sorted(missing))}: it was changed.")
    taken = [
        name
        for name in cutover.tables
        if is_there(connection, f"{OPS}.{name}") and f"{OPS}.{name}" != OURS
    ]
    if taken:
        raise CutoverRefused(
            f"Something new in {OPS} has the name {', '.join(taken)}: rename it, then run it again."
        )
