"""What administrators are mailed about the portal itself."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    now, moment = sa.text("now()"), sa.DateTime(timezone=True)
    op.create_table(
        "alarms",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("began_at", moment, server_default=now, nullable=False),
        sa.Column("calm_since", moment, nullable=True),
        sa.Column("over_at", moment, nullable=True),
        sa.Column("told", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("told_over", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
        schema="portal",
    )
    op.create_index(
        "uq_alarms_open",
        "alarms",
        ["kind"],
        unique=True,
        schema="portal",
        postgresql_where=sa.text("over_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("alarms", schema="portal")
