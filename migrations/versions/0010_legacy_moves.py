"""The move from the old engine: runs, what became of each instance, types, policies, delegations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _now(name: str) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _uuid(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.Uuid(as_uuid=False), nullable=nullable)


def _json(name: str, default: str) -> sa.Column:
    return sa.Column(name, postgresql.JSONB(), server_default=default, nullable=False)


def upgrade() -> None:
    op.create_table(
        "legacy_runs",
        _uuid("id", nullable=False),
        _json("options", "{}"),
        sa.Column("found", sa.Integer(), server_default="0", nullable=False),
        _json("totals", "{}"),
        _json("listed", "[]"),
        _now("started_at"),
        _now("seen_at"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_runs"),
        schema="portal",
    )
    op.create_table(
        "legacy_moves",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        _uuid("new_request_id"),
        sa.Column("workflow_id", sa.Text(), nullable=True),
        sa.Column("workflow_code", sa.Text(), nullable=True),
        sa.Column("old_state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        _json("reasons", "[]"),
        _json("remarks", "[]"),
        sa.Column("choice", postgresql.JSONB(none_as_null=True), nullable=True),
        _uuid("chosen_by"),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workflow_ref", sa.Text(), nullable=True),
        sa.Column("run_ref", sa.Text(), nullable=True),
        _now("moved_at"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rolled_back_at", sa.DateTime(timezone=True), nullable=True),
        _uuid("run_id"),
        sa.CheckConstraint(
            "result IN ('moved', 'on_hold', 'history', 'needs_person', 'failed')",
            name="ck_legacy_moves_result",
        ),
        sa.ForeignKeyConstraint(
            ["chosen_by"], ["portal.users.id"], name="fk_legacy_moves_chosen_by_users"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["portal.legacy_runs.id"], name="fk_legacy_moves_run_id_legacy_runs"
        ),
        sa.PrimaryKeyConstraint("instance_id", name="pk_legacy_moves"),
        schema="portal",
    )
    op.create_index(
        "ix_legacy_moves_result", "legacy_moves", ["result", "instance_id"], schema="portal"
    )
    op.create_index(
        "ix_legacy_moves_new_request_id", "legacy_moves", ["new_request_id"], schema="portal"
    )
    op.create_index(
        "ix_legacy_moves_not_started",
        "legacy_moves",
        ["instance_id"],
        schema="portal",
        postgresql_where=sa.text("started_at IS NULL AND workflow_ref IS NOT NULL"),
    )
    op.create_table(
        "legacy_types",
        sa.Column("workflow_id", sa.Text(), nullable=False),
        _uuid("request_type_id", nullable=False),
        sa.ForeignKeyConstraint(
            ["request_type_id"],
            ["portal.request_types.id"],
            name="fk_legacy_types_request_type_id_request_types",
        ),
        sa.PrimaryKeyConstraint("workflow_id", name="pk_legacy_types"),
        sa.UniqueConstraint("request_type_id", name="uq_legacy_types_request_type_id"),
        schema="portal",
    )
    op.create_table(
        "legacy_policies",
        _uuid("request_type_id", nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        _uuid("policy_version_id", nullable=False),
        sa.ForeignKeyConstraint(
            ["request_type_id"],
            ["portal.request_types.id"],
            name="fk_legacy_policies_request_type_id_request_types",
        ),
        sa.ForeignKeyConstraint(
            ["policy_version_id"],
            ["portal.policy_versions.id"],
            name="fk_legacy_policies_policy_version_id_policy_versions",
        ),
        sa.PrimaryKeyConstraint("request_type_id", "digest", name="pk_legacy_policies"),
        schema="portal",
    )
    op.create_table(
        "delegations",
        _uuid("id", nullable=False),
        _uuid("delegator_id", nullable=False),
        _uuid("delegate_id", nullable=False),
        sa.Column("type_codes", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        _now("created_at"),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("legacy_id", sa.Text(), nullable=True),
        sa.CheckConstraint("delegator_id <> delegate_id", name="ck_delegations_two_people"),
        sa.CheckConstraint("starts_at < ends_at", name="ck_delegations_has_length"),
        sa.ForeignKeyConstraint(
            ["delegator_id"], ["portal.users.id"], name="fk_delegations_delegator_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["delegate_id"], ["portal.users.id"], name="fk_delegations_delegate_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_delegations"),
        sa.UniqueConstraint("legacy_id", name="uq_delegations_legacy_id"),
        schema="portal",
    )
    for person in ("delegator_id", "delegate_id"):
        op.create_index(
            f"ix_delegations_{person}_ends_at", "delegations", [person, "ends_at"], schema="portal"
        )


def downgrade() -> None:
    op.drop_table("delegations", schema="portal")
    for table in ("legacy_policies", "legacy_types", "legacy_moves", "legacy_runs"):
        op.drop_table(table, schema="portal")
