"""Past requests by a draft beside the version in force: asked for by pages, done by a worker."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def _moment(name: str, **values: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **values)  # type: ignore[arg-type]


def upgrade() -> None:
    op.create_table(
        "type_back_tests",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_type_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("live_version_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("content", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        _moment("since", nullable=False),
        _moment("until", nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_by", sa.Uuid(as_uuid=False), nullable=False),
        _moment("asked_at", server_default=sa.text("now()"), nullable=False),
        _moment("seen_at"),
        _moment("finished_at"),
        sa.Column("trouble", sa.Text()),
        sa.Column("result", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["request_type_id"], ["portal.request_types.id"],
            name="fk_type_back_tests_request_type_id_request_types", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["live_version_id"], ["portal.policy_versions.id"],
            name="fk_type_back_tests_live_version_id_policy_versions",
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["portal.users.id"], name="fk_type_back_tests_asked_by_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_type_back_tests"),
        schema="portal",
    )
    op.create_index(
        "ix_type_back_tests_request_type_id", "type_back_tests", ["request_type_id", "asked_at"],
        schema="portal",
    )
    op.create_index(
        "ix_type_back_tests_waiting", "type_back_tests", ["asked_at"], schema="portal",
        postgresql_where=sa.text("finished_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("type_back_tests", schema="portal")
