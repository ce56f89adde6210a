"""The kept state of each request.

Nothing is filled here: the record activity writes a request's state with its next events, and
`portal.models.states` folds the others when they are read. To fold every request would take an hour
on a large database, and would tie this revision to the domain as it is today.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "request_states",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_request_states"),
        schema="portal",
        postgresql_with={"fillfactor": "70"},
    )


def downgrade() -> None:
    op.drop_table("request_states", schema="portal")
