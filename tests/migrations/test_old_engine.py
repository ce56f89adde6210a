"""Where an old engine's table has the name, ours waits under another and is written as ever."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.migrations.conftest import Database

OLD = """
CREATE SCHEMA gloria_ops;
CREATE TABLE gloria_ops.workflow_history (
    id text PRIMARY KEY, workflow_id text NOT NULL, version integer NOT NULL,
    changes jsonb NOT NULL, changed_by text NOT NULL, reason text);
INSERT INTO gloria_ops.workflow_history VALUES ('1', 'w', 1, '{}', 'me');
CREATE TABLE gloria_ops.schools (id text PRIMARY KEY);
"""
NEW_ROW = """
INSERT INTO portal.workflow_history (id, workflow_type, request_id, status)
VALUES (:id, 'ApprovalWorkflow', :id, 'STARTED')
"""
CUTOVER = """
ALTER TABLE gloria_ops.workflow_history RENAME TO workflow_history_old;
ALTER TABLE gloria_ops.workflow_history_next RENAME TO workflow_history;
"""


@pytest.fixture
def beside(empty: Database) -> Database:
    """A migrated database that the old engine lives in."""
    empty.connection.execute(text(OLD))
    empty.connection.commit()
    empty.up()
    return empty


def _ids(database: Database, table: str) -> list[Any]:
    return list(database.connection.scalars(text(f"SELECT id FROM {table} ORDER BY id")))


def test_ours_waits_under_a_name_of_its_own(beside: Database) -> None:
    beside.connection.execute(text(NEW_ROW), {"id": "new"})
    assert _ids(beside, "gloria_ops.workflow_history") == ["1"]
    assert _ids(beside, "gloria_ops.workflow_history_next") == ["new"]


def test_writing_goes_on_through_the_cutover(beside: Database) -> None:
    beside.connection.execute(text(NEW_ROW), {"id": "before"})
    beside.connection.execute(text(CUTOVER))
    beside.connection.execute(text(NEW_ROW), {"id": "then"})
    assert _ids(beside, "gloria_ops.workflow_history") == ["before", "then"]
    assert _ids(beside, "gloria_ops.workflow_history_old") == ["1"]


def test_nothing_of_others_is_seen_or_touched(beside: Database) -> None:
    beside.check()
    beside.down()
    assert _ids(beside, "gloria_ops.workflow_history") == ["1"]
    assert _ids(beside, "gloria_ops.schools") == []
    beside.connection.rollback()


def test_down_after_the_cutover_takes_ours_only(beside: Database) -> None:
    beside.connection.execute(text(CUTOVER))
    beside.connection.commit()
    beside.down()
    assert _ids(beside, "gloria_ops.workflow_history_old") == ["1"]
    beside.connection.rollback()
