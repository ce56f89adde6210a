"""Fresh databases for tests, emptied and used again: making one costs half a second.

What comes back is renamed, so that nobody from before reaches it, and emptied. Where a test has
changed the schema or a seeded table, or has filled a table, the database is dropped instead.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from scripts.local.postgres import ROLE, PostgresServer

# Where a change of the schema leaves a mark. VACUUM and ANALYZE write their rows in place.
CATALOGUES = (
    "pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_trigger", "pg_index", "pg_proc",
    "pg_type", "pg_namespace", "pg_inherits", "pg_rewrite", "pg_default_acl", "pg_statistic_ext",
)  # fmt: skip
MARKS = " UNION ALL ".join(
    f"SELECT '{name}', count(*), sum(hashint8(xmin::text::bigint)) FROM {name}"
    for name in CATALOGUES
)
# Those that ever had a row: to ask every table for one takes the planner 40 ms.
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)' AND pg_relation_size(c.oid) > 0
"""
RESTART = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""


# What the planner knows of tables beside their rows. Below ten pages it takes an unknown table for
# one of ten.
LEARNT = """
SELECT EXISTS (SELECT FROM pg_statistic WHERE starelid >= 16384)
    OR EXISTS (SELECT FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'm') AND (relpages > 0
        OR pg_relation_size(oid) > 10 * current_setting('block_size')::int))
"""
# What the migrations write: no test's rows.
SEEDED = tuple(sql.Identifier("portal", name) for name in ("alembic_version", "schema_revisions"))


@dataclass
class Databases:
    """Databases of one server that are copies of `template` when they are lent."""

    server: PostgresServer
    template: str
    admin: psycopg.Connection[Any]
    idle: dict[str, str] = field(default_factory=dict)
    """Names of those that wait, with the marks of their schemas."""

    @contextmanager
    def lent(self, *, new: bool = False) -> Iterator[str]:
        """The address of one, which no test had before; with `new` nor had any other its files."""
        name = f"test_{uuid.uuid4().hex}"
        if self.idle and not new:
            kept, marks = self.idle.popitem()
            self._run("ALTER DATABASE {} RENAME TO {}", kept, name)
        else:
            make_database(self.server, name, self.template)
            with self._inside(name) as connection:
                marks = _marks(connection)
        try:
            yield self.server.url(name)
        finally:
            self._take_back(name, marks)

    def _take_back(self, name: str, marks: str) -> None:
        kept = f"idle_{uuid.uuid4().hex}"
        try:
            self._run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}",
                sql.Literal(name),
            )
            self._run("ALTER DATABASE {} RENAME TO {}", name, kept)  # waits for those that go
        except psycopg.errors.ObjectInUse:
            self._run("DROP DATABASE {} WITH (FORCE)", name)
            return
        with self._inside(kept) as connection:
            is_good = _marks(connection) == marks and not _has_learnt(connection)
            if is_good:
                _empty(connection)
        if is_good:
            self.idle[kept] = marks
        else:
            self._run("DROP DATABASE {} WITH (FORCE)", kept)

    def _inside(self, name: str) -> psycopg.Connection[Any]:
        url = f"{self.server.admin_url().rpartition('/')[0]}/{name}"
        return psycopg.connect(url, autocommit=True)

    def _run(self, statement: str, *names: str | sql.Literal) -> None:
        parts = [sql.Identifier(each) if isinstance(each, str) else each for each in names]
        self.admin.execute(sql.SQL(statement).format(*parts))


def _marks(connection: psycopg.Connection[Any]) -> str:
    """What tells whether the schema, or the notes of its version, have changed."""
    read = sql.SQL("SELECT * FROM {} ORDER BY 1")
    seeded = [connection.execute(read.format(table)).fetchall() for table in SEEDED]
    return repr([seeded, connection.execute(MARKS).fetchall()])


def _has_learnt(connection: psycopg.Connection[Any]) -> bool:
    """Whether the planner would plan otherwise than in a database that is new."""
    row = connection.execute(LEARNT).fetchone()
    assert row
    return bool(row[0])


def _empty(connection: psycopg.Connection[Any]) -> None:
    """Delete what a test wrote."""
    connection.execute("SET session_replication_role = replica")  # no triggers
    tables = [sql.Identifier(*row) for row in connection.execute(TABLES).fetchall()]
    tables = [each for each in tables if each not in SEEDED]
    used = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(number, table)
        for number, table in enumerate(tables)
    )
    for (number,) in connection.execute(used).fetchall() if tables else ():
        connection.execute(sql.SQL("DELETE FROM {}").format(tables[number]))
    connection.execute(RESTART)


def make_database(server: PostgresServer, name: str, template: str = "template1") -> None:
    """A copy of a database, owned by the portal's role."""
    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY")
    names = [sql.Identifier(each) for each in (name, ROLE, template)]
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute(statement.format(*names))
