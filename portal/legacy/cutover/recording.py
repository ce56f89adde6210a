"""What is recorded of cutovers: who, when, the backup, what moved, and the ties that were cut."""

import getpass
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from portal.legacy.tables import OPS, SHARED_KEYS
from portal.models.columns import new_id

FIND = """
SELECT t.relname AS table, c.conname AS name, pg_get_constraintdef(c.oid) AS definition,
    obj_description(c.oid, 'pg_constraint') AS comment
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE t.relnamespace = to_regnamespace(:schema) AND t.relname = :table AND c.contype = 'f'
    AND c.conname = ANY(:names)
ORDER BY c.conname
"""


@dataclass(frozen=True)
class Tie:
    """A constraint by its table and name, as PostgreSQL defines it, and the comment on it."""

    table: str
    name: str
    definition: str
    comment: str | None = None


def find_ties(connection: Connection) -> tuple[Tie, ...]:
    """The ties there are. With an empty search path their definitions name schemas."""
    found = []
    for table, names in SHARED_KEYS.items():
        given = {"schema": OPS, "table": table, "names": list(names)}
        found += [Tie(*row) for row in connection.execute(text(FIND), given)]
    return tuple(found)


def drop_tie(connection: Connection, tie: Tie) -> None:
    """Remove it from its table."""
    connection.execute(text(f'ALTER TABLE {OPS}.{tie.table} DROP CONSTRAINT "{tie.name}"'))


def restore_tie(connection: Connection, tie: Tie) -> None:
    """Put it back. Raises IntegrityError where a row does not fit any more."""
    table = f"{OPS}.{tie.table}"
    connection.exec_driver_sql(f'ALTER TABLE {table} ADD CONSTRAINT "{tie.name}" {tie.definition}')
    if tie.comment is not None:
        comment = text("SELECT quote_literal(:comment)")
        quoted = connection.scalar(comment, {"comment": tie.comment})
        on = f'COMMENT ON CONSTRAINT "{tie.name}" ON {table} IS'
        connection.exec_driver_sql(f"{on} {quoted}".replace("%", "%%"))


INSERT = """
INSERT INTO portal.cutovers
    (id, made_by, backup, no_backup_reason, accepted, moved, ties, locked_ms)
VALUES (:id, :by, :backup, :reason, :accepted, :moved, :ties, :locked_ms)
"""
STANDING = """
SELECT id::text, made_at, made_by, backup, no_backup_reason, accepted, moved, ties, locked_ms,
    purged_at, purge_backup
FROM portal.cutovers WHERE taken_back_at IS NULL ORDER BY made_at DESC LIMIT 1
"""
TAKEN_BACK = "UPDATE portal.cutovers SET taken_back_at = now(), taken_back_by = :by WHERE id = :id"
PURGED = """
UPDATE portal.cutovers SET purged_at = now(), purged_by = :by, purge_backup = :backup,
    purge_no_backup_reason = :reason WHERE id = :id
"""


@dataclass(frozen=True)
class StandingCutover:
    """A cutover that stands. `locked_ms`: for how long the old tables were locked."""

    id: str
    made_at: datetime
    made_by: str
    backup: str | None
    no_backup_reason: str | None
    accepted: tuple[str, ...]
    tables: tuple[str, ...]
    enums: tuple[str, ...]
    ties: tuple[Tie, ...]
    made_schema: bool
    renamed: bool
    locked_ms: int
    purged_at: datetime | None
    purge_backup: str | None


def who() -> str:
    """Who runs this: the account on this machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


def made(
    connection: Connection,
    by: str,
    backup: str | None,
    no_backup_reason: str | None,
    accepted: Sequence[str],
    moved: Mapping[str, Any],
    ties: Sequence[Mapping[str, Any]],
    locked_ms: int,
) -> None:
    """Record a cutover, in its own transaction."""
    values = {
        "id": new_id(), "by": by, "backup": backup, "reason": no_backup_reason,
        "accepted": json.dumps(list(accepted)), "moved": json.dumps(moved),
        "ties": json.dumps(list(ties)), "locked_ms": locked_ms,
    }  # fmt: skip
    connection.execute(text(INSERT), values)


def standing(connection: Connection) -> StandingCutover | None:
    """The cutover that was made and not taken back."""
    row = connection.execute(text(STANDING)).mappings().first()
    if row is None:
        return None
    values = dict(row)
    moved = values.pop("moved")
    values["accepted"] = tuple(values["accepted"])
    values["ties"] = tuple(Tie(**tie) for tie in values["ties"])
    return StandingCutover(
        **values,
        tables=tuple(moved["tables"]),
        enums=tuple(moved["enums"]),
        made_schema=moved["made_schema"],
        renamed=moved["renamed"],
    )


def taken_back(connection: Connection, id_: str, by: str) -> None:
    """Record that everything was put back."""
    connection.execute(text(TAKEN_BACK), {"id": id_, "by": by})


def purged(
    connection: Connection, id_: str, by: str, backup: str | None, reason: str | None
) -> None:
    """Record that the archive was removed for good."""
    values = {"id": id_, "by": by, "backup": backup, "reason": reason}
    connection.execute(text(PURGED), values)
