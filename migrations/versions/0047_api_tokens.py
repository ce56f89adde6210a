"""Tokens by which programs come in, how much they ask, and what they asked for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=False),
        sa.Column("old_hash", sa.Text(), nullable=True),
        sa.Column("old_until", TIME, nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("modules", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_at", TIME, server_default=NOW, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("rotated_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("revoked_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.Column("last_used_ip", postgresql.INET(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'personal') = (user_id IS NOT NULL)", name="ck_api_tokens_owner"
        ),
        sa.CheckConstraint("kind IN ('personal', 'service')", name="ck_api_tokens_kind"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["portal.users.id"], name="fk_api_tokens_user_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["portal.users.id"], name="fk_api_tokens_created_by_users"
        ),
        sa.ForeignKeyConstraint(
            ["revoked_by"], ["portal.users.id"], name="fk_api_tokens_revoked_by_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("secret_hash", name="uq_api_tokens_secret_hash"),
        schema="portal",
    )
    op.create_index(
        "ix_api_tokens_old_hash", "api_tokens", ["old_hash"], schema="portal",
        postgresql_where=sa.text("old_hash IS NOT NULL"),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"], schema="portal")
    op.create_table(
        "api_rates",
        sa.Column("token_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("reads", sa.Integer(), server_default="0", nullable=False),
        sa.Column("writes", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("token_id", name="pk_api_rates"),
        schema="portal",
        prefixes=["UNLOGGED"],
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "api_calls",
        sa.Column("command_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("token_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["portal.api_tokens.id"], name="fk_api_calls_token_id_api_tokens"
        ),
        sa.PrimaryKeyConstraint("command_id", name="pk_api_calls"),
        sa.UniqueConstraint("token_id", "external_id", name="uq_api_calls_token_id_external_id"),
        schema="portal",
    )
    op.create_index("ix_api_calls_request_id", "api_calls", ["request_id"], schema="portal")
    op.create_index(
        "ix_api_calls_external_id", "api_calls", ["external_id"], schema="portal",
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )


def downgrade() -> None:
    for table in ("api_calls", "api_rates", "api_tokens"):
        op.drop_table(table, schema="portal")
