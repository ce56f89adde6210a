"""People, departments and groups."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "departments",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("school", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("head_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["portal.departments.id"], name="fk_departments_parent_id_departments"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_departments"),
        sa.UniqueConstraint("code", name="uq_departments_code"),
        schema="portal",
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("employee_no", sa.Text(), nullable=True),
        sa.Column("department_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("manager_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("job_title", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("locale", sa.Text(), server_default="en", nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("legacy_profile_id", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["portal.departments.id"], name="fk_users_department_id_departments"
        ),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["portal.users.id"], name="fk_users_manager_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("employee_no", name="uq_users_employee_no"),
        sa.UniqueConstraint("legacy_profile_id", name="uq_users_legacy_profile_id"),
        schema="portal",
    )
    op.create_index("ix_users_roles", "users", ["roles"], schema="portal", postgresql_using="gin")
    op.create_index("ix_users_department_id", "users", ["department_id"], schema="portal")
    op.create_index("ix_users_manager_id", "users", ["manager_id"], schema="portal")
    op.create_index(
        "uq_users_email_lower",
        "users",
        [sa.literal_column("lower(email)")],
        unique=True,
        schema="portal",
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("code", name="uq_groups_code"),
        schema="portal",
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["portal.groups.id"], name="fk_group_members_group_id_groups"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["portal.users.id"], name="fk_group_members_user_id_users"
        ),
        sa.PrimaryKeyConstraint("group_id", "user_id", name="pk_group_members"),
        schema="portal",
    )
    op.create_index("ix_group_members_user_id", "group_members", ["user_id"], schema="portal")
    op.create_foreign_key(
        "fk_departments_head_id_users",
        "departments",
        "users",
        ["head_id"],
        ["id"],
        source_schema="portal",
        referent_schema="portal",
    )


def downgrade() -> None:
    op.drop_constraint("fk_departments_head_id_users", "departments", schema="portal")
    op.drop_table("group_members", schema="portal")
    op.drop_table("groups", schema="portal")
    op.drop_table("users", schema="portal")
    op.drop_table("departments", schema="portal")
