"""Absences say up to which amount and who set them; changes to people, and what they leave to do."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _uuid(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.Uuid(as_uuid=False), nullable=nullable)


def _now(name: str) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _to_user(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_users"
    return sa.ForeignKeyConstraint([column], ["portal.users.id"], name=name)


def upgrade() -> None:
    _delegations()
    op.create_table(
        "people_changes",
        _uuid("id", nullable=False),
        _uuid("person_id", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _uuid("actor_id"),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        _now("at"),
        _to_user("people_changes", "person_id"),
        _to_user("people_changes", "actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_people_changes"),
        schema="portal",
    )
    op.create_index(
        "ix_people_changes_person_id", "people_changes", ["person_id", "id"], schema="portal"
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.people_changes"
        " FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only()"
    )
    op.create_table(
        "people_reviews",
        _uuid("id", nullable=False),
        _uuid("person_id", nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        _now("created_at"),
        sa.CheckConstraint(
            "scope IN ('tasks', 'requests', 'stuck')", name="ck_people_reviews_scope"
        ),
        _to_user("people_reviews", "person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_people_reviews"),
        schema="portal",
    )
    op.create_index(
        "ix_users_inactive",
        "users",
        ["id"],
        schema="portal",
        postgresql_where=sa.text("NOT is_active"),
    )


def _delegations() -> None:
    op.add_column("delegations", sa.Column("max_amount", sa.BigInteger()), schema="portal")
    op.add_column("delegations", sa.Column("currency", sa.Text()), schema="portal")
    for name in ("created_by", "revoked_by"):
        op.add_column("delegations", _uuid(name), schema="portal")
        op.create_foreign_key(
            f"fk_delegations_{name}_users", "delegations", "users", [name], ["id"],
            source_schema="portal", referent_schema="portal",
        )  # fmt: skip
    op.create_check_constraint(
        op.f("ck_delegations_money"),
        "delegations",
        "(max_amount IS NULL) = (currency IS NULL)",
        schema="portal",
    )
    op.create_index(
        "ix_delegations_not_over",
        "delegations",
        ["ends_at"],
        schema="portal",
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_users_inactive", table_name="users", schema="portal")
    op.drop_table("people_reviews", schema="portal")
    op.drop_table("people_changes", schema="portal")
    op.drop_index("ix_delegations_not_over", table_name="delegations", schema="portal")
    op.drop_constraint(op.f("ck_delegations_money"), "delegations", schema="portal")
    for name in ("revoked_by", "created_by", "currency", "max_amount"):
        op.drop_column("delegations", name, schema="portal")
