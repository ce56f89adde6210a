"""The cutover is the last of the chain: for fresh databases, and for what comes later."""

import pytest
from sqlalchemy import text

from portal.legacy.cutover import chain
from portal.legacy.cutover.chain import REVISION, CutoverRefused, revision_of
from tests.migrations.conftest import Database

BEFORE = "0012"  # two revisions that came after it, and the table that one of them makes
MADE_SINCE = "SELECT to_regclass('portal.cutovers')"
OLD = """
CREATE SCHEMA gloria_ops;
CREATE TABLE gloria_ops.workflow_instances (id text PRIMARY KEY, state text, request_id text);
"""


@pytest.fixture
def passed_early(empty: Database) -> Database:
    """A database that passed the cutover with a release that had fewer revisions."""
    empty.up(BEFORE)
    chain.remember(empty.connection, BEFORE)
    empty.connection.execute(text("UPDATE portal.alembic_version SET version_num = 'cutover'"))
    empty.connection.commit()
    return empty


def test_a_fresh_database_goes_through_it(empty: Database) -> None:
    empty.up()
    assert revision_of(empty.connection) == REVISION
    assert not empty.connection.scalars(text("SELECT id FROM portal.cutovers")).all()
    empty.down("-1")
    assert revision_of(empty.connection) == chain.newest()
    empty.up()
    empty.check()


def test_an_old_database_stops_before_it(empty: Database) -> None:
    empty.connection.execute(text(OLD))
    empty.connection.commit()
    empty.up()
    assert revision_of(empty.connection) == chain.newest()


def test_it_refuses_to_run_without_its_command(empty: Database) -> None:
    empty.connection.execute(text(OLD))
    empty.connection.commit()
    empty.up()
    with pytest.raises(CutoverRefused, match="flask portal cutover"):
        chain.upgrade(empty.connection)
    empty.connection.rollback()
    assert revision_of(empty.connection) == chain.newest()


def test_what_comes_later_reaches_databases_that_have_passed_it(passed_early: Database) -> None:
    passed_early.up()
    assert passed_early.connection.scalar(text(MADE_SINCE)) is not None
    assert chain.passed_after(passed_early.connection) == chain.newest()
    passed_early.check()


def test_it_is_not_taken_back_before_the_rest_is_there(passed_early: Database) -> None:
    with pytest.raises(CutoverRefused, match="flask db upgrade"):
        passed_early.down("-1")
    passed_early.connection.rollback()
    assert revision_of(passed_early.connection) == REVISION
