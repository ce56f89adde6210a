"""What the installation is called, and whether its setup is still shown."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("hides_setup", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("id = 1", name="ck_organisation_only_one"),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
        schema="portal",
    )


def downgrade() -> None:
    op.drop_table("organisation", schema="portal")
