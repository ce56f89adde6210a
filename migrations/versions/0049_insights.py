"""Figures of closed requests for insights, first looks, and each type's target.

The figures of what is closed already are noted as due; the worker writes them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def _id(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Uuid(as_uuid=False), **more)


def _time(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **more)


def _text(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Text(), **more)


def _minutes(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "facts_due",
        _id("request_id", nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_facts_due"),
        schema="portal",
    )
    op.create_table(
        "request_facts",
        _id("request_id", nullable=False),
        _text("type_code", nullable=False),
        _id("department_id"),
        _id("requester_id", nullable=False),
        _text("outcome", nullable=False),
        _time("submitted_at", nullable=False),
        _time("closed_at", nullable=False),
        *map(
            _minutes,
            ("elapsed", "working", "settling", "nobody", "question", "returned", "held"),
        ),
        *map(_count, ("rounds", "sent_back", "escalations")),
        sa.PrimaryKeyConstraint("request_id", name="pk_request_facts"),
        schema="portal",
    )
    op.create_index("ix_request_facts_closed_at", "request_facts", ["closed_at"], schema="portal")
    op.create_table(
        "decision_facts",
        _id("task_id", nullable=False),
        _id("request_id", nullable=False),
        _text("type_code", nullable=False),
        _id("department_id"),
        _id("requester_id", nullable=False),
        _text("stage_key", nullable=False),
        _text("stage_name", nullable=False),
        _text("group_code"),
        _text("decision", nullable=False),
        _time("asked_at", nullable=False),
        _time("looked_at"),
        _time("decided_at", nullable=False),
        _minutes("elapsed"),
        _minutes("working"),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name="pk_decision_facts"),
        schema="portal",
    )
    for column in ("decided_at", "request_id"):
        name = f"ix_decision_facts_{column}"
        op.create_index(name, "decision_facts", [column], schema="portal")
    op.create_table(
        "first_looks",
        _id("request_id", nullable=False),
        _id("person_id", nullable=False),
        _count("round"),
        _time("at", nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["portal.requests.id"], name="fk_first_looks_request_id_requests"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["portal.users.id"], name="fk_first_looks_person_id_users"
        ),
        sa.PrimaryKeyConstraint("request_id", "person_id", "round", name="pk_first_looks"),
        schema="portal",
    )
    op.create_index("ix_first_looks_at", "first_looks", ["at"], schema="portal")
    op.add_column(
        "request_types", sa.Column("target_minutes", sa.Integer()), schema="portal"
    )
    op.execute(
        "INSERT INTO portal.facts_due SELECT id FROM portal.requests WHERE closed_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("request_types", "target_minutes", schema="portal")
    for table in ("first_looks", "decision_facts", "request_facts", "facts_due"):
        op.drop_table(table, schema="portal")
