"""Chat channels, and what was changed about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def _key(name: str) -> sa.Column:
    return sa.Column(name, sa.Uuid(as_uuid=False), nullable=False)


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def _now(name: str) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "chat_channels",
        _key("id"),
        _text("name"),
        _text("scheme"),
        _text("host"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default="true", nullable=False),
        _now("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_chat_channels"),
        schema="portal",
    )
    op.create_index(
        "ix_chat_channels_on",
        "chat_channels",
        ["id"],
        schema="portal",
        postgresql_where=sa.text("is_on"),
    )
    op.create_index(
        "uq_chat_channels_name_lower",
        "chat_channels",
        [sa.text("lower(name)")],
        unique=True,
        schema="portal",
    )
    op.create_table(
        "chat_channel_changes",
        _key("id"),
        _key("channel_id"),
        _text("kind"),
        _key("actor_id"),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        _now("at"),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["portal.users.id"], name="fk_chat_channel_changes_actor_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_chat_channel_changes"),
        schema="portal",
    )
    op.create_index(
        "ix_chat_channel_changes_channel_id",
        "chat_channel_changes",
        ["channel_id", "id"],
        schema="portal",
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON portal.chat_channel_changes"
        " FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only()"
    )


def downgrade() -> None:
    op.drop_table("chat_channel_changes", schema="portal")
    op.drop_table("chat_channels", schema="portal")
