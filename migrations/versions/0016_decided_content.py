"""Each decision keeps the fingerprint of the content that was seen, beside its version."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("content_hash", sa.Text()), schema="portal")


def downgrade() -> None:
    op.drop_column("tasks", "content_hash", schema="portal")
