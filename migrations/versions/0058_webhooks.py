"""Webhooks: endpoints, what is to be told them, and each try of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _id(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Uuid(as_uuid=False), **{"nullable": False, **more})


def _text(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Text(), **{"nullable": False, **more})


def _number(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Integer(), **more)


def _count(name: str) -> sa.Column:
    return _number(name, server_default="0", nullable=False)


def _time(name: str) -> sa.Column:
    return sa.Column(name, TIME)


def _now(name: str) -> sa.Column:
    return sa.Column(name, TIME, server_default=sa.text("now()"), nullable=False)


def _names(name: str) -> sa.Column:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        _id("id"),
        _text("name"),
        _text("url"),
        sa.Column("sealed", postgresql.BYTEA(), nullable=False),
        sa.Column("old_sealed", postgresql.BYTEA(), nullable=True),
        _time("old_until"),
        _names("types"),
        _names("modules"),
        _names("request_types"),
        sa.Column("is_full", sa.Boolean(), server_default="false", nullable=False),
        _text("state", server_default="unverified"),
        _id("token_id", nullable=True),
        _id("created_by", nullable=True),
        _now("created_at"),
        _now("changed_at"),
        _count("failures"),
        _time("failing_since"),
        _time("rest_until"),
        _text("last_error", nullable=True),
        _time("delivered_at"),
        sa.CheckConstraint(
            "state IN ('unverified', 'on', 'paused', 'gone', 'removed')",
            name="state",
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["portal.api_tokens.id"], name="fk_webhook_endpoints_token_id_api_tokens"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["portal.users.id"], name="fk_webhook_endpoints_created_by_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
        schema="portal",
    )
    _deliveries()
    op.create_table(
        "webhook_attempts",
        _id("id"),
        _id("delivery_id"),
        _now("at"),
        _number("status", nullable=True),
        _count("took_ms"),
        _text("error", server_default=""),
        _text("answer", server_default=""),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["portal.webhook_deliveries.id"],
            name="fk_webhook_attempts_delivery_id_webhook_deliveries",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_attempts"),
        schema="portal",
    )
    op.create_index(
        "ix_webhook_attempts_delivery_id", "webhook_attempts", ["delivery_id", "id"],
        schema="portal",
    )


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        _id("id"),
        _id("endpoint_id"),
        _id("request_id", nullable=True),
        _number("seq", nullable=True),
        _text("type"),
        sa.Column("at", TIME, nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        _text("status", server_default="WAITING"),
        _now("due_at"),
        _now("since"),
        _id("batch_id", nullable=True),
        _count("tries"),
        _number("last_status", nullable=True),
        _text("last_error", nullable=True),
        _time("done_at"),
        sa.CheckConstraint(
            "status IN ('WAITING', 'DELIVERED', 'FAILED', 'DROPPED')",
            name="status",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        schema="portal",
    )
    _index("uq_webhook_deliveries_event", ["endpoint_id", "request_id", "seq"], unique=True)
    _index("ix_webhook_deliveries_due", ["endpoint_id", "due_at"], "status = 'WAITING'")
    _index(
        "ix_webhook_deliveries_tests", ["endpoint_id"], "status = 'WAITING' AND type = 'ping'"
    )
    _index(
        "ix_webhook_deliveries_sending", ["endpoint_id", "batch_id"], "batch_id IS NOT NULL"
    )
    _index("ix_webhook_deliveries_newest", ["endpoint_id", "at", "id"])
    _index("ix_webhook_deliveries_failed", ["endpoint_id"], "status = 'FAILED'")


def _index(name: str, columns: list[str], only: str = "", unique: bool = False) -> None:
    where = {"postgresql_where": sa.text(only)} if only else {}
    op.create_index(name, "webhook_deliveries", columns, schema="portal", unique=unique, **where)


def downgrade() -> None:
    for table in ("webhook_attempts", "webhook_deliveries", "webhook_endpoints"):
        op.drop_table(table, schema="portal")
