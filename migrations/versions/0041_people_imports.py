"""Files of people: kept from the upload until they are imported, then what came of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people_imports",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("actor_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", postgresql.BYTEA()),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("choices", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("report", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("applied_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["portal.users.id"], name="fk_people_imports_actor_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_people_imports"),
        schema="portal",
    )
    op.create_index(
        "ix_people_imports_applied_at",
        "people_imports",
        ["applied_at"],
        schema="portal",
        postgresql_where=sa.text("applied_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("people_imports", schema="portal")
