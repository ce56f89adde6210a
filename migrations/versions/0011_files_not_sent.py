"""An index of the files that were uploaded and not sent: each person may keep so many."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_attachments_not_sent",
        "attachments",
        ["owner_id"],
        schema="portal",
        postgresql_where=sa.text("request_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_attachments_not_sent", "attachments", schema="portal")
