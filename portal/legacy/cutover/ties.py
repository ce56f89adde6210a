"""The foreign keys that tie shared tables to the engine: found by name, kept, put back exactly."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from portal.legacy.tables import OPS, SHARED_KEYS

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
