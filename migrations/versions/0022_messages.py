"""Messages that leave the portal, and the mark on notifications that were handed over to them."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    # What was told before is not sent anew: those rows count as handed over.
    op.add_column(
        "notifications",
        sa.Column("handed_at", moment, server_default=sa.func.now()),
        schema="portal",
    )
    op.alter_column("notifications", "handed_at", server_default=None, schema="portal")
    op.create_index(
        "ix_notifications_outbox",
        "notifications",
        ["created_at"],
        schema="portal",
        postgresql_where=sa.text("handed_at IS NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("notification_id", sa.Uuid(as_uuid=False)),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="WAITING", nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("batch_id", sa.Uuid(as_uuid=False)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("sent_at", moment),
        sa.CheckConstraint(
            "status IN ('WAITING', 'SENT', 'DROPPED', 'FAILED')", name="ck_messages_status"
        ),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["portal.notifications.id"],
            name="fk_messages_notification_id_notifications",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["portal.users.id"], name="fk_messages_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("notification_id", "channel", name="uq_messages_notification_id_channel"),
        schema="portal",
    )
    op.create_index(
        "ix_messages_waiting",
        "messages",
        ["due_at"],
        schema="portal",
        postgresql_where=sa.text("status = 'WAITING'"),
    )
    op.create_index(
        "ix_messages_troubled",
        "messages",
        ["created_at"],
        schema="portal",
        postgresql_where=sa.text("last_error IS NOT NULL AND status IN ('WAITING', 'FAILED')"),
    )


def downgrade() -> None:
    op.drop_table("messages", schema="portal")
    op.drop_index("ix_notifications_outbox", "notifications", schema="portal")
    op.drop_column("notifications", "handed_at", schema="portal")
