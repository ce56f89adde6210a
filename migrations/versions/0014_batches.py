"""Many tasks chosen in an inbox, to be decided together."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("items", postgresql.JSONB(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["portal.users.id"], name="fk_batches_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        schema="portal",
    )
    op.create_index(
        "ix_batches_user_id_created_at", "batches", ["user_id", "created_at"], schema="portal"
    )


def downgrade() -> None:
    op.drop_table("batches", schema="portal")
