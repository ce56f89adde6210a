"""An index of the commands that were given up for now: the administrators' page lists them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_commands_parked",
        "commands",
        ["parked_at"],
        schema="portal",
        postgresql_where=sa.text("parked_at IS NOT NULL AND applied_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_commands_parked", table_name="commands", schema="portal")
