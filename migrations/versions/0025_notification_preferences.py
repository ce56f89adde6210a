"""What people want to be mailed of, and their quiet hours."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notification_preferences",
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("muted", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("quiet_from", sa.Time()),
        sa.Column("quiet_until", sa.Time()),
        sa.ForeignKeyConstraint(
            ["user_id"], ["portal.users.id"], name="fk_notification_preferences_user_id_users"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_notification_preferences"),
        schema="portal",
    )


def downgrade() -> None:
    op.drop_table("notification_preferences", schema="portal")
