"""The migrations, up, down and up again, on data; and no difference to the models."""

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects import postgresql

from portal.extensions import db
from tests.migrations.conftest import Database
from tests.migrations.rows import fill

OURS = "SELECT relname FROM pg_class WHERE relnamespace = 'portal'::regnamespace"
CHECKS = """
    SELECT relname, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE connamespace = 'portal'::regnamespace AND contype = 'c' AND NOT relispartition
"""


def test_models_and_migrations_agree(migrated: Database) -> None:
    migrated.check()


def test_checks_have_the_names_that_the_models_give_them(migrated: Database) -> None:
    named = postgresql.dialect().identifier_preparer.format_constraint
    wanted = {
        (table.name, named(check))
        for table in db.metadata.tables.values()
        for check in table.constraints
        if table.schema == "portal" and isinstance(check, CheckConstraint)
    }
    assert {tuple(row) for row in migrated.connection.execute(text(CHECKS))} == wanted


def test_up_down_up_with_data(migrated: Database) -> None:
    fill(migrated.connection)
    migrated.down()
    left = set(migrated.connection.scalars(text(OURS)))
    assert left == {"alembic_version", "alembic_version_pkc"}
    migrated.connection.rollback()
    migrated.up()
    migrated.check()
    fill(migrated.connection)


def test_each_step_goes_down_and_up_again(empty: Database) -> None:
    steps = list(ScriptDirectory.from_config(empty.config).walk_revisions())
    for _ in steps:
        empty.up("+1")
        empty.down("-1")
        empty.up("+1")
    empty.check()


def test_a_busy_table_stops_a_migration_soon(migrated: Database, empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as other:
        other.execute("SELECT count(*) FROM portal.requests")
        with pytest.raises(Exception, match="lock timeout"):
            migrated.down("0002")


def test_the_statements_can_be_printed(empty: Database, capsys: pytest.CaptureFixture[str]) -> None:
    command.upgrade(empty.config, "head", sql=True)
    printed = capsys.readouterr().out
    assert "CREATE TABLE portal.requests" in printed
    assert "%%" not in printed


def test_what_was_not_mailed_is_not_mailed_after_the_change_and_back(migrated: Database) -> None:
    migrated.down("0026")
    connection = migrated.connection
    connection.execute(text("INSERT INTO portal.users (id, name) VALUES (gen_random_uuid(), 'A')"))
    connection.execute(
        text(
            "INSERT INTO portal.notification_preferences (user_id, muted, quiet_from, quiet_until)"
            " SELECT id, '{asked,told}', '22:00', '07:00' FROM portal.users"
        )
    )
    connection.commit()
    migrated.up()
    found = "SELECT choices FROM portal.notification_preferences"
    assert connection.scalar(text(found)) == {"mail": {"asked": "not", "told": "not"}}
    connection.rollback()
    migrated.down("0026")
    found = "SELECT muted, quiet_from::text FROM portal.notification_preferences"
    assert tuple(connection.execute(text(found)).one()) == (["asked", "told"], "22:00:00")


def test_pages_of_the_release_before_find_the_column_of_forms(migrated: Database) -> None:
    assert migrated.connection.scalars(text("SELECT form FROM portal.request_types")).all() == []
