"""Tasks that somebody has in another's place, and commands that nobody gave but the portal."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tasks", sa.Column("delegation_id", sa.Uuid(as_uuid=False), nullable=True), schema="portal"
    )
    op.create_index(
        "ix_tasks_acting_for",
        "tasks",
        ["acting_for", "id"],
        schema="portal",
        postgresql_where=sa.text("status = 'OPEN' AND acting_for IS NOT NULL"),
    )
    op.alter_column("commands", "actor_id", nullable=True, schema="portal")
    op.create_check_constraint(
        op.f("ck_commands_actor"),
        "commands",
        "actor_id IS NOT NULL OR via = 'system'",
        schema="portal",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_commands_actor"), "commands", schema="portal")
    op.execute("DELETE FROM portal.commands WHERE actor_id IS NULL")
    op.alter_column("commands", "actor_id", nullable=False, schema="portal")
    op.drop_index("ix_tasks_acting_for", table_name="tasks", schema="portal")
    op.drop_column("tasks", "delegation_id", schema="portal")
