"""Request types, their policies' versions, and calendars. A published version never changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


REFUSE_CHANGES = """
CREATE FUNCTION portal.keep_published_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', HINT = 'Make a new version.',
        MESSAGE = 'Version ' || OLD.version || ' of this policy is published and never changes.';
END $$;
CREATE TRIGGER keep_published BEFORE UPDATE OR DELETE ON portal.policy_versions
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL)
    EXECUTE FUNCTION portal.keep_published_policy();
"""


def upgrade() -> None:
    op.create_table(
        "calendars",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("hours", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("subdivision", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_calendars"),
        sa.UniqueConstraint("name", name="uq_calendars_name"),
        schema="portal",
    )
    op.create_table(
        "request_types",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("next_number", sa.Integer(), server_default="1001", nullable=False),
        sa.Column("workflow", sa.Text(), server_default="approval", nullable=False),
        sa.Column("form", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("calendar_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("policy_version_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("default_priority", sa.Text(), server_default="MEDIUM", nullable=False),
        sa.Column("module", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("workflow IN ('approval', 'simple')", name=op.f("ck_request_types_workflow")),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["portal.calendars.id"], name="fk_request_types_calendar_id_calendars"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_request_types"),
        sa.UniqueConstraint("code", name="uq_request_types_code"),
        sa.UniqueConstraint("prefix", name="uq_request_types_prefix"),
        schema="portal",
    )
    op.create_table(
        "policy_versions",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_type_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.ForeignKeyConstraint(
            ["published_by"], ["portal.users.id"], name="fk_policy_versions_published_by_users"
        ),
        sa.ForeignKeyConstraint(
            ["request_type_id"],
            ["portal.request_types.id"],
            name="fk_policy_versions_request_type_id_request_types",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_policy_versions"),
        sa.UniqueConstraint(
            "request_type_id", "version", name="uq_policy_versions_request_type_id_version"
        ),
        schema="portal",
    )
    op.create_foreign_key(
        "fk_request_types_policy_version_id_policy_versions",
        "request_types",
        "policy_versions",
        ["policy_version_id"],
        ["id"],
        source_schema="portal",
        referent_schema="portal",
    )
    op.execute(REFUSE_CHANGES)


def downgrade() -> None:
    op.drop_constraint(
        "fk_request_types_policy_version_id_policy_versions", "request_types", schema="portal"
    )
    op.drop_table("policy_versions", schema="portal")
    op.drop_table("request_types", schema="portal")
    op.drop_table("calendars", schema="portal")
    op.execute("DROP FUNCTION portal.keep_published_policy()")
