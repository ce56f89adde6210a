"""Tasks that wait for information, and what requesters are asked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tasks", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True), schema="portal"
    )
    questions = sa.Column("questions", postgresql.JSONB(), server_default="[]", nullable=False)
    op.add_column("requests", questions, schema="portal")


def downgrade() -> None:
    op.drop_column("requests", "questions", schema="portal")
    op.drop_column("tasks", "asked_at", schema="portal")
