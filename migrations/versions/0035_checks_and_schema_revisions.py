"""Which revisions ran, kept in a table of ours; when the portal last looked at itself; and which
steps of workflows were tried often.

Alembic notes one revision only, and for a database that has passed the cutover that says nothing
about the numbered ones. The rows are written by `migrations/env.py`, after each revision.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

SCHEMA = "portal"


def _time(name: str, *, nullable: bool = False, default: bool = False) -> sa.Column:
    now = sa.text("now()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "schema_revisions",
        sa.Column("revision", sa.Text(), nullable=False),
        _time("run_at", default=True),
        sa.PrimaryKeyConstraint("revision", name="pk_schema_revisions"),
        schema=SCHEMA,
    )
    op.create_table(
        "checks",
        sa.Column("name", sa.Text(), nullable=False),
        _time("begun_at", default=True),
        _time("done_at", nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("report", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_checks"),
        schema=SCHEMA,
    )
    op.create_table(
        "workflow_troubles",
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        _time("since", default=True),
        _time("seen_at", default=True),
        sa.PrimaryKeyConstraint("workflow_id", "activity", name="pk_workflow_troubles"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("workflow_troubles", schema=SCHEMA)
    op.drop_table("checks", schema=SCHEMA)
    op.drop_table("schema_revisions", schema=SCHEMA)
