"""A version of a request type may say its texts in other languages, too."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "policy_versions",
        sa.Column("translations", postgresql.JSONB(), server_default="{}", nullable=False),
        schema="portal",
    )


def downgrade() -> None:
    op.drop_column("policy_versions", "translations", schema="portal")
