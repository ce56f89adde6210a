"""Links in messages, and the triggers that revoke them in the transaction that ends their use."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

REVOKE_OF_TASK = """
CREATE FUNCTION portal.revoke_links_of_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'OPEN' AND OLD.status <> 'OPEN' AND NEW.assignee_id = OLD.assignee_id THEN
        -- The decision was undone: what it revoked is good again.
        UPDATE portal.links SET revoked_at = NULL
        WHERE task_id = NEW.id AND user_id = NEW.assignee_id AND revoked_at IS NOT NULL;
    ELSE
        UPDATE portal.links SET revoked_at = clock_timestamp()
        WHERE task_id = NEW.id AND revoked_at IS NULL;
    END IF;
    RETURN NULL;
END $$
"""
ON_TASK = """
CREATE TRIGGER revoke_links AFTER UPDATE OF status, assignee_id ON portal.tasks
FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.assignee_id <> NEW.assignee_id)
EXECUTE FUNCTION portal.revoke_links_of_task()
"""
REVOKE_OF_REQUEST = """
CREATE FUNCTION portal.revoke_links_of_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE portal.links SET revoked_at = clock_timestamp()
    WHERE request_id = NEW.id AND content_version < NEW.content_version AND revoked_at IS NULL;
    RETURN NULL;
END $$
"""
ON_REQUEST = """
CREATE TRIGGER revoke_links AFTER UPDATE OF content_version ON portal.requests
FOR EACH ROW WHEN (OLD.content_version < NEW.content_version)
EXECUTE FUNCTION portal.revoke_links_of_request()
"""
REVOKE_OF_PERSON = """
CREATE FUNCTION portal.revoke_links_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE portal.links SET revoked_at = clock_timestamp()
    WHERE user_id = NEW.id AND revoked_at IS NULL;
    RETURN NULL;
END $$
"""
ON_PERSON = """
CREATE TRIGGER revoke_links AFTER UPDATE OF is_active ON portal.users
FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active)
EXECUTE FUNCTION portal.revoke_links_of_person()
"""
TRIGGERS = {"tasks": "task", "requests": "request", "users": "person"}


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    alive = sa.text("revoked_at IS NULL")
    op.create_table(
        "links",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text()),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("revoked_at", moment),
        sa.CheckConstraint("decision IN ('approve', 'reject')", name="ck_links_decision"),
        sa.ForeignKeyConstraint(["task_id"], ["portal.tasks.id"], name="fk_links_task_id_tasks"),
        sa.ForeignKeyConstraint(["user_id"], ["portal.users.id"], name="fk_links_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.UniqueConstraint("token_hash", name="uq_links_token_hash"),
        schema="portal",
    )
    for column in ("task_id", "request_id", "user_id"):
        op.create_index(
            f"ix_links_{column}", "links", [column], schema="portal", postgresql_where=alive
        )
    for function, trigger in (
        (REVOKE_OF_TASK, ON_TASK),
        (REVOKE_OF_REQUEST, ON_REQUEST),
        (REVOKE_OF_PERSON, ON_PERSON),
    ):
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, what in TRIGGERS.items():
        op.execute(f"DROP TRIGGER revoke_links ON portal.{table}")
        op.execute(f"DROP FUNCTION portal.revoke_links_of_{what}()")
    op.drop_table("links", schema="portal")
