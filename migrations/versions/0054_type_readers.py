"""Groups whose members see all requests of a type."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "type_readers",
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["type_code"],
            ["portal.request_types.code"],
            name="fk_type_readers_type_code_request_types",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["portal.groups.id"], name="fk_type_readers_group_id_groups"
        ),
        sa.PrimaryKeyConstraint("type_code", "group_id", name="pk_type_readers"),
        schema="portal",
    )
    op.create_index("ix_type_readers_group_id", "type_readers", ["group_id"], schema="portal")


def downgrade() -> None:
    op.drop_table("type_readers", schema="portal")
