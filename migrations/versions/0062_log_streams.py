"""Streams of the log to security information systems."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def _text(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Text(), **{"nullable": False, **more})


def _time(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True))


def _now(name: str) -> sa.Column:
    now = sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False)


def upgrade() -> None:
    op.create_table(
        "log_streams",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        _text("name"),
        _text("protocol"),
        _text("address"),
        _text("shape"),
        _text("certificate", server_default=""),
        sa.Column("sealed", postgresql.BYTEA(), nullable=False),
        sa.Column("old_sealed", postgresql.BYTEA(), nullable=True),
        _time("old_until"),
        _text("state", server_default="unverified"),
        sa.Column("next_leaf", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_by", sa.Uuid(as_uuid=False), nullable=True),
        _now("created_at"),
        _now("changed_at"),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        _time("failing_since"),
        _time("rest_until"),
        _time("taken_until"),
        _time("sent_at"),
        _text("last_error", nullable=True),
        _time("test_asked_at"),
        _time("tested_at"),
        _text("test_error", nullable=True),
        sa.CheckConstraint("state IN ('unverified', 'on', 'paused', 'removed')", name="state"),
        sa.CheckConstraint("protocol IN ('https', 'syslog')", name="protocol"),
        sa.CheckConstraint("shape IN ('json', 'ocsf')", name="shape"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["portal.users.id"], name="fk_log_streams_created_by_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_log_streams"),
        schema="portal",
    )


def downgrade() -> None:
    op.drop_table("log_streams", schema="portal")
