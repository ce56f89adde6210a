"""What the database itself refuses: changing the record, or a published policy."""

from collections.abc import Iterator

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError

from tests.migrations.conftest import driver_url
from tests.migrations.rows import NOW, fill

PARTS = ["audit_events", "audit_events_2026_11", "audit_events_default"]
CHANGES = ["UPDATE portal.{} SET kind = 'x'", "DELETE FROM portal.{}", "TRUNCATE portal.{}"]


@pytest.fixture
def filled(database_url: str) -> Iterator[Connection]:
    """A migrated database with a row in each table."""
    engine = create_engine(driver_url(database_url))
    with engine.connect() as connection:
        fill(connection)
        yield connection
    engine.dispose()


def refused(connection: Connection, statement: str) -> None:
    """The statement is answered with insufficient_privilege (42501)."""
    with pytest.raises(ProgrammingError) as caught:
        connection.execute(text(statement))
    connection.rollback()
    assert isinstance(caught.value.orig, InsufficientPrivilege)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", PARTS)
def test_events_stay_as_they_are(filled: Connection, table: str, change: str) -> None:
    refused(filled, change.format(table))


@pytest.mark.parametrize("change", ["UPDATE portal.{} SET ip = NULL", *CHANGES[1:]])
def test_who_followed_anothers_link_stays_recorded(filled: Connection, change: str) -> None:
    refused(filled, change.format("link_refusals"))


def test_partitions_made_later_are_kept_too(filled: Connection) -> None:
    made = text("SELECT portal.ensure_audit_partitions('2031-01-15', '2031-03-01')")
    assert filled.scalar(made) == 3
    assert filled.scalar(made) == 0
    filled.commit()
    refused(filled, "DELETE FROM portal.audit_events_2031_02")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE portal.audit_texts SET text = 'Stools'",
        "UPDATE portal.audit_texts SET text = NULL, erased_at = now()",
        "UPDATE portal.audit_texts SET salt = 'x', text = NULL, erased_at = now()",
        "UPDATE portal.audit_texts SET text = NULL",
        "DELETE FROM portal.audit_texts",
        "TRUNCATE portal.audit_texts",
    ],
)
def test_texts_are_not_changed(filled: Connection, change: str) -> None:
    refused(filled, change)


def test_a_text_is_erased_once(filled: Connection) -> None:
    erase = "UPDATE portal.audit_texts SET text = NULL, salt = '', erased_at = now()"
    filled.execute(text(erase))
    filled.commit()
    refused(filled, erase)


@pytest.mark.parametrize(
    "change",
    ["UPDATE portal.policy_versions SET note = 'x'", "DELETE FROM portal.policy_versions"],
)
def test_a_published_policy_never_changes(filled: Connection, change: str) -> None:
    refused(filled, change)


def test_a_draft_of_a_policy_may_change(filled: Connection) -> None:
    insert = """
    INSERT INTO portal.policy_versions (id, request_type_id, version)
    SELECT gen_random_uuid(), request_type_id, 2 FROM portal.policy_versions
    """
    filled.execute(text(insert))
    changed = text("UPDATE portal.policy_versions SET published_at = :now WHERE version = 2")
    assert filled.execute(changed, {"now": NOW}).rowcount == 1


def test_an_event_of_any_time_finds_a_place(filled: Connection) -> None:
    copied = """
    INSERT INTO portal.audit_events (request_id, seq, at, kind, tag, actor, prev_hash, hash)
    SELECT request_id, 2, '1999-01-01', kind, tag, actor, '', '' FROM portal.audit_events
    """
    filled.execute(text(copied))
    old = text("SELECT count(*) FROM portal.audit_events_default")
    assert filled.scalar(old) == 1
