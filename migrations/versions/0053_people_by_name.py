"""People in the order of their names without capitals and marks."""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_users_by_name ON portal.users (portal.plain(name))")


def downgrade() -> None:
    op.execute("DROP INDEX portal.ix_users_by_name")
