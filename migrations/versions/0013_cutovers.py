"""The cutovers of the old engine: who made them, when, with which backup, and what moved."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cutovers",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("backup", sa.Text(), nullable=True),
        sa.Column("no_backup_reason", sa.Text(), nullable=True),
        sa.Column("accepted", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("moved", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("ties", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("locked_ms", sa.Integer(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by", sa.Text(), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purged_by", sa.Text(), nullable=True),
        sa.Column("purge_backup", sa.Text(), nullable=True),
        sa.Column("purge_no_backup_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(backup IS NULL) <> (no_backup_reason IS NULL)",
            name=op.f("ck_cutovers_backup_or_reason"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cutovers"),
        schema="portal",
    )


def downgrade() -> None:
    op.drop_table("cutovers", schema="portal")
