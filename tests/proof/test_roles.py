"""What each role of the database may do to the record, tried as that role."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine

from portal.config import Settings
from portal.doctor import database
from portal.proof import rights, roles, sealing, verifying
from portal.proof.beginning import signer_of
from scripts.local.postgres import PostgresServer
from tests.proof.conftest import HOST, OTHER, Kept, tell
from tests.test_cli import run

Connection = psycopg.Connection[tuple[object, ...]]
CHANGES = ("UPDATE portal.{} SET {} = {}", "DELETE FROM portal.{}", "TRUNCATE portal.{}")


@pytest.fixture(params=roles.WORKING)
def signed_in(
    request: pytest.FixtureRequest, kept: Kept, postgres_server: PostgresServer
) -> Iterator[tuple[str, Connection]]:
    """Each role that works with the record, in a database that has one."""
    name = kept.engine.url.database or ""
    url = postgres_server.url(name, request.param)
    with psycopg.connect(url, autocommit=True) as connection:
        yield request.param, connection


def test_nobody_rewrites_the_record(signed_in: tuple[str, Connection]) -> None:
    role, connection = signed_in
    for table in (*rights.RECORD, *rights.LOG):
        there = sql.Identifier(table)
        first = connection.execute(sql.SQL("SELECT * FROM portal.{} LIMIT 0").format(there))
        assert first.description is not None
        column = sql.Identifier(first.description[-1].name)
        for change in CHANGES:
            if (role, table, change) == (roles.SEAL, "audit_queue", CHANGES[1]):
                continue
            whole = sql.SQL(change).format(there, column, column)
            with pytest.raises(InsufficientPrivilege):
                connection.execute(whole)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE portal.audit_events DISABLE TRIGGER ALL",
        "DROP TRIGGER append_only ON portal.audit_events",
        "DROP TABLE portal.audit_leaves",
        "ALTER TABLE portal.audit_events OWNER TO CURRENT_USER",
        "CREATE OR REPLACE FUNCTION portal.append_only() RETURNS trigger LANGUAGE sql AS ''",
        "CREATE TABLE portal.more (n int)",
        "SET session_replication_role = replica",
        "SET ROLE gloria_owner",
        "SELECT portal.erase_text(gen_random_uuid(), 1, 'comment', gen_random_uuid())",
        "INSERT INTO portal.audit_checkpoints VALUES ('x', 1, now(), '')",
        "INSERT INTO portal.audit_leaves VALUES (99, gen_random_uuid(), 1, '')",
    ],
)
def test_the_portal_takes_no_guard_away(
    kept: Kept, postgres_server: PostgresServer, statement: str
) -> None:
    with (
        psycopg.connect(postgres_server.app_url(kept.engine.url.database or "")) as connection,
        pytest.raises((InsufficientPrivilege, psycopg.errors.WrongObjectType)),
    ):
        connection.execute(statement.encode())


def test_the_reader_writes_nothing(kept: Kept, postgres_server: PostgresServer) -> None:
    url = postgres_server.url(kept.engine.url.database or "", roles.READ)
    with psycopg.connect(url) as connection:
        held = connection.execute(
            "SELECT relname FROM pg_class c WHERE relnamespace = 'portal'::regnamespace"
            " AND relkind IN ('r', 'p') AND (has_table_privilege(oid, 'INSERT')"
            " OR has_table_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'DELETE'))"
        )
        assert held.fetchall() == []


def test_the_sealer_seals_with_its_own_rights(kept: Kept, postgres_server: PostgresServer) -> None:
    with kept.engine.begin() as connection:
        tell(connection, OTHER, "PR-2")
    url = postgres_server.url(kept.engine.url.database or "", roles.SEAL)
    engine = create_engine(url.replace("postgresql", "postgresql+psycopg", 1))
    sealed = sealing.seal(engine, kept.log, signer_of(kept.log, kept.key, HOST))
    assert sealed.added == 7
    assert sealing.seal(engine, kept.log, signer_of(kept.log, kept.key, HOST)).is_new is False
    found = verifying.verify(engine, kept.outside())
    engine.dispose()
    assert found.problems == []
    assert found.counts["anchored"] == 14


def test_the_roles_are_parted_here(database_url: str, postgres_server: PostgresServer) -> None:
    name = database_url.rpartition("/")[2]
    said = {}
    for url in (postgres_server.app_url(name), postgres_server.url(name)):
        engine = create_engine(url.replace("postgresql", "postgresql+psycopg", 1))
        with engine.connect() as connection:
            said[url] = rights.wrong(connection)
        engine.dispose()
    parted, as_owner = said.values()
    assert parted == []
    assert "The account of DATABASE_URL has DELETE on audit_events." in as_owner


@pytest.fixture
def one_account(
    database_url: str, postgres_server: PostgresServer
) -> Iterator[tuple[str, Connection]]:
    """A database where one account owns everything: its name, and an administrator in it."""
    name, former = database_url.rpartition("/")[2], f"one_{uuid4().hex[:8]}"
    with psycopg.connect(postgres_server.admin_url(name), autocommit=True) as admin:
        for statement in (
            f"CREATE ROLE {former} LOGIN PASSWORD '{postgres_server.password}'",
            f"REASSIGN OWNED BY {roles.OWNER} TO {former}",
            f"DROP OWNED BY {', '.join(roles.WORKING)}",
        ):
            admin.execute(statement.encode())
        yield former, admin
        admin.execute(f"REASSIGN OWNED BY {former} TO {roles.OWNER}".encode())
        admin.execute(f"DROP OWNED BY {former}; DROP ROLE {former}".encode())


def test_an_installation_of_one_account_is_parted_while_it_works(
    one_account: tuple[str, Connection],
    database_url: str,
    postgres_server: PostgresServer,
    settings: Settings,
) -> None:
    """The account goes on to work on the connection it has, with the portal's rights alone."""
    former, admin = one_account
    url = postgres_server.url(database_url.rpartition("/")[2], former)
    alone = replace(settings, database_url=url, database_migration_url="")
    engine = create_engine(alone.sqlalchemy_url)
    with engine.connect() as connection, psycopg.connect(url, autocommit=True) as at_work:
        assert f"The tables belong to {former}" in " ".join(rights.wrong(connection))
        assert "database.one-role" in {each.code for each in database.examine(alone)}
        statements = list(rights.parting_statements(connection))
        connection.rollback()
        admin.execute(";\n".join(statements).encode())
        at_work.execute("SELECT count(*) FROM portal.requests")
        at_work.execute("INSERT INTO portal.checks (name) VALUES ('mine')")
        with pytest.raises(InsufficientPrivilege):
            at_work.execute("DELETE FROM portal.audit_events")
        assert rights.wrong(connection) == []
    engine.dispose()
    found = {each.code for each in database.examine(alone)}
    assert not {"database.one-role", "database.rights"} & found


def test_what_a_superuser_owns_is_not_handed_over(
    one_account: tuple[str, Connection], make_app: Callable[[Settings], Flask], settings: Settings
) -> None:
    """REASSIGN OWNED would take the server's own things along, and fails."""
    former, admin = one_account
    admin.execute(f"ALTER ROLE {former} SUPERUSER".encode())
    said = run(make_app(settings), "roles", "--sql", status=1)
    assert (
        f"The tables belong to {former}, a superuser, whose things cannot be handed over." in said
    )
    assert "scripts/restore" in said
    assert ";" not in said
