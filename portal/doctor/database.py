"""PostgreSQL: does it answer, does it keep what it is given, has it what this code needs?"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import Row, create_engine, select

from portal.chat import sealing
from portal.config import Settings
from portal.doctor.finding import Finding, fault, warning, well
from portal.models import ChatChannel, LogStream, WebhookEndpoint, schema

OLDEST = 140_000
CONNECT_SECONDS = 5
SKEW, BAD_SKEW = timedelta(seconds=2), timedelta(seconds=30)
EXTENSIONS = ("unaccent", "pg_trgm")
# Connections that one worker keeps beside those of its activities.
OF_WORKER = 19
# Raw: settings of the server; asked without SQLAlchemy, which may be what is wrong.
FACTS = """
SELECT current_setting('server_version_num')::int AS version,
    current_setting('server_version') AS shown, current_setting('server_encoding') AS encoding,
    current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('autovacuum') AS autovacuum, pg_is_in_recovery() AS is_standby,
    current_setting('default_transaction_read_only') AS read_only,
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int AS connections,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
    current_user AS role, clock_timestamp() AS now,
    ARRAY(SELECT extname::text FROM pg_extension) AS extensions,
    ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'portal' AND c.relkind IN ('r', 'p')
        AND NOT (has_table_privilege(c.oid, 'SELECT') AND (has_table_privilege(c.oid, 'INSERT')
            OR c.relname IN ('alembic_version', 'schema_revisions')
            OR right(c.relname, 8) = '_history' OR c.relname LIKE 'audit%'
            AND c.relname NOT IN ('audit_events', 'audit_texts', 'audit_acts')))
        ORDER BY 1) AS closed,
    (SELECT has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
            OR pg_has_role(c.relowner, 'MEMBER') FROM pg_class c
        WHERE c.oid = to_regclass('portal.audit_events')) AS rewrites,
    to_regclass('portal.commands') IS NOT NULL AS has_tables
"""
SEALED = select(ChatChannel.id, ChatChannel.sealed)
SEALED_HOOKS = select(WebhookEndpoint.id, WebhookEndpoint.sealed).where(
    WebhookEndpoint.state != "removed"
)
SEALED_STREAMS = select(LogStream.id, LogStream.sealed).where(LogStream.state != "removed")
Facts = dict[str, Any]


class SealedSecret(NamedTuple):
    """What is sealed for one purpose, and what helps where it cannot be read."""

    what: str
    purpose: bytes
    todo: str


ENTER_AGAIN = "enter them again at /admin/channels"
CHANNELS = SealedSecret("addresses of chat channels", sealing.CHANNELS, ENTER_AGAIN)
HOOKS = SealedSecret("secrets of webhooks", sealing.WEBHOOKS, "rotate them at /admin/webhooks")
STREAMS = SealedSecret("secrets of audit streams", sealing.STREAMS, "rotate them at /admin/streams")


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything about the database, and this machine's clock beside the database's."""
    try:
        with psycopg.connect(
            settings.database_url,
            connect_timeout=CONNECT_SECONDS,
            row_factory=dict_row,
            # Else a database in SQL_ASCII answers in bytes.
            client_encoding="UTF8",
        ) as connection:
            before = datetime.now(UTC)
            facts = connection.execute(FACTS).fetchone()
            after = datetime.now(UTC)
    except psycopg.Error as error:
        todo = "look at DATABASE_URL, at the server's log, and at its pg_hba.conf"
        yield fault("database.away", f"the database cannot be used: {reason(error)}", todo)
        return
    assert facts is not None
    yield well("database", f"PostgreSQL {facts['shown']} answers as {facts['role']}")
    yield from clock(before, after, facts["now"])
    yield from _server(facts)
    yield from _keeping(facts)
    yield from _role(settings, facts)
    yield from _schema(settings, facts)


def reason(error: BaseException | None) -> str:
    """What the server or the driver said, in one line without the address and its password."""
    said = " ".join(str(error).split())
    for mark in ("FATAL: ", "failed: "):
        said = said.rpartition(mark)[2].strip() if mark in said else said
    return said or type(error).__name__


def clock(before: datetime, after: datetime, there: datetime) -> Iterator[Finding]:
    """This machine's clock before and after the database said its own."""
    apart = max(before - there, there - after, timedelta())
    said = f"this machine's clock and the database's are {apart.total_seconds():.1f} s apart"
    todo = "let both machines follow a time server: timedatectl set-ntp true"
    if apart > BAD_SKEW:
        yield fault("clock.skew", said, todo)
    elif apart > SKEW:
        yield warning("clock.skew", said, todo)
    else:
        yield well("clock", said)


def _server(facts: Facts) -> Iterator[Finding]:
    if facts["version"] < OLDEST:
        said = f"PostgreSQL {facts['shown']} is older than {OLDEST // 10_000}"
        yield fault("database.version", said, "move to a newer server: pg_upgrade")
    if facts["encoding"] != "UTF8":
        said = f"the database is encoded in {facts['encoding']}"
        yield fault("database.encoding", said, "make a database with ENCODING 'UTF8', and move")
    if facts["is_standby"]:
        said = "this is a standby: nothing can be written"
        yield fault("database.standby", said, "name the primary in DATABASE_URL, or promote this")
    elif facts["read_only"] == "on":
        said = "transactions only read here (default_transaction_read_only)"
        yield fault("database.read-only", said, "ALTER DATABASE ... RESET the setting")
    if facts["autovacuum"] != "on":
        todo = "ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();"
        yield warning("database.autovacuum", "autovacuum is off: tables grow and slow down", todo)


def _keeping(facts: Facts) -> Iterator[Finding]:
    for name in ("fsync", "full_page_writes"):
        if facts[name] != "on":
            said = f"{name} is off: a power cut loses or breaks what pages called recorded"
            todo = f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();"
            yield fault("database.fsync", said, todo)
    if facts["synchronous_commit"] == "off":
        said = "synchronous_commit is off: the last moments before a crash are lost"
        todo = "ALTER SYSTEM SET synchronous_commit = on; SELECT pg_reload_conf();"
        yield fault("database.commit", said, todo)


def _role(settings: Settings, facts: Facts) -> Iterator[Finding]:
    if facts["is_superuser"]:
        said = f"{facts['role']} is a superuser: whoever gets its password owns the server"
        yield warning("database.superuser", said, f"ALTER ROLE {facts['role']} NOSUPERUSER;")
    if facts["closed"]:
        said = f"{facts['role']} may not use {', '.join(facts['closed'][:5])}"
        todo = "as the owner of the tables: flask db upgrade, or flask portal roles --sql"
        yield fault("database.rights", said, todo)
    if facts["rewrites"]:
        said = (
            f"{facts['role']} owns the record, or may change it: it proves nothing against itself"
        )
        todo = "part the roles: flask portal roles --sql prints the statements"
        yield warning("database.one-role", said, todo)
    needed = 2 * settings.database_pool_size + settings.worker_max_activities + OF_WORKER
    if facts["connections"] < needed:
        said = f"{facts['connections']} connections are allowed; two web processes and a worker"
        todo = "raise max_connections and restart the server, or lower DATABASE_POOL_SIZE"
        yield warning("database.connections", f"{said} want {needed}", todo)


def _schema(settings: Settings, facts: Facts) -> Iterator[Finding]:
    for name in EXTENSIONS:
        if name not in facts["extensions"]:
            said = f"the extension {name} is missing"
            todo = f"as an administrator of the database: CREATE EXTENSION {name};"
            yield fault("database.extension", said, todo)
    if not facts["has_tables"]:
        said = "there are no tables of the portal"
        yield fault("database.empty", said, "flask db upgrade")
        return
    engine = create_engine(settings.sqlalchemy_url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            wrong = schema.gap(schema.revisions_run(connection))
            sealed = [] if wrong else connection.execute(SEALED).all()
            hooks = [] if wrong else connection.execute(SEALED_HOOKS).all()
            streams = [] if wrong else connection.execute(SEALED_STREAMS).all()
    finally:
        engine.dispose()
    if wrong is None:
        yield well("database", "the tables are those of this version")
        yield from _sealed(settings, sealed, CHANNELS)
        yield from _sealed(settings, hooks, HOOKS)
        yield from _sealed(settings, streams, STREAMS)
    else:
        yield fault("database.schema", wrong[:1].lower() + wrong[1:], "flask db upgrade")


def _sealed(
    settings: Settings, rows: Sequence[Row[*tuple[Any, ...]]], kept: SealedSecret
) -> Iterator[Finding]:
    """Whether what is sealed opens with SECRET_KEY alone."""
    closed = sum(not _opens(row, kept, settings.secret_keys) for row in rows)
    former = sum(not _opens(row, kept, settings.secret_keys[-1:]) for row in rows) - closed
    if closed:
        said = f"{closed} {kept.what} were sealed with another SECRET_KEY"
        yield fault("database.sealed", said, f"give it as SECRET_KEY_PREVIOUS, or {kept.todo}")
    if former:
        said = f"{former} {kept.what} need SECRET_KEY_PREVIOUS"
        yield warning("database.former-key", said, "flask portal reseal")


def _opens(row: Row[*tuple[Any, ...]], kept: SealedSecret, keys: tuple[str, ...]) -> bool:
    try:
        return bool(sealing.unseal(row.sealed, row.id, *keys, purpose=kept.purpose))
    except sealing.SecretUnreadable:
        return False
