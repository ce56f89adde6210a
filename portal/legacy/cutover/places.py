"""Where the old engine stands: in gloria_ops, in the archive, or nowhere."""

from collections.abc import Iterable

from sqlalchemy import Connection, text

from portal.legacy.tables import ENGINE_ENUMS, ENGINE_TABLES, OPS

REVISION = "cutover"

# Ours has the name of one of theirs; it is known by a column.
TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND c.relname = ANY(:names)
    AND NOT (c.relname = 'workflow_history' AND EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
            AND a.attname = 'temporal_workflow_id'))
"""
# The name of the functions' text is matched as a word; what is compiled follows the tables anyway.
FUNCTIONS = """
SELECT DISTINCT format('%I.%I', n.nspname, p.proname) FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE l.lanname NOT IN ('c', 'internal') AND p.prosqlbody IS NULL
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'portal')
    AND p.prosrc ~* ('\\m(' || array_to_string(CAST(:names AS text[]), '|') || ')\\M')
ORDER BY 1
"""
ENUMS = """
SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = :schema AND t.typtype = 'e' AND t.typname = ANY(:names)
"""


def engine_tables(connection: Connection, schema: str = OPS) -> tuple[str, ...]:
    """Which of the engine's nine tables are in this schema, parents before children."""
    return _found(connection, TABLES, schema, ENGINE_TABLES)


def engine_enums(connection: Connection, schema: str = OPS) -> tuple[str, ...]:
    """Which of the engine's eight enums are in this schema."""
    return _found(connection, ENUMS, schema, ENGINE_ENUMS)


def functions_naming(connection: Connection, tables: Iterable[str]) -> tuple[str, ...]:
    """Functions of others whose text names one of these tables, and would not find it elsewhere."""
    return tuple(connection.scalars(text(FUNCTIONS), {"names": list(tables)}))


def is_there(connection: Connection, relation: str) -> bool:
    """Whether there is a table or view of this name, as schema.name."""
    found = connection.scalar(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": relation})
    return bool(found)


def has_schema(connection: Connection, schema: str) -> bool:
    """Whether there is a schema of this name."""
    found = text("SELECT to_regnamespace(:name) IS NOT NULL")
    return bool(connection.scalar(found, {"name": schema}))


def revision_of(connection: Connection) -> str | None:
    """The revision that the database has; None before the first."""
    if not is_there(connection, "portal.alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM portal.alembic_version"))
    return found


def cutover_waits(connection: Connection) -> bool:
    """Whether an old engine is in its place, and was not cut over."""
    return revision_of(connection) != REVISION and bool(engine_tables(connection))


def _found(
    connection: Connection, question: str, schema: str, names: Iterable[str]
) -> tuple[str, ...]:
    names = list(names)
    there = set(connection.scalars(text(question), {"schema": schema, "names": names}))
    return tuple(name for name in names if name in there)
