"""How far a large import of people is, and its refused lines, to be mended and sent again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, empty in (("refused", "[]"), ("progress", "{}")):
        column = sa.Column(name, postgresql.JSONB(), server_default=empty, nullable=False)
        op.add_column("people_imports", column, schema="portal")


def downgrade() -> None:
    for name in ("progress", "refused"):
        op.drop_column("people_imports", name, schema="portal")
