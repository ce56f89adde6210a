"""Which revisions ran is kept; where it is not known, an upgrade refuses and says what to do."""

import pytest
from alembic import command
from sqlalchemy import Connection, text

from portal.legacy.cutover import chain
from portal.legacy.cutover.chain import SchemaUnknown, revision_of
from portal.models.schema import gap, revisions_of_code, revisions_run
from tests.migrations.conftest import Database

BEFORE = "0012"
MADE_SINCE = "SELECT to_regclass('portal.cutovers')"


def change(connection: Connection, *statements: str) -> None:
    """Change something behind the migrations' back."""
    for statement in statements:
        connection.execute(text(statement))
    connection.commit()


def refusal(database: Database) -> str:
    """What an upgrade says that refuses."""
    with pytest.raises(SchemaUnknown) as refused:
        database.up()
    database.connection.rollback()
    return str(refused.value)


@pytest.fixture
def lost(empty: Database) -> Database:
    """A database that passed the cutover with an early release, and lost the note of it."""
    empty.up(BEFORE)
    change(empty.connection, "UPDATE portal.alembic_version SET version_num = 'cutover'")
    return empty


def test_a_lost_note_is_no_success(lost: Database) -> None:
    said = refusal(lost)
    assert "nothing was done" in said
    assert "Its tables look as after 0012 at most." in said
    assert "flask db stamp" in said
    assert lost.connection.scalar(text(MADE_SINCE)) is None


def test_a_person_may_say_it_and_the_rest_is_made_up_for(lost: Database) -> None:
    command.stamp(lost.config, BEFORE)
    lost.up()
    lost.check()
    assert revisions_run(lost.connection) == revisions_of_code()


def test_what_runs_is_kept_and_what_is_taken_back_is_not(migrated: Database) -> None:
    connection = migrated.connection
    assert gap(revisions_run(connection)) is None
    change(connection, "COMMENT ON TABLE portal.alembic_version IS NULL")
    assert chain.passed_after(connection) == chain.newest()
    migrated.down("-1")
    migrated.down("-1")
    assert revisions_run(connection) == revisions_of_code()[:-1] or not revisions_run(connection)
    migrated.up()
    assert revisions_run(connection) == revisions_of_code()


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ("DELETE FROM portal.alembic_version", "note of its revision is lost"),
        ("DELETE FROM portal.schema_revisions", "note of the rest is lost"),
        (
            "UPDATE portal.alembic_version SET version_num = '0099'",
            "says 0099, and of those that ran",
        ),
    ],
)
def test_notes_that_contradict_each_other_stop_an_upgrade(
    migrated: Database, loss: str, words: str
) -> None:
    change(migrated.connection, "COMMENT ON TABLE portal.alembic_version IS NULL", loss)
    before = revision_of(migrated.connection)
    assert words in refusal(migrated)
    assert revision_of(migrated.connection) == before


def test_a_gap_is_said_in_words() -> None:
    code = revisions_of_code()
    assert gap(code) is None
    assert gap((*code, "9999")) is None
    assert "not known" in (gap(()) or "")
    assert f"The schema is at {code[-2]} and needs {code[-1]}" in (gap(code[:-1]) or "")
    assert f"The schema lacks the revisions {code[1]}:" in (gap((code[0], *code[2:])) or "")
