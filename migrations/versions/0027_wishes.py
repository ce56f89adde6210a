"""How each topic is told by each channel, when the daily digest comes, and what a list leaves out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# What was not wanted by mail is not wanted by mail.
MUTED_TO_CHOICES = """
UPDATE portal.notification_preferences SET choices = jsonb_build_object('mail',
    (SELECT jsonb_object_agg(topic, 'not') FROM unnest(muted) topic))
WHERE muted <> '{}'
"""
CHOICES_TO_MUTED = """
UPDATE portal.notification_preferences SET muted = ARRAY(
    SELECT key FROM jsonb_each_text(choices -> 'mail') WHERE value = 'not' ORDER BY key)
WHERE choices ? 'mail'
"""


def upgrade() -> None:
    table = "notification_preferences"
    for column in (
        sa.Column("choices", JSONB(), server_default="{}", nullable=False),
        sa.Column("daily_at", sa.Time(), server_default="08:00", nullable=False),
    ):
        op.add_column(table, column, schema="portal")
    op.execute(MUTED_TO_CHOICES)
    op.drop_column(table, "muted", schema="portal")
    op.add_column(
        "notifications",
        sa.Column("hidden", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="portal",
    )
    _index("ix_notifications_user_id_created_at", "ix_notifications_shown", "NOT hidden")
    op.drop_index("ix_notifications_unread", "notifications", schema="portal")
    _unread("read_at IS NULL AND NOT hidden")


def downgrade() -> None:
    op.drop_index("ix_notifications_unread", "notifications", schema="portal")
    _unread("read_at IS NULL")
    _index("ix_notifications_shown", "ix_notifications_user_id_created_at", None)
    op.drop_column("notifications", "hidden", schema="portal")
    op.add_column(
        "notification_preferences",
        sa.Column("muted", ARRAY(sa.Text()), server_default="{}", nullable=False),
        schema="portal",
    )
    op.execute(CHOICES_TO_MUTED)
    for column in ("daily_at", "choices"):
        op.drop_column("notification_preferences", column, schema="portal")


def _index(old: str, new: str, where: str | None) -> None:
    """The list's index, in place of the one it had."""
    columns = ["user_id", "created_at", "id"]
    only = sa.text(where) if where else None
    op.create_index(new, "notifications", columns, schema="portal", postgresql_where=only)
    op.drop_index(old, "notifications", schema="portal")


def _unread(where: str) -> None:
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["user_id"],
        schema="portal",
        postgresql_where=sa.text(where),
    )
