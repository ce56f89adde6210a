"""Where the old engine stands, and the cutover's place among the revisions: the last one.

`flask db upgrade` must never cut an old engine off by itself. So Alembic sees the cutover's
folder except while an old engine is in its place: then `head` is the newest numbered revision,
which leaves the old tables as they are, and only `flask portal cutover` shows Alembic the folder.

Revisions that come later are slotted in before it. Of a database that has passed the cutover it is
kept which numbered ones ran (`portal.models.schema`; before 0035 in a comment on Alembic's table),
and `flask db upgrade` makes up for what has come in between. Where that is not known, it refuses.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from portal.config import ROOT
from portal.legacy.tables import ENGINE_ENUMS, ENGINE_TABLES, OPS
from portal.models.schema import KEPT_SINCE, looks_like, revisions_run


class CutoverRefused(CommandError):
    """It cannot be done now, and nothing was changed; the message is a sentence for people.

    Alembic's own kind of error, so that `flask db downgrade` shows it as it shows its own.
    """


class SchemaUnknown(CommandError):
    """Nothing says which revisions ran here; the message is a sentence for people."""


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


MIGRATIONS = ROOT / "migrations"
NOTED = "SELECT obj_description(to_regclass('portal.alembic_version'), 'pg_class')"


def with_cutover(config: Config) -> Config:
    """Show Alembic the cutover beside the numbered revisions."""
    home = Path(config.get_main_option("script_location", str(MIGRATIONS)).replace("%%", "%"))
    places = "\n".join(str(home / name) for name in ("versions", "cutover"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", places.replace("%", "%%"))
    return config


def fitting(config: Config, connection: Connection) -> Config:
    """Show Alembic the cutover unless it waits in this database."""
    return config if cutover_waits(connection) else with_cutover(config)


def configure(config: Config) -> Config:
    """Do so for the application's database: for every `flask db` command.

    Where that database is away, the history can still be read; the revision itself refuses to run
    on an old engine without the command.
    """
    engine = current_app.extensions["migrate"].db.engine
    try:
        with engine.connect() as connection:
            return fitting(config, connection)
    except DBAPIError:
        return with_cutover(config)


def newest() -> str:
    """The newest numbered revision, after which the cutover comes."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise FileNotFoundError(f"{MIGRATIONS} holds no revisions")
    return head


def remember(connection: Connection, revision: str | None) -> None:
    """Note after which revision this database passed the cutover; None when it was taken back."""
    words = "NULL" if revision is None else f"'The cutover came after {revision}.'"
    connection.exec_driver_sql(f"COMMENT ON TABLE portal.alembic_version IS {words}")


def passed_after(connection: Connection) -> str | None:
    """The newest revision that ran in a database that has passed the cutover; None before that.

    Raises SchemaUnknown where that is not kept.
    """
    if revision_of(connection) != REVISION:
        return None
    run = revisions_run(connection)
    noted = re.search(r"after (\d{4})\.", connection.scalar(text(NOTED)) or "")
    if not run and (noted is None or noted[1] >= KEPT_SINCE):
        raise _unknown(connection, "It has passed the cutover, and the note of the rest is lost")
    return run[-1] if run else noted[1]  # type: ignore[index]  # one of them is there


def require_known(connection: Connection) -> None:
    """Raise SchemaUnknown where it cannot be told, or is told in two ways, what ran here.

    An upgrade on a guess would run nothing, or the wrong revisions, and say that all is well.
    """
    version, run = revision_of(connection), revisions_run(connection)
    if version == REVISION:
        passed_after(connection)
    elif version is None and (run or is_there(connection, "portal.requests")):
        raise _unknown(connection, "Alembic's note of its revision is lost")
    elif version is not None and version >= KEPT_SINCE and version != (run[-1] if run else None):
        kept = f"{run[-1]} is the newest" if run else "there is none"
        raise _unknown(connection, f"Alembic's note says {version}, and of those that ran {kept}")


def _unknown(connection: Connection, what: str) -> SchemaUnknown:
    hint = looks_like(connection)
    seems = f" Its tables look as after {hint} at most." if hint else ""
    return SchemaUnknown(
        f"Which revisions ran in this database is not known, and nothing was done: {what}.{seems}"
        " Put back a backup in which it is known; or find out after which revision the tables are"
        " as they are, say so with `flask db stamp REVISION`, and run `flask db upgrade` again."
    )


def catch_up(connection: Connection) -> None:
    """Let an upgrade run what was slotted in before a cutover that is behind this database.

    The cutover then runs again, and finds nothing to move.
    """
    after = passed_after(connection)
    if after is not None and after != newest():
        connection.execute(
            text("UPDATE portal.alembic_version SET version_num = :after"), {"after": after}
        )


def require_caught_up(connection: Connection) -> None:
    """Raise CutoverRefused where revisions before the cutover were not run yet."""
    if passed_after(connection) not in (None, newest()):
        raise CutoverRefused("Run `flask db upgrade` first: newer tables are missing.")


def upgrade(connection: Connection, **attributes: Any) -> None:
    """Run the cutover's revision on this connection; `attributes` are read by the revision."""
    command.upgrade(with_cutover(_config(connection, **attributes)), REVISION)


def downgrade(connection: Connection, **attributes: Any) -> None:
    """Take the cutover's revision back on this connection."""
    command.downgrade(with_cutover(_config(connection, **attributes)), newest())


def _config(connection: Connection | None = None, **attributes: Any) -> Config:
    config = Config(MIGRATIONS / "alembic.ini")
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes.update(attributes | {"connection": connection})
    return config
