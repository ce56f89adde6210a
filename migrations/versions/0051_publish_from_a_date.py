"""Drafts that are published from a date on."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "type_drafts", sa.Column("publish_at", sa.DateTime(timezone=True)), schema="portal"
    )
    op.add_column("type_drafts", sa.Column("publish_by", sa.Uuid(as_uuid=False)), schema="portal")
    op.create_foreign_key(
        "fk_type_drafts_publish_by_users", "type_drafts", "users", ["publish_by"], ["id"],
        source_schema="portal", referent_schema="portal",
    )


def downgrade() -> None:
    op.drop_constraint(
        "fk_type_drafts_publish_by_users", "type_drafts", schema="portal", type_="foreignkey"
    )
    op.drop_column("type_drafts", "publish_by", schema="portal")
    op.drop_column("type_drafts", "publish_at", schema="portal")
