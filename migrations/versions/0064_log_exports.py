"""Files of the log: how far each has come."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def _leaf(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _now(name: str) -> sa.Column:
    now = sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False)


def upgrade() -> None:
    op.create_table(
        "log_exports",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("filters", postgresql.JSONB(), server_default="{}", nullable=False),
        _leaf("first_leaf"),
        _leaf("next_leaf"),
        _leaf("end_leaf"),
        sa.Column("entries", sa.BigInteger(), server_default="0", nullable=False),
        _now("begun_at"),
        _now("seen_at"),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["person_id"], ["portal.users.id"], name="fk_log_exports_person_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_log_exports"),
        schema="portal",
    )
    op.create_index(
        "ix_log_exports_person_id", "log_exports", ["person_id", "id"], schema="portal"
    )


def downgrade() -> None:
    op.drop_table("log_exports", schema="portal")
