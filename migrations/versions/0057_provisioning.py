"""People and groups that an identity provider writes (SCIM 2.0)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def _id(name: str) -> sa.Column:
    return sa.Column(name, sa.Uuid(as_uuid=False), nullable=False)


def _text(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _json(name: str) -> sa.Column:
    return sa.Column(name, postgresql.JSONB(), server_default="{}", nullable=False)


def _times() -> list[sa.Column]:
    zoned, now = sa.DateTime(timezone=True), sa.text("now()")
    return [
        sa.Column("created_at", zoned, server_default=now, nullable=False),
        sa.Column("changed_at", zoned, server_default=now, nullable=False),
        sa.Column("removed_at", zoned, nullable=True),
    ]


def _keys(table: str, column: str, other: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], [f"portal.{other}.id"], name=f"fk_{table}_{column}_{other}"
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["portal.api_tokens.id"], name=f"fk_{table}_token_id_api_tokens"
        ),
        sa.PrimaryKeyConstraint(column, name=f"pk_{table}"),
    ]


def _index_external_ids(table: str) -> None:
    op.create_index(
        f"ix_{table}_external_id",
        table,
        ["external_id"],
        postgresql_where=sa.text("external_id IS NOT NULL"),
        schema="portal",
    )


def upgrade() -> None:
    op.create_table(
        "provisioned_people",
        _id("user_id"),
        _text("user_name"),
        _text("external_id", nullable=True),
        _json("written"),
        _json("taken"),
        _text("source"),
        _id("token_id"),
        *_times(),
        *_keys("provisioned_people", "user_id", "users"),
        schema="portal",
    )
    op.create_index(
        "uq_provisioned_people_user_name_lower",
        "provisioned_people",
        [sa.text("lower(user_name)")],
        unique=True,
        schema="portal",
    )
    _index_external_ids("provisioned_people")
    op.create_table(
        "provisioned_groups",
        _id("group_id"),
        _text("external_id", nullable=True),
        _text("source"),
        _id("token_id"),
        *_times(),
        *_keys("provisioned_groups", "group_id", "groups"),
        schema="portal",
    )
    _index_external_ids("provisioned_groups")


def downgrade() -> None:
    op.drop_table("provisioned_groups", schema="portal")
    op.drop_table("provisioned_people", schema="portal")
