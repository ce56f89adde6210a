"""What a notification says as marked texts with their values, to be read in any language."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE portal.notifications ADD COLUMN said jsonb")


def downgrade() -> None:
    op.execute("ALTER TABLE portal.notifications DROP COLUMN said")
