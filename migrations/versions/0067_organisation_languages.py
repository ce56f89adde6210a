"""The organisation's own texts in other languages, and links by which a test email is confirmed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

NAME = "ck_password_links_kind"
OLD = "kind IN ('invitation', 'reset', 'first')"
NEW = "kind IN ('invitation', 'reset', 'first', 'test')"


def upgrade() -> None:
    op.add_column(
        "organisation",
        sa.Column("translations", JSONB(), server_default="{}", nullable=False),
        schema="portal",
    )
    _held(NEW)


def downgrade() -> None:
    op.execute("DELETE FROM portal.password_links WHERE kind = 'test'")
    _held(OLD)
    op.drop_column("organisation", "translations", schema="portal")


def _held(rule: str) -> None:
    op.drop_constraint(op.f(NAME), "password_links", schema="portal")
    op.create_check_constraint(op.f(NAME), "password_links", rule, schema="portal")
