"""Each version of a request type keeps its own form and texts; requests are drawn by their own.

The column `request_types.form` stays, and nothing reads it any more: pages of the release before
this one do, until the last of them has stopped. A later release drops it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

# Published versions never change: the trigger rests while each gets the form that its type has.
FORMS = """
ALTER TABLE portal.policy_versions DISABLE TRIGGER keep_published;
UPDATE portal.policy_versions v SET form = t.form, name = t.name, description = t.description
    FROM portal.request_types t WHERE t.id = v.request_type_id;
ALTER TABLE portal.policy_versions ENABLE TRIGGER keep_published;
"""
BACK = """
UPDATE portal.request_types t SET form = v.form FROM portal.policy_versions v
    WHERE v.id = COALESCE(t.policy_version_id, (SELECT id FROM portal.policy_versions newest
        WHERE newest.request_type_id = t.id ORDER BY newest.version DESC LIMIT 1));
"""


def upgrade() -> None:
    for column in (
        sa.Column("form", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
    ):
        op.add_column("policy_versions", column, schema="portal")
    op.execute(FORMS)


def downgrade() -> None:
    op.execute(BACK)
    for name in ("description", "name", "form"):
        op.drop_column("policy_versions", name, schema="portal")
