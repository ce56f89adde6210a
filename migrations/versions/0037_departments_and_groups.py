"""Groups say what they are for; what was changed about departments and groups is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "groups", sa.Column("purpose", sa.Text(), server_default="", nullable=False), schema="portal"
    )
    op.create_table(
        "organisation_changes",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(as_uuid=False)),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["portal.users.id"], name="fk_organisation_changes_actor_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_organisation_changes"),
        schema="portal",
    )
    op.create_index(
        "ix_organisation_changes_subject",
        "organisation_changes",
        ["subject", "subject_id", "id"],
        schema="portal",
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON portal.organisation_changes"
        " FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only()"
    )


def downgrade() -> None:
    op.drop_table("organisation_changes", schema="portal")
    op.drop_column("groups", "purpose", schema="portal")
