"""The projection: requests, tasks, who may see them, and what was said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("type_name", sa.Text(), nullable=False),
        sa.Column("workflow", sa.Text(), server_default="approval", nullable=False),
        sa.Column("policy_version_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("requester_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("module", sa.Text(), nullable=True),
        sa.Column("entity_type", sa.Text(), nullable=True),
        sa.Column("entity_id", sa.Text(), nullable=True),
        sa.Column("meta", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("stage_index", sa.Integer(), nullable=True),
        sa.Column("stage_name", sa.Text(), nullable=True),
        sa.Column("stage_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settles_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_for", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_what", sa.Text(), nullable=True),
        sa.Column("attention", sa.Text(), nullable=True),
        sa.Column("hold_reason", sa.Text(), nullable=True),
        sa.Column("returned_by", sa.Text(), nullable=True),
        sa.Column("changed_fields", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_hash", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple', number || ' ' || replace(number, '-', ' ') || ' ' || title || ' ' || requester_name)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("(amount IS NULL) = (currency IS NULL)", name=op.f("ck_requests_money")),
        sa.ForeignKeyConstraint(
            ["on_behalf_of"], ["portal.users.id"], name="fk_requests_on_behalf_of_users"
        ),
        sa.ForeignKeyConstraint(
            ["policy_version_id"],
            ["portal.policy_versions.id"],
            name="fk_requests_policy_version_id_policy_versions",
        ),
        sa.ForeignKeyConstraint(
            ["requester_id"], ["portal.users.id"], name="fk_requests_requester_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.UniqueConstraint("number", name="uq_requests_number"),
        schema="portal",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_requests_attention",
        "requests",
        ["submitted_at"],
        schema="portal",
        postgresql_where=sa.text("attention IS NOT NULL"),
    )
    op.create_index(
        "ix_requests_requester_id_submitted_at",
        "requests",
        ["requester_id", "submitted_at", "id"],
        schema="portal",
    )
    op.create_index(
        "ix_requests_search", "requests", ["search"], schema="portal", postgresql_using="gin"
    )
    op.create_index(
        "ix_requests_status_submitted_at",
        "requests",
        ["status", "submitted_at", "id"],
        schema="portal",
    )
    op.create_index("ix_requests_submitted_at", "requests", ["submitted_at", "id"], schema="portal")
    op.create_index(
        "ix_requests_type_code_submitted_at",
        "requests",
        ["type_code", "submitted_at", "id"],
        schema="portal",
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("requester_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("stage_index", sa.Integer(), nullable=False),
        sa.Column("stage_key", sa.Text(), nullable=False),
        sa.Column("stage_name", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("acting_for", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("escalation_level", sa.Integer(), server_default="0", nullable=False),
        sa.Column("comment_required", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("why", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requester_id", name=op.f("ck_tasks_not_own_request")
        ),
        sa.ForeignKeyConstraint(
            ["acting_for"], ["portal.users.id"], name="fk_tasks_acting_for_users"
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["portal.users.id"], name="fk_tasks_assignee_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["portal.users.id"], name="fk_tasks_decided_by_users"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["portal.requests.id"], name="fk_tasks_request_id_requests"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        schema="portal",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_tasks_inbox",
        "tasks",
        ["assignee_id", "due_at", "id"],
        schema="portal",
        postgresql_where=sa.text("status = 'OPEN'"),
    )
    op.create_index("ix_tasks_request_id", "tasks", ["request_id"], schema="portal")
    op.create_table(
        "participants",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["portal.requests.id"], name="fk_participants_request_id_requests"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["portal.users.id"], name="fk_participants_user_id_users"
        ),
        sa.PrimaryKeyConstraint("request_id", "user_id", name="pk_participants"),
        schema="portal",
    )
    op.create_index(
        "ix_participants_user_id_submitted_at",
        "participants",
        ["user_id", "submitted_at", "request_id"],
        schema="portal",
    )
    op.create_table(
        "comments",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("task_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("about", sa.Text(), server_default="comment", nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["portal.users.id"], name="fk_comments_author_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["portal.requests.id"], name="fk_comments_request_id_requests"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
        sa.UniqueConstraint("request_id", "seq", name="uq_comments_request_id_seq"),
        schema="portal",
    )


def downgrade() -> None:
    op.drop_table("comments", schema="portal")
    op.drop_table("participants", schema="portal")
    op.drop_table("tasks", schema="portal")
    op.drop_table("requests", schema="portal")
