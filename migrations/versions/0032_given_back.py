"""Which requests another system has again: a view, so that delivery need not know that system."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE VIEW portal.given_back AS
    SELECT new_request_id AS request_id FROM portal.legacy_moves
    WHERE rolled_back_at IS NOT NULL AND new_request_id IS NOT NULL
    """)


def downgrade() -> None:
    op.execute("DROP VIEW portal.given_back")
