"""How migrations run: on the application's engine, or on a connection given in the attributes.

Locks are waited for one second at most, so that people never wait longer behind a migration; a
migration that meets a busy table fails cleanly and is run again.
"""

import re
from typing import Any

from alembic import context
from alembic.util import CommandError
from flask import current_app
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError

import portal.legacy.models
import portal.models  # noqa: F401 - both fill the metadata
from portal.extensions import db
from portal.legacy.cutover.chain import REVISION, catch_up, require_known
from portal.models.schema import KEPT_SINCE, NUMBERED, notes_of
from portal.proof import rights

LOCK_TIMEOUT = "1s"
STATEMENT_TIMEOUT = "15min"
SCHEMAS = {"portal", "gloria_ops"}
# Dropped by a later release: see 0034.
UNREAD = {("request_types", "form")}
PARTITION = re.compile(r"audit_events_(\d{4}_\d{2}|default)")

metadata = db.metadata


def include_name(name: str | None, kind: str, parents: dict[str, Any]) -> bool:
    """Look only at our schemas, and in gloria_ops, which others use too, only at our table."""
    if kind == "schema":
        return name in SCHEMAS
    if kind == "table" and parents["schema_name"] == "gloria_ops":
        return name == "workflow_history"
    return not (kind == "table" and name is not None and PARTITION.fullmatch(name))


def include_object(
    thing: Any, name: str | None, kind: str, _reflected: bool, _other: object
) -> bool:
    """Leave the old engine's table of the same name alone while ours waits under another, and
    columns that only the release before this one reads."""
    if kind == "column" and (thing.table.name, name) in UNREAD:
        return False
    return not (kind == "table" and name == "workflow_history" and _ours_waits())


def _ours_waits() -> bool:
    connection = context.get_bind()
    found = connection.scalar(text("SELECT to_regclass('gloria_ops.workflow_history_next')"))
    return found is not None


def keep(*, ctx: Any, step: Any, heads: set[str], **_more: Any) -> None:
    """Note what ran, in the same transaction as Alembic does: see portal.models.schema."""
    numbered = [each for each in heads or step.down_revision_ids if NUMBERED.fullmatch(each)]
    newest = max(numbered or step.down_revision_ids, default="")
    there = text("SELECT to_regclass('portal.schema_revisions')")
    if newest >= KEPT_SINCE and (ctx.as_sql or ctx.connection.scalar(there) is not None):
        for statement in notes_of(newest):
            ctx.execute(statement)


OPTIONS: dict[str, Any] = {
    "target_metadata": metadata,
    "include_schemas": True,
    "include_name": include_name,
    "include_object": include_object,
    "version_table_schema": "portal",
    "compare_type": True,
    "transaction_per_migration": True,
    "on_version_apply": keep,
}


def run_offline() -> None:
    """Print the statements (``--sql``), for a review or for a linter."""
    context.configure(dialect_name="postgresql", literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.execute("CREATE SCHEMA IF NOT EXISTS portal")
        context.run_migrations()


def goes_to() -> object:
    """The revision that the command goes to; None for one that goes nowhere, such as current."""
    try:
        return context.get_revision_argument()
    except KeyError:
        return None


def is_stamp() -> bool:
    """Whether a person says which revisions ran, and nothing is run. Once it is configured."""
    return getattr(context.get_context().opts["fn"], "__name__", "") == "do_stamp"


def run_on(connection: Connection) -> None:
    """Migrate over this connection. Raises CommandError where the database cannot be used."""
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise CommandError(f"The database is encoded in {encoding}; the portal needs UTF8.")
    try:
        _migrate(connection)
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        said = error.orig.diag.message_primary
        raise CommandError(
            f"The role of DATABASE_URL (or DATABASE_MIGRATION_URL) lacks a right: {said}. "
            "Grant it, then run this again."
        ) from error


def _migrate(connection: Connection) -> None:
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
    if connection.scalar(text("SELECT to_regnamespace('portal')")) is None:
        connection.execute(text("CREATE SCHEMA portal"))
    connection.commit()
    context.configure(connection=connection, **OPTIONS)
    goal = goes_to()
    if goal is not None and not is_stamp():
        require_known(connection)
    if goal in (REVISION, (REVISION,)):
        catch_up(connection)
    connection.commit()
    with context.begin_transaction():
        context.run_migrations()
    rights.grant(connection)
    connection.commit()
    connection.execute(text("RESET lock_timeout"))
    connection.execute(text("RESET statement_timeout"))
    connection.commit()


def run_online() -> None:
    """Migrate the database of the application, or of the connection that the caller gave."""
    given = context.config.attributes.get("connection")
    if given is not None:
        run_on(given)
        return
    settings = current_app.config.get("SETTINGS")
    if settings is not None and settings.database_migration_url:
        engine = create_engine(settings.owner_sqlalchemy_url, hide_parameters=True)
        with engine.connect() as connection:
            run_on(connection)
        engine.dispose()
        return
    with current_app.extensions["migrate"].db.engine.connect() as connection:
        connection.detach()  # the pages get no connection that waits for so long
        connection.connection.dbapi_connection.patience = None
        run_on(connection)


if context.is_offline_mode():
    run_offline()
else:
    run_online()
