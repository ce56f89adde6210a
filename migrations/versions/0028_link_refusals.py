"""Who followed a link that was sent to somebody else; and an absence that is ended revokes links."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

REVOKE_OF_DELEGATION = """
CREATE FUNCTION portal.revoke_links_of_delegation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE portal.links SET revoked_at = clock_timestamp()
    WHERE user_id = NEW.delegate_id AND revoked_at IS NULL AND task_id IN (
        SELECT id FROM portal.tasks
        WHERE assignee_id = NEW.delegate_id AND status = 'OPEN' AND delegation_id = NEW.id
    );
    RETURN NULL;
END $$
"""
ON_DELEGATION = """
CREATE TRIGGER revoke_links AFTER UPDATE OF revoked_at ON portal.delegations
FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
EXECUTE FUNCTION portal.revoke_links_of_delegation()
"""
APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.link_refusals
FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only()
"""


def upgrade() -> None:
    op.create_table(
        "link_refusals",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("link_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ip", postgresql.INET()),
        sa.Column("user_agent", sa.Text()),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["portal.links.id"], name="fk_link_refusals_link_id_links"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["portal.users.id"], name="fk_link_refusals_user_id_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_link_refusals"),
        sa.UniqueConstraint("link_id", "user_id", name="uq_link_refusals_link_id_user_id"),
        schema="portal",
    )
    op.create_index(
        "ix_link_refusals_request_id", "link_refusals", ["request_id", "id"], schema="portal"
    )
    op.execute(APPEND_ONLY)
    op.execute(REVOKE_OF_DELEGATION)
    op.execute(ON_DELEGATION)


def downgrade() -> None:
    op.execute("DROP TRIGGER revoke_links ON portal.delegations")
    op.execute("DROP FUNCTION portal.revoke_links_of_delegation()")
    op.drop_table("link_refusals", schema="portal")
