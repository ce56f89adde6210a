"""Attached files, and the indexes that people's own lists are read by."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("form_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["portal.users.id"], name="fk_attachments_owner_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        schema="portal",
    )
    op.create_index("ix_attachments_form_id", "attachments", ["form_id"], schema="portal")
    op.create_index("ix_attachments_request_id", "attachments", ["request_id"], schema="portal")
    op.create_index(
        "ix_requests_open_of_requester",
        "requests",
        ["requester_id", "submitted_at", "id"],
        schema="portal",
        postgresql_where=sa.text("status IN ('PENDING', 'ON_HOLD', 'RETURNED')"),
    )
    op.create_index(
        "ix_requests_on_behalf_of_submitted_at",
        "requests",
        ["on_behalf_of", "submitted_at", "id"],
        schema="portal",
        postgresql_where=sa.text("on_behalf_of IS NOT NULL"),
    )
    op.create_index(
        "ix_users_name_lower", "users", [sa.literal_column("lower(name)")], schema="portal"
    )


def downgrade() -> None:
    op.drop_index("ix_users_name_lower", "users", schema="portal")
    op.drop_index("ix_requests_on_behalf_of_submitted_at", "requests", schema="portal")
    op.drop_index("ix_requests_open_of_requester", "requests", schema="portal")
    op.drop_table("attachments", schema="portal")
