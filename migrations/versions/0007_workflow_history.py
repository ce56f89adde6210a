"""The one workflow table that other systems read: `gloria_ops.workflow_history`.

The old engine has a table of that name and another shape. Where it is there, ours waits as
`workflow_history_next` until the cutover renames both. The recorder writes through the view
`portal.workflow_history`, which follows its table through every rename.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# CREATE SCHEMA IF NOT EXISTS asks for the right to make schemas even where it is there already.
SCHEMA = """
DO $$ BEGIN
    IF to_regnamespace('gloria_ops') IS NULL THEN
        CREATE SCHEMA gloria_ops;
    END IF;
END $$
"""

TAKE_THE_NAME = """
DO $$ BEGIN
    IF to_regclass('gloria_ops.workflow_history') IS NULL THEN
        ALTER TABLE gloria_ops.workflow_history_next RENAME TO workflow_history;
    END IF;
END $$
"""

VIEW = "CREATE VIEW portal.workflow_history AS SELECT * FROM gloria_ops.workflow_history_next"

# The schema stays: it may be older than the portal, and hold what others use.
DROP = """
DO $$ BEGIN
    IF to_regclass('gloria_ops.workflow_history_next') IS NOT NULL THEN
        DROP TABLE gloria_ops.workflow_history_next;
    ELSE
        DROP TABLE gloria_ops.workflow_history;
    END IF;
END $$
"""


def upgrade() -> None:
    op.execute(SCHEMA)
    op.create_table(
        "workflow_history_next",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("workflow_type", sa.String(length=100), nullable=False),
        sa.Column("request_id", sa.String(length=255), nullable=False),
        sa.Column("temporal_workflow_id", sa.String(length=255), nullable=True),
        sa.Column("temporal_run_id", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=50), nullable=False),
        sa.Column("initiator_id", sa.String(length=255), nullable=True),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_workflow_history"),
        sa.UniqueConstraint("request_id", name="uq_workflow_history_request_id"),
        schema="gloria_ops",
    )
    op.create_index(
        "ix_workflow_history_initiator_id",
        "workflow_history_next",
        ["initiator_id"],
        schema="gloria_ops",
    )
    op.create_index(
        "ix_workflow_history_started_at",
        "workflow_history_next",
        [sa.literal_column("started_at DESC")],
        schema="gloria_ops",
    )
    op.create_index(
        "ix_workflow_history_status", "workflow_history_next", ["status"], schema="gloria_ops"
    )
    op.create_index(
        "ix_workflow_history_temporal_workflow_id",
        "workflow_history_next",
        ["temporal_workflow_id"],
        schema="gloria_ops",
    )
    op.create_index(
        "ix_workflow_history_workflow_type",
        "workflow_history_next",
        ["workflow_type"],
        schema="gloria_ops",
    )
    op.execute(VIEW)
    op.execute(TAKE_THE_NAME)


def downgrade() -> None:
    op.execute("DROP VIEW portal.workflow_history")
    op.execute(DROP)
