"""Drafts of request types, and what was done to types, for ever."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "type_drafts",
        sa.Column("request_type_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("content", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("editors", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("reasons", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("reviewed_mark", sa.Text(), nullable=True),
        sa.Column("sent_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("approved_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("updated_by", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["request_type_id"],
            ["portal.request_types.id"],
            name="fk_type_drafts_request_type_id_request_types",
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["portal.users.id"], name=f"fk_type_drafts_{column}_users"
            )
            for column in ("sent_by", "approved_by", "updated_by")
        ),
        sa.PrimaryKeyConstraint("request_type_id", name="pk_type_drafts"),
        schema="portal",
    )
    _changes()


def _changes() -> None:
    op.create_table(
        "type_changes",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_type_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["portal.users.id"], name="fk_type_changes_actor_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_type_changes"),
        schema="portal",
    )
    op.create_index(
        "ix_type_changes_request_type_id",
        "type_changes",
        ["request_type_id", "at"],
        schema="portal",
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.type_changes"
        " FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only()"
    )


def downgrade() -> None:
    op.drop_table("type_changes", schema="portal")
    op.drop_table("type_drafts", schema="portal")
