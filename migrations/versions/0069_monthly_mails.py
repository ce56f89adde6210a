"""The figures of each month by mail, to whoever wants them, once."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    since = sa.Column("monthly_since", sa.DateTime(timezone=True))
    op.add_column("notification_preferences", since, schema="portal")
    op.create_table(
        "monthly_mails",
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), server_default="WAITING", nullable=False),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "status IN ('WAITING', 'SENT', 'DROPPED', 'FAILED')", name="status"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["portal.users.id"], name="fk_monthly_mails_user_id_users"
        ),
        sa.PrimaryKeyConstraint("user_id", "month", name="pk_monthly_mails"),
        schema="portal",
    )


def downgrade() -> None:
    op.drop_table("monthly_mails", schema="portal")
    op.drop_column("notification_preferences", "monthly_since", schema="portal")
