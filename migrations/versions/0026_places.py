"""People have a place; calendars have days of their own, and each change to one is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("closed_days", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("worked_days", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
    ):
        op.add_column("calendars", column, schema="portal")
    op.add_column("users", sa.Column("calendar_id", sa.Uuid(as_uuid=False)), schema="portal")
    op.create_foreign_key(
        "fk_users_calendar_id_calendars", "users", "calendars", ["calendar_id"], ["id"],
        source_schema="portal", referent_schema="portal",
    )  # fmt: skip
    op.create_index(
        "ix_users_calendar_id",
        "users",
        ["calendar_id"],
        schema="portal",
        postgresql_where=sa.text("calendar_id IS NOT NULL"),
    )
    _changes()


def _changes() -> None:
    op.create_table(
        "calendar_changes",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("calendar_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["portal.users.id"], name="fk_calendar_changes_actor_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_changes"),
        schema="portal",
    )
    op.create_index(
        "ix_calendar_changes_calendar_id",
        "calendar_changes",
        ["calendar_id", "id"],
        schema="portal",
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.calendar_changes"
        " FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only()"
    )


def downgrade() -> None:
    op.drop_table("calendar_changes", schema="portal")
    op.drop_index("ix_users_calendar_id", table_name="users", schema="portal")
    op.drop_column("users", "calendar_id", schema="portal")
    for name in ("version", "worked_days", "closed_days"):
        op.drop_column("calendars", name, schema="portal")
