"""Drafts that no person made: somebody leaves at the provider of people, and the policies that name
them are to name another.
"""

from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

COLUMNS = (("type_changes", "actor_id"), ("type_drafts", "updated_by"))


def upgrade() -> None:
    for table, column in COLUMNS:
        op.alter_column(table, column, nullable=True, schema="portal")


def downgrade() -> None:
    # The acts say the same of the changes, and stay. A draft is a proposal: it can be made again.
    op.execute("ALTER TABLE portal.type_changes DISABLE TRIGGER append_only")
    for table, column in COLUMNS:
        op.execute(f"DELETE FROM portal.{table} WHERE {column} IS NULL")
    op.execute("ALTER TABLE portal.type_changes ENABLE TRIGGER append_only")
    for table, column in COLUMNS:
        op.alter_column(table, column, nullable=False, schema="portal")
