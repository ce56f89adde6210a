"""The statements that every page begins with: right, and served by indexes."""

import pytest
from flask import Flask
from sqlalchemy import func, insert, text
from sqlalchemy.dialects.postgresql import asyncpg

from portal.extensions import db
from portal.models import Notification
from portal.models.columns import new_id
from portal.security.sessions import ALONE, LIVE, LIVE_WITH_FRAME, MOST, frame
from tests.web import People

pytestmark = pytest.mark.plans


def general_plan(statement: object) -> str:
    """The plan for any parameters, as a prepared statement has it after a while."""
    numbered = statement.compile(dialect=asyncpg.dialect())
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    rows = db.session.connection().exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {numbered}")
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("statement", "indexes"),
    [
        (
            ALONE,
            (
                "ix_tasks_inbox",
                "ix_commands_waiting_tasks",
                "ix_notifications_unread",
                "ix_delegations_",
                "uq_closures_in_force",
            ),
        ),
        (LIVE, ("uq_sessions_token_hash", "pk_users")),
        (LIVE_WITH_FRAME, ("uq_sessions_token_hash", "pk_users", "ix_tasks_inbox")),
    ],
    ids=["frame", "session", "both"],
)
def test_indexes_serve_them(app: Flask, statement: object, indexes: tuple[str, ...]) -> None:
    with app.app_context():
        plan = general_plan(statement)
    # Of the organisation there is one row.
    assert "Seq Scan" not in plan.replace("Seq Scan on organisation", "")
    for index in indexes:
        assert index in plan


def test_nobody_counts_further_than_is_shown(app: Flask, people: People) -> None:
    row = {"request_id": new_id(), "kind": "task", "number": "PR-1", "text": "Decide"}
    with app.app_context():
        many = [row | {"id": new_id(), "user_id": people.ana, "seq": n} for n in range(MOST + 20)]
        db.session.execute(insert(Notification), many)
        db.session.execute(
            insert(Notification).values(
                **row, id=new_id(), user_id=people.ben, seq=1, read_at=func.now()
            )
        )
        assert frame(people.ana).counts == {"notifications": MOST}
        assert frame(people.ben).counts == {}
