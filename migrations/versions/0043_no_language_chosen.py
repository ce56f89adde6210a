"""Nobody has chosen a language yet: people have none of their own until they choose one.

Until now everybody had "en", the only one there was.
"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE portal.users ALTER COLUMN locale SET DEFAULT ''")
    op.execute("UPDATE portal.users SET locale = '' WHERE locale = 'en'")


def downgrade() -> None:
    op.execute("UPDATE portal.users SET locale = 'en' WHERE locale = ''")
    op.execute("ALTER TABLE portal.users ALTER COLUMN locale SET DEFAULT 'en'")
