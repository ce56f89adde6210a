"""What people answer where an old request cannot move by itself: every answer, kept as it was."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KEPT = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.legacy_choices
    FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only();
"""


def upgrade() -> None:
    op.add_column(
        "legacy_moves",
        sa.Column("questions", postgresql.JSONB(), server_default="[]", nullable=False),
        schema="portal",
    )
    op.create_index(
        "ix_legacy_moves_code",
        "legacy_moves",
        ["result", "workflow_code", "instance_id"],
        schema="portal",
    )
    op.create_table(
        "legacy_choices",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("choice", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("reasons", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("alike", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("chosen_by", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "chosen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["chosen_by"], ["portal.users.id"], name="fk_legacy_choices_chosen_by_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_choices"),
        schema="portal",
    )
    op.create_index(
        "ix_legacy_choices_instance_id",
        "legacy_choices",
        ["instance_id", "chosen_at"],
        schema="portal",
    )
    op.execute(KEPT)


def downgrade() -> None:
    op.drop_table("legacy_choices", schema="portal")
    op.drop_index("ix_legacy_moves_code", "legacy_moves", schema="portal")
    op.drop_column("legacy_moves", "questions", schema="portal")
