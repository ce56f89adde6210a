"""Which version of the state's classes wrote a kept state."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "request_states",
        sa.Column("shape", sa.Text(), server_default="", nullable=False),
        schema="portal",
    )


def downgrade() -> None:
    op.drop_column("request_states", "shape", schema="portal")
